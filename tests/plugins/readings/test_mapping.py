"""Items as readings: monitors, states, instants and what else they say."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.pages import fences
from tests.plugins.readings.conftest import NOON, Made, configured, posted
from tests.repository import DOCS
from upheld.plugin import Health, Reading, Refused
from upheld_readings.adapter import Readings
from upheld_readings.mapping import Unfit, instant, read

PAGE = DOCS / "plugins" / "readings.md"


def on_page(name: str) -> dict[str, Any]:
    """The settings of an example of our page."""
    for text in fences(PAGE, "yaml"):
        found = YAML(typ="safe").load(text)["connections"].get(name)
        if found:
            return {key: each for key, each in found.items() if key not in {"plugin", "secrets"}}
    raise LookupError(name)


def only(feed: Readings, body: object) -> Reading:
    (reading,) = feed.receive(posted(body)).items
    assert isinstance(reading, Reading)
    return reading


def why(feed: Readings, body: object) -> str:
    received = feed.receive(posted(body))
    (refused,) = received.items
    assert isinstance(refused, Refused)
    assert received.response.status == 422
    assert refused.reason in received.response.body.decode()
    return refused.reason


ITEM = {"monitor": "acme-mail", "state": "down", "at": "2026-12-01T11:58:00Z"}


def test_everything_that_an_item_can_say(made: Made) -> None:
    whole = ITEM | {"detail": "connection refused", "latency": 12.5, "version": "14.2"}
    assert only(made(), whole) == Reading(
        "acme-mail",
        Health.DOWN,
        datetime(2026, 12, 1, 11, 58, tzinfo=UTC),
        timedelta(milliseconds=12.5),
        "connection refused",
        "14.2",
    )


def test_the_least_that_it_must(made: Made) -> None:
    assert only(made(), {"monitor": "acme-mail", "state": "UP "}) == Reading(
        "acme-mail", Health.UP, NOON
    )


# --- examples of our page -------------------------------------------------------------------------


def kuma(status: int) -> dict[str, Any]:
    """The webhook of Uptime Kuma, as others have recorded it."""
    heartbeat = {
        "monitorID": 29,
        "status": status,
        "time": "2026-12-01 11:58:35.527",
        "msg": "getaddrinfo ENOTFOUND mail.acme.example",
        "important": True,
        "duration": 0,
        "ping": None,
        "timezone": "America/Los_Angeles",
        "localDateTime": "2026-12-01 03:58:35",
    }
    monitor = {"id": 29, "name": "acme-mail", "url": "https://mail.acme.example"}
    return {"heartbeat": heartbeat, "monitor": monitor, "msg": "[acme-mail] Down"}


def test_uptime_kuma(made: Made) -> None:
    feed = made(**on_page("kuma"))
    assert only(feed, kuma(0)) == Reading(
        "acme-mail",
        Health.DOWN,
        datetime(2026, 12, 1, 11, 58, 35, 527000, tzinfo=UTC),
        detail="getaddrinfo ENOTFOUND mail.acme.example",
    )
    assert only(feed, kuma(1)).state is Health.UP
    assert [feed.receive(posted(kuma(status))).items for status in (2, 3)] == [(), ()]


def test_its_test_message_is_no_reading(made: Made) -> None:
    body = {"heartbeat": None, "monitor": None, "msg": "Uptime Kuma Test"}
    assert why(made(**on_page("kuma")), body) == "no state: there is none at @.heartbeat.status"


def test_a_list_with_a_host_for_all(made: Made) -> None:
    checks = [{"name": "mail", "ok": True, "seconds": 0.25}, {"name": "web", "ok": False}]
    body = {"host": "acme", "sent": 1796126280, "checks": checks}
    at = datetime.fromtimestamp(1796126280, UTC)
    assert at < NOON
    received = made(**on_page("hosts")).receive(posted(body))
    assert received.items == (
        Reading("acme/mail", Health.UP, at, timedelta(milliseconds=250)),
        Reading("acme/web", Health.DOWN, at),
    )


# --- what does not fit ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({}, "no state: there is none at @.state"),
        ({"state": "down"}, "no monitor: there is no name at @.monitor"),
        ({"state": "down", "monitor": " "}, "no monitor"),
        ({"state": "down", "monitor": {"id": 1}}, "no monitor"),
        ({"state": "down", "monitor": True}, "no monitor"),
        (ITEM | {"state": "sideways"}, "no state: `states` does not know 'sideways'"),
        (ITEM | {"state": 0}, "no state: `states` does not know '0'"),
        (ITEM | {"state": ["down"]}, "no state: what is at @.state is no value"),
        (ITEM | {"at": "noon"}, "'noon' is no instant"),
        (ITEM | {"at": "2026-12-01T12:00:00"}, "an instant without its zone: set `zone`"),
        (ITEM | {"at": [1]}, "'[1]' is no instant"),
        (ITEM | {"at": True}, "'True' is no instant"),
        (ITEM | {"at": 1e300}, "is no instant"),
        (ITEM | {"at": "0001-01-01T00:00:00+05:00"}, "is no instant"),
        ("down", "no state"),
        (None, "no state"),
    ],
)
def test_what_does_not_fit_says_why(made: Made, item: object, told: str) -> None:
    assert told in why(made(), item)


def test_a_body_without_its_list(made: Made) -> None:
    assert why(made(items="$.checks"), {"check": []}) == "there is no list at $.checks"
    assert "5001 items" in why(made(), [{}] * 5001)


def test_what_is_in_no_list_of_states(made: Made) -> None:
    lenient = made(states={"ok": "up"}, otherwise="degraded")
    states = [only(lenient, {"monitor": "m", "state": each}).state for each in ("OK", "no", None)]
    assert states == [Health.UP, Health.DEGRADED, Health.DEGRADED]


@pytest.mark.parametrize(
    ("states", "value"),
    [
        ({True: "up"}, True),
        ({1: "up"}, 1),
        ({"1": "up"}, 1),
        ({1.5: "up"}, 1.5),
        ({"Ok": "up"}, "oK"),
    ],
)
def test_values_of_yaml_are_those_of_json(made: Made, states: Any, value: object) -> None:
    assert only(made(states=states), {"monitor": "m", "state": value}).state is Health.UP


def test_one_that_is_truth_is_not_one_that_is_a_number(made: Made) -> None:
    assert "does not know 'true'" in why(made(states={1: "up"}), {"monitor": "m", "state": True})


# --- instants ---------------------------------------------------------------------------------------

AT = datetime(2026, 12, 1, 11, 58, 0, 250000, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        "2026-12-01T11:58:00.25Z",
        "2026-12-01 06:58:00.250-05:00",
        "20261201T115800.25Z",
        1796126280.25,
        1796126280250,
        1796126280250000,
        1796126280250000000,
        "1796126280.25",
    ],
)
def test_instants_as_senders_write_them(told: object) -> None:
    assert abs(instant(told, None) - AT) < timedelta(microseconds=300)


def test_an_instant_in_a_zone() -> None:
    assert instant("2026-12-01 12:58:00.25", "Europe/Berlin") == AT
    assert instant("2026-12-01T11:58:00.25Z", "Europe/Berlin") == AT


DAYS = st.timedeltas(timedelta(days=-15_000), timedelta(days=20_000))


@given(DAYS.map(lambda days: NOON + days))
def test_every_instant_comes_back(at: datetime) -> None:
    whole = at.replace(microsecond=0)
    assert instant(at.isoformat(), None) == at
    assert instant(int(whole.timestamp()), None) == whole
    assert instant(int(whole.timestamp()) * 1000, None) == whole


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_whatever_stands_there_is_an_instant_or_unfit(told: Any) -> None:
    with suppress(Unfit):
        assert instant(told, "UTC").utcoffset() == timedelta(0)


def test_a_clock_that_is_ahead_hides_nothing(made: Made) -> None:
    assert only(made(), ITEM | {"at": "2027-01-01T00:00:00Z"}).at == NOON


# --- the rest ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latency", "taken"),
    [
        (0, timedelta(0)),
        ("12", timedelta(milliseconds=12)),
        (-1, None),
        (None, None),
        ("fast", None),
        (True, None),
        (1e9, None),
        (86_400_000, timedelta(days=1)),
        ([12], None),
    ],
)
def test_a_latency_that_cannot_be_is_left_out(
    made: Made, latency: object, taken: timedelta | None
) -> None:
    assert only(made(), ITEM | {"latency": latency}).latency == taken


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ({"error": "e", "note": "n"}, "e"),
        ({"error": "", "note": "n"}, "n"),
        ({"error": None}, ""),
        ({"note": {"code": 7}}, '{"code": 7}'),
        ({"note": "a\nb\x1b[2J"}, "a b[2J"),
    ],
)
def test_the_first_detail_that_says_something(
    made: Made, more: dict[str, Any], detail: str
) -> None:
    assert only(made(detail=["@.error", "@.note"]), ITEM | more).detail == detail


@pytest.mark.parametrize(
    ("version", "taken"), [("14.2", "14.2"), (14, "14"), ("", None), (None, None), ([1], "[1]")]
)
def test_a_version(made: Made, version: object, taken: str | None) -> None:
    assert only(made(), ITEM | {"version": version}).version == taken


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(["monitor", "state", "at", "latency", "detail", "version"])


@given(st.dictionaries(KEYS, JSON | st.sampled_from(["up", "down", 1796126280])))
def test_whatever_an_item_says_it_is_read_or_refused(item: dict[str, Any]) -> None:
    said = {"monitor": "m", "state": "up"} | item
    found = read(said, said, configured(), posted({}))
    assert isinstance(found, Reading | Refused)
    if isinstance(found, Reading):
        assert found.at <= NOON
        assert found.monitor
