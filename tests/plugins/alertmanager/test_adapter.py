"""Who may tell, what is answered, what goes to quarantine; and what can be set."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from tests.plugins.alertmanager.conftest import DOWN, NOON, SECRET, URL, configured, posted
from upheld.plugin import Auth, Level, Reading, Refused
from upheld.testing import ScratchContext
from upheld_alertmanager.adapter import Alertmanager
from upheld_alertmanager.config import Means
from upheld_alertmanager.simulator import AlertmanagerSimulator


@pytest.fixture
def body(far: AlertmanagerSimulator) -> bytes:
    far.fire(DOWN)
    return far.deliver()


def basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.mark.parametrize(
    "bearing", [f"Bearer {SECRET}", f"bearer {SECRET}", basic("", SECRET), basic("am", SECRET)]
)
def test_a_secret_in_a_header(feed: Alertmanager, body: bytes, bearing: str) -> None:
    received = feed.receive(posted(body, NOON, bearing))
    assert (received.response.status, len(received.items)) == (200, 1)


def test_a_secret_in_the_path(feed: Alertmanager, body: bytes) -> None:
    request = replace(posted(body, NOON, None), url=f"{URL}/{SECRET}")
    assert feed.receive(request).response.status == 200


def test_two_secrets_while_one_is_replaced(context: ScratchContext, body: bytes) -> None:
    feed = Alertmanager(configured(secrets=["another-secret-here", SECRET]), context)
    assert feed.receive(posted(body, NOON)).items
    assert feed.receive(posted(body, NOON, "Bearer another-secret-here")).items


@pytest.mark.parametrize(
    "bearing",
    [None, "", "Bearer", "Bearer ", f"Bearer {SECRET}x", f"Bearer {SECRET[:-1]}", "Bearer é",
     basic(SECRET, ""), basic(SECRET, "x"), "Basic !!!", "Basic /w==", f"Digest {SECRET}"],
)  # fmt: skip
def test_no_secret_of_ours(feed: Alertmanager, body: bytes, bearing: str | None) -> None:
    with pytest.raises(Auth) as caught:
        feed.receive(posted(body, NOON, bearing))
    assert SECRET not in str(caught.value) + caught.value.do_next


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": "3"}, "version"),
        ({"version": 4}, "version"),
        ({"alerts": None}, "alerts"),
        ({"alerts": [{}] * 5001}, "alerts"),
        ({"truncatedAlerts": -1}, "truncatedAlerts"),
        ({"groupLabels": []}, "groupLabels"),
    ],
)
def test_another_body_is_refused_and_kept(
    feed: Alertmanager, body: bytes, change: dict[str, Any], told: str
) -> None:
    changed = json.dumps(json.loads(body) | change).encode()
    received = feed.receive(posted(changed, NOON))
    (refused,) = received.items
    assert isinstance(refused, Refused)
    assert (received.response.status, refused.raw) == (400, changed)
    assert f"it is no webhook of Alertmanager's, version 4: {told}" in refused.reason
    assert told.encode() in received.response.body


@pytest.mark.parametrize("rubbish", [b"", b"\xff", b"{", b"[" * 100_000, b"9" * 10_000])
def test_no_json_is_refused_and_kept(feed: Alertmanager, rubbish: bytes) -> None:
    received = feed.receive(posted(rubbish, NOON))
    assert (received.response.status, len(received.items)) == (400, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "pending"},
        {"startsAt": "noon"},
        {"startsAt": "2026-12-01T12:00:00"},
        {"startsAt": "9999-12-31T23:59:59-23:00"},
        {"labels": {"monitor": 7}},
        {"labels": None},
        {"fingerprint": "../../etc"},
    ],
)
def test_one_alert_that_cannot_be_read_holds_up_no_other(
    feed: Alertmanager, body: bytes, change: dict[str, Any]
) -> None:
    whole = json.loads(body)
    whole["alerts"].insert(0, whole["alerts"][0] | change)
    received = feed.receive(posted(json.dumps(whole).encode(), NOON))
    assert received.response.status == 200
    refused, reading = received.items
    assert isinstance(refused, Refused)
    assert isinstance(reading, Reading)
    assert refused.reason.startswith("it can't be read: ")


def test_the_same_refusal_twice_has_one_id(feed: Alertmanager, far: AlertmanagerSimulator) -> None:
    lost = {"alertname": "Lost", "severity": "critical"}
    ids = set()
    for _ in range(2):
        far.fire(lost)
        (refused,) = feed.receive(posted(far.deliver(), NOON)).items
        assert isinstance(refused, Refused)
        ids.add(refused.id)
    assert len(ids) == 1


def test_check_says_where_to_send_to(feed: Alertmanager, context: ScratchContext) -> None:
    (alone,) = feed.check()
    context.public_url = "https://upheld.example/in/"
    (outside,) = feed.check()
    assert (alone.level, outside.level) == (Level.WARNING, Level.OK)
    assert outside.what.endswith("https://upheld.example/in/hooks/prometheus")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"secrets": "short"}, "16 characters"),
        ({"secrets": []}, "at least 1 item"),
        ({"monitor": "acme-mail"}, "must name labels in braces"),
        ({"monitor": "{monitor}/{}"}, "must name labels in braces"),
        ({"monitor": ["{monitor}", "{in stance}"]}, "must name labels in braces"),
        ({"states": {"critical": "up"}}, "'down', 'degraded' or 'nothing'"),
        ({"otherwise": "lost"}, "'down', 'degraded' or 'nothing'"),
    ],
)
def test_what_cannot_be_set(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        configured(**changed)


def test_states_of_ones_own_replace_all(context: ScratchContext, body: bytes) -> None:
    config = configured(states={"critical": "degraded"}, otherwise="nothing")
    assert (config.states, config.otherwise) == ({"critical": Means.DEGRADED}, Means.NOTHING)
    (reading,) = Alertmanager(config, context).receive(posted(body, NOON)).items
    assert isinstance(reading, Reading)
    assert reading.state == "degraded"
