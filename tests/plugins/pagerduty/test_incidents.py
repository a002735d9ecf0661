"""The simulator's state machine does what PagerDuty does, traps included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from upheld_pagerduty.incidents import Incidents, Reply, Status

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
PAYLOAD = {"summary": "Mail is down", "source": "site", "severity": "critical"}


def an_event(action: str = "trigger", dedup_key: str = "page-7", **more: Any) -> dict[str, Any]:
    body = {"routing_key": KEY, "event_action": action, "dedup_key": dedup_key, **more}
    return {"payload": PAYLOAD, **body} if action == "trigger" else body


@pytest.fixture
def desk() -> Incidents:
    return Incidents(frozenset({KEY}))


def play(desk: Incidents, *actions: str) -> None:
    for minutes, action in enumerate(actions):
        desk.take(an_event(action), NOON + timedelta(minutes=minutes))


def test_a_trigger_opens_an_incident(desk: Incidents) -> None:
    reply = desk.take(an_event(), NOON)
    assert (reply.status, reply.body["dedup_key"]) == (202, "page-7")
    (incident,) = desk.incidents
    assert (incident.summary, incident.status, incident.opened) == (
        "Mail is down",
        Status.TRIGGERED,
        NOON,
    )


def test_a_trigger_on_an_open_key_appends(desk: Incidents) -> None:
    play(desk, "trigger", "trigger")
    (incident,) = desk.incidents
    assert [action for _, action in incident.log] == ["trigger", "trigger"]


def test_a_trigger_on_an_acknowledged_incident_leaves_it_acknowledged(desk: Incidents) -> None:
    play(desk, "trigger", "acknowledge", "trigger")
    assert [incident.status for incident in desk.incidents] == [Status.ACKNOWLEDGED]


def test_after_a_resolve_the_same_key_opens_a_new_incident(desk: Incidents) -> None:
    play(desk, "trigger", "resolve", "trigger")
    assert [i.status for i in desk.incidents] == [Status.RESOLVED, Status.TRIGGERED]


def test_a_resolve_before_its_trigger_leaves_an_open_incident(desk: Incidents) -> None:
    play(desk, "resolve", "trigger")
    assert [incident.open for incident in desk.incidents] == [True]
    assert [event.dropped for event in desk.received] == [True, False]


def test_acknowledging_what_is_resolved_has_no_effect(desk: Incidents) -> None:
    play(desk, "trigger", "resolve", "acknowledge")
    assert [incident.status for incident in desk.incidents] == [Status.RESOLVED]


def test_an_unknown_key_is_accepted_and_dropped(desk: Incidents) -> None:
    reply = desk.take(an_event(routing_key=OTHER), NOON)
    assert (reply.status, desk.incidents) == (202, [])
    assert [event.dropped for event in desk.received] == [True]


def test_the_log_holds_instants(desk: Incidents) -> None:
    play(desk, "trigger", "acknowledge", "resolve")
    times = [at for at, _ in desk.incidents[0].log]
    assert times == [NOON, NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)]


def burst(desk: Incidents, count: int, at: datetime = NOON) -> Reply:
    for number in range(count - 1):
        desk.take(an_event(dedup_key=f"page-{number}"), at)
    return desk.take(an_event(), at)


def test_120_events_a_minute_are_taken(desk: Incidents) -> None:
    assert burst(desk, 120).status == 202


def test_the_next_one_is_throttled_and_has_no_effect(desk: Incidents) -> None:
    reply = burst(desk, 121)
    assert (reply.status, reply.retry_after) == (429, 30)
    assert len(desk.received) == 120


def test_the_window_slides(desk: Incidents) -> None:
    burst(desk, 121)
    assert desk.take(an_event(), NOON + timedelta(seconds=60)).status == 202


def test_every_key_has_its_own_window(desk: Incidents) -> None:
    burst(desk, 121)
    assert desk.take(an_event(routing_key=OTHER), NOON).status == 202


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"routing_key": "short"}, "routing_key"),
        ({"event_action": "page"}, "event_action"),
        ({"payload": None}, "'payload' is missing"),
        ({"payload": {**PAYLOAD, "source": ""}}, "payload.source"),
        ({"payload": {**PAYLOAD, "severity": "high"}}, "payload.severity"),
        ({"payload": {**PAYLOAD, "summary": "x" * 1025}}, "payload.summary"),
        ({"dedup_key": "x" * 256}, "dedup_key"),
    ],
)
def test_a_wrong_event_is_refused(desk: Incidents, wrong: dict[str, Any], error: str) -> None:
    reply = desk.take(an_event() | wrong, NOON)
    assert reply.status == 400
    assert error in reply.body["errors"][0]
    assert desk.received == []


def test_an_event_that_is_no_object(desk: Incidents) -> None:
    assert desk.take([], NOON).status == 400


def test_an_acknowledgement_needs_a_key(desk: Incidents) -> None:
    assert desk.take(an_event("acknowledge", dedup_key=""), NOON).status == 400


def test_a_trigger_without_a_key_gets_one(desk: Incidents) -> None:
    reply = desk.take(an_event(dedup_key=""), NOON)
    assert reply.body["dedup_key"] == desk.incidents[0].dedup_key != ""
