"""Webhooks v3: what is signed is taken, what is not is refused, and nothing signed is ever answered 4xx."""

from __future__ import annotations

import hmac
import json
import time
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.pagerduty.conftest import NOON, on_desk
from upheld.plugin import (
    Ability,
    Actor,
    Auth,
    Delivery,
    Misconfigured,
    Receipt,
    Refused,
    Request,
    Side,
)
from upheld.testing import ScratchContext
from upheld_pagerduty.hooks import received, signed
from upheld_pagerduty.restapi import USER

SECRET, NEXT = "first-secret", "second-secret"
ANN = {"id": "PANN001", "type": "user_reference", "summary": "Ann Reyes"}


def event(kind: str = "incident.acknowledged", **changed: Any) -> dict[str, Any]:
    data = {"id": "Q1", "number": 7, "incident_key": "page-7", "assignees": [ANN]}
    return {
        "id": "E1",
        "event_type": kind,
        "occurred_at": "2026-12-01T11:59:00.000Z",
        "agent": ANN,
        "data": data,
        **changed,
    }


def sign(body: bytes, *secrets: str) -> str:
    made = (hmac.new(each.encode(), body, sha256).hexdigest() for each in secrets)
    return ",".join(f"v1={each}" for each in made)


def request(body: bytes, signature: str) -> Request:
    headers = (("X-PagerDuty-Signature", signature), ("X-Webhook-Id", "W1"))
    return Request("POST", "https://desk.example/hooks/pager", (), headers, body, NOON)


def told(written: Any, ours: str | None = USER) -> tuple[int, tuple[Any, ...]]:
    """The status of the answer to a signed event, and what it brings."""
    body = json.dumps({"event": written}).encode()
    found = received(request(body, sign(body, SECRET)), [SECRET], ours)
    return found.response.status, found.items


def test_it_bears_the_name_under_which_it_is_sent_again() -> None:
    body = json.dumps({"event": event()}).encode()
    sent = request(body, sign(body, SECRET))
    assert received(sent, [SECRET], USER).once == "W1"
    nameless = replace(sent, headers=sent.headers[:1])
    assert received(nameless, [SECRET], USER).once == ""


# --- what it says ---------------------------------------------------------------------------------


def test_an_acknowledgement_names_who_has_it() -> None:
    at = NOON - timedelta(minutes=1)
    who = Actor("PANN001", "Ann Reyes", ("PANN001", "user:PANN001"), Side.STAFF)
    said = "incident 7, assigned to Ann Reyes"
    receipt = Receipt(None, "page-7", Delivery.ACKNOWLEDGED, at, who, said)
    assert told(event()) == (202, (receipt,))


@pytest.mark.parametrize(
    ("kind", "state"),
    [("incident.triggered", Delivery.DELIVERED), ("incident.resolved", Delivery.RESOLVED)],
)
def test_what_is_opened_or_resolved_there_is_told(kind: str, state: Delivery) -> None:
    _, (receipt,) = told(event(kind))
    assert (receipt.state, receipt.handle) == (state, "page-7")


def test_an_incident_that_pages_nobody_is_not_delivered() -> None:
    data = {**event()["data"], "assignees": []}
    assert told(event("incident.triggered", data=data)) == (202, ())


@pytest.mark.parametrize(
    "agent",
    [
        {"id": USER, "type": "user_reference"},
        {"id": "PSERVICE1", "type": "service_reference"},
        None,
    ],
)
def test_what_we_did_ourselves_is_nobodys_answer(agent: Any) -> None:
    assert told(event(agent=agent)) == (202, ())


@pytest.mark.parametrize(
    "written",
    [
        event("pagey.ping"),
        event("incident.annotated"),
        event("incident.a_word_of_next_year"),
        event(data={"id": "Q1", "incident_key": None}),
        event(data=None),
    ],
)
def test_what_says_nothing_of_a_page_is_taken_all_the_same(written: Any) -> None:
    assert told(written) == (202, ())


@pytest.mark.parametrize(
    "written", [None, [], "x", event(occurred_at="yesterday"), event(data=[1])]
)
def test_what_can_not_be_read_is_kept_and_never_answered_4xx(written: Any) -> None:
    status, (refused,) = told(written)
    assert status == 202
    assert isinstance(refused, Refused)
    assert refused.id == "webhook W1"


def test_nothing_happens_later_than_it_is_told() -> None:
    _, (receipt,) = told(event(occurred_at="2027-01-01T00:00:00Z"))
    assert receipt.at == NOON


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda each: st.dictionaries(st.text(), each)
    )
)
def test_whatever_is_signed_is_taken(written: Any) -> None:
    assert told(written)[0] == 202


# --- signatures -----------------------------------------------------------------------------------

BODY = b'{"event": {}}'


@pytest.mark.parametrize(
    "secrets", [[SECRET], [SECRET, NEXT], [NEXT, SECRET]], ids=["one", "old first", "new first"]
)
def test_while_a_secret_is_replaced_either_fits(secrets: list[str]) -> None:
    assert signed(sign(BODY, SECRET), secrets, BODY)
    assert signed(sign(BODY, SECRET, NEXT), secrets, BODY)
    assert signed(sign(BODY, "third", SECRET), secrets, BODY)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=",
        sign(BODY, NEXT),
        sign(BODY + b" ", SECRET),
        sign(BODY, SECRET).replace("v1=", "v0="),
        sign(BODY, SECRET).removeprefix("v1="),
        sign(BODY, SECRET).upper(),
        "v1=é",
        "v1=" + "0" * 100_000,
    ],
)
def test_what_is_not_signed_is_refused(header: str) -> None:
    with pytest.raises(Auth, match="no signature"):
        received(request(BODY, header), [SECRET], None)


@given(st.text(), st.binary(max_size=50))
def test_no_other_header_passes(header: str, body: bytes) -> None:
    assert not signed(header, [SECRET], body) or sign(body, SECRET) in header


def test_an_empty_secret_list_takes_nothing() -> None:
    assert not signed(sign(BODY, ""), [], BODY)


# --- the connection -------------------------------------------------------------------------------


def test_without_a_secret_it_takes_no_webhooks(context: ScratchContext) -> None:
    desk = on_desk(context, "http://127.0.0.1:1")
    assert Ability.RECEIVE not in desk.abilities_with(desk.config)
    with pytest.raises(Misconfigured, match="no secret"):
        desk.receive(request(BODY, sign(BODY, SECRET)))


def test_it_is_answered_within_five_seconds_and_without_any_network(
    context: ScratchContext,
) -> None:
    desk = on_desk(context, "http://127.0.0.1:1", webhook_secrets=[SECRET, NEXT])
    body = json.dumps({"event": event(), "padding": "x" * 2_000_000}).encode()
    began = time.monotonic()
    found = desk.receive(request(body, sign(body, NEXT)))
    assert time.monotonic() - began < 5
    assert (found.response.status, len(found.items)) == (202, 1)
    assert Ability.RECEIVE in desk.abilities_with(desk.config)


def test_no_secret_stands_in_an_error(context: ScratchContext) -> None:
    desk = on_desk(context, "http://127.0.0.1:1", webhook_secrets=SECRET)
    with pytest.raises(Auth) as refused:
        desk.receive(replace(request(BODY, "v1=0"), query=(("a", "b"),)))
    assert SECRET not in f"{refused.value!r} {refused.value} {desk.config!r}"
