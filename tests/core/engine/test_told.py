"""What a clock tells: verdicts dated when they fell, segments, and a life that ends at an instant."""

from __future__ import annotations

from tests.core.engine.scene import Case, at, terms
from upheld.calendar.instant import HOUR, Instant
from upheld.case.clock import ClockState
from upheld.case.events import (
    CustomerMessage,
    PublicReply,
    Reopened,
    Resolved,
    VerdictGiven,
    WaitingOn,
)

RESPONSE = "target: first_response, within: 4 hours"
PAUSED = f"{RESPONSE}, pause_while: {{waiting: customer}}"
RESOLUTION = "target: resolution, within: 8 hours"
REPLY, WAIT = PublicReply("hello"), WaitingOn("customer")


def fell(case: Case) -> list[tuple[Instant, str]]:
    """When each verdict fell."""
    found = ((event.at, event.body) for event in case.follows)
    return [(when, body.verdict) for when, body in found if isinstance(body, VerdictGiven)]


def test_a_verdict_is_dated_when_it_fell() -> None:
    case = Case(terms(RESPONSE))
    case.happens(REPLY, at(1))
    assert fell(case) == [(at(1), "met")]
    assert case.bodies(VerdictGiven)[0].due == at(4)
    case = Case(terms(PAUSED))
    case.until(at(5))
    case.happens(WAIT, at(1), seen=at(6))
    case.happens(REPLY, at(3), seen=at(7))
    assert fell(case) == [(at(4), "missed"), (at(6), "withdrawn"), (at(3), "met")]


def test_a_life_until_an_instant_knows_nothing_of_later() -> None:
    case = Case(terms(RESPONSE))
    case.happens(REPLY, at(2))
    before = case.life(at(2) - 1)
    assert (before.state.worked_at, before.clocks[0].state) == (None, ClockState.RUNNING)
    assert case.life(at(2)).clocks[0].state is ClockState.MET
    assert case.life(at() - 1).state.opened_at == at()  # without its opening there is none


def test_a_new_cycle_has_not_missed_yet() -> None:
    case = Case(terms(RESOLUTION, "when: {missed: resolution}, do: [page: chief]"))
    case.until(at(9))
    case.happens(Resolved(), at(9))
    assert case.state(at(9)).missed == {"resolution"}
    case.happens(Reopened(), at(10))
    assert case.state(at(10)).missed == frozenset()
    case.until(at(20))
    assert [due for due, _ in case.results("A-2")] == [at(8), at(18)]


def test_segments_tell_what_counted_and_when_they_ended() -> None:
    case = Case(terms(PAUSED))
    case.happens(WAIT, at(1))
    case.happens(CustomerMessage("here it is"), at(3))
    run = case.clock(at(3.5))
    assert [(s.ends, s.elapsed) for s in run.segments] == [
        (at(1), (HOUR,)),
        (at(3), (0,)),
        (None, (HOUR // 2,)),
    ]
