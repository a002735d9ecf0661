"""A clock that begins again: after a reopening, and by news that comes late."""

from __future__ import annotations

from tests.core.engine.clocks import PAUSED, REPLY, RESPONSE, WAIT, case_of, two
from tests.core.engine.scene import Case, at
from upheld.calendar.instant import HOUR
from upheld.case.clock import ClockState
from upheld.case.events import (
    Closed,
    CustomerMessage,
    Noted,
    Reopened,
    Resolved,
    SeveritySet,
    VerdictGiven,
)

# --- reopened -------------------------------------------------------------------------------------

RESOLUTION = "target: resolution, within: 8 hours"


def test_reopened_is_a_new_cycle_from_then_on() -> None:
    case = case_of(RESOLUTION)
    case.happens(Resolved(), at(3))
    case.happens(Reopened(), at(10))
    first, second = case.life(at(11)).clocks
    assert (first.cycle, first.state, first.met_at) == (1, ClockState.MET, at(3))
    assert (second.cycle, second.state, second.due) == (2, ClockState.RUNNING, at(18))
    case.until(at(20))
    assert case.verdicts() == {"A-1/A-1/clock/1": "met", "A-1/A-1/clock/2": "missed"}


def test_a_cycle_that_was_not_judged_when_it_ended_is_stopped() -> None:
    case = case_of(RESPONSE)
    case.happens(Resolved(), at(1))
    case.happens(Reopened(), at(2))
    first, second = case.life(at(3)).clocks
    assert (first.state, first.due, second.due) == (ClockState.STOPPED, None, at(6))


def test_a_clock_that_never_applied_counts_from_the_reopening_too() -> None:
    case = case_of(f"{RESPONSE}, for: {{severity: 1}}")
    case.happens(SeveritySet(3), at())
    case.happens(Closed(), at(1))
    case.happens(Reopened(), at(900))
    case.happens(SeveritySet(1), at(901))
    assert case.clock(at(901)).due == at(904)


def test_the_policy_can_go_on_where_it_stood() -> None:
    case = case_of(f"{RESOLUTION}, on_reopen: continue")
    case.happens(Resolved(), at(3))
    case.happens(Reopened(), at(10))
    run = case.clock(at(11))
    assert (run.cycle, run.state, run.due, run.met_at) == (1, ClockState.RUNNING, at(15), None)
    assert run.spent == 4 * HOUR
    case.until(at(20))
    given = [(each.verdict, each.corrects) for each in case.bodies(VerdictGiven)]
    assert given == [("met", None), ("withdrawn", "met"), ("missed", "withdrawn")]


def test_going_on_does_not_count_the_time_it_was_closed() -> None:
    case = case_of(f"{RESPONSE}, on_reopen: continue")
    case.happens(Closed(), at(1))
    case.happens(Reopened(), at(900))
    assert case.clock(at(901)).due == at(903)


def test_going_on_leaves_what_was_answered_answered_and_what_was_missed_missed() -> None:
    case = case_of(f"{RESPONSE}, on_reopen: continue", f"{RESOLUTION}, on_reopen: continue")
    case.happens(REPLY, at(1))
    case.happens(Resolved(), at(9))
    case.happens(Reopened(), at(10))
    case.until(at(40))
    assert case.verdicts() == {"A-1/A-1/clock/1": "met", "A-2/A-2/clock/1": "missed"}


def test_a_case_that_is_open_cannot_be_reopened() -> None:
    case = case_of(RESPONSE)
    case.happens(Reopened(), at(1))
    assert (case.clock(at(2)).cycle, case.clock(at(2)).due) == (1, at(4))


# --- corrections ----------------------------------------------------------------------------------


def given(case: Case) -> list[tuple[str, str | None]]:
    return [(each.verdict, each.corrects) for each in case.bodies(VerdictGiven)]


def test_an_answer_heard_of_late_corrects_a_miss() -> None:
    case = case_of(RESPONSE)
    case.until(at(5))
    case.happens(REPLY, at(3), seen=at(5))
    assert given(case) == [("missed", None), ("met", "missed")]


def test_a_pause_heard_of_late_withdraws_a_miss() -> None:
    case = case_of(PAUSED)
    case.until(at(5))
    case.happens(WAIT, at(3), seen=at(5))
    assert given(case) == [("missed", None), ("withdrawn", "missed")]
    assert case.bodies(VerdictGiven)[1].due == at(4)  # as it was thought to be
    assert case.state(at(5)).missed == frozenset()
    case.happens(CustomerMessage("!"), at(6))
    case.until(at(9))
    assert given(case)[2:] == [("missed", "withdrawn")]


def test_a_lowering_heard_of_late_withdraws_a_miss() -> None:
    case = two()
    case.happens(SeveritySet(1), at(minutes=1))
    case.until(at(2))
    case.happens(SeveritySet(2), at(minutes=59), seen=at(2))
    assert given(case) == [("missed", None), ("withdrawn", "missed")]


def test_news_that_changes_no_verdict_gives_none() -> None:
    case = case_of(RESPONSE)
    case.until(at(5))
    case.happens(Noted("…"), at(1), seen=at(6))
    case.happens(REPLY, at(6))
    case.happens(REPLY, at(5), seen=at(7))
    assert given(case) == [("missed", None)]
