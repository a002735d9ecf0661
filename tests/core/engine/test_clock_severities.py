"""A clock under another severity: carried on, begun anew, never erased."""

from __future__ import annotations

from tests.core.engine.clocks import REPLY, RESPONSE, case_of, two
from tests.core.engine.scene import Case, at
from upheld.calendar.instant import HOUR
from upheld.case.clock import ClockRun, ClockState
from upheld.case.events import (
    Closed,
    SeveritySet,
)
from upheld.engine.case import why_no_clock


def by_clause(case: Case, hours: float) -> dict[str, ClockRun]:
    return {run.clause: run for run in case.life(at(hours)).clocks}


def test_a_raised_case_counts_from_the_start() -> None:
    case = two()
    case.happens(SeveritySet(1), at(minutes=30))
    clocks = by_clause(case, 0.5)
    assert (clocks["A-1"].state, clocks["A-1"].due) == (ClockState.RUNNING, at(1))
    assert (clocks["A-2"].state, clocks["A-2"].due) == (ClockState.STOPPED, None)


def test_raised_when_its_time_is_over_it_is_missed_at_once_and_was_due_before() -> None:
    case = two()
    case.happens(SeveritySet(1), at(3))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}
    assert by_clause(case, 3)["A-1"].due == at(1)


def test_the_policy_can_begin_anew_on_a_raise() -> None:
    case = two(on_raise="restart")
    case.happens(SeveritySet(1), at(3))
    assert by_clause(case, 3)["A-1"].due == at(4)


def test_to_begin_anew_on_a_raise_is_not_to_begin_anew_on_a_lowering() -> None:
    case = two(on_raise="restart")
    case.happens(SeveritySet(1), at(2))
    case.happens(SeveritySet(2), at(2, minutes=30))
    assert by_clause(case, 3)["A-2"].due == at(4)
    case = two(on_lower="restart")
    case.happens(SeveritySet(1), at(minutes=15))
    case.happens(SeveritySet(2), at(minutes=30))
    assert by_clause(case, 3)["A-2"].due == at(4, minutes=30)


def test_the_first_severity_is_no_raise() -> None:
    case = case_of(f"{RESPONSE}, for: {{severity: 2}}, on_raise: restart, on_lower: restart")
    case.happens(SeveritySet(2), at(1))
    assert case.clock(at(1)).due == at(4)


def test_a_breach_is_never_erased_by_another_severity() -> None:
    case = two(on_raise="restart")
    case.until(at(5))
    case.happens(SeveritySet(3), at(6))
    case.happens(SeveritySet(2), at(7))
    assert case.verdicts() == {"A-2/A-2/clock/1": "missed"}
    assert by_clause(case, 8)["A-2"].due == at(4)


def test_answered_once_nobody_has_to_answer_again_because_the_severity_changed() -> None:
    case = two()
    case.happens(REPLY, at(minutes=10))
    case.happens(SeveritySet(1), at(30))
    case.until(at(40))
    assert case.verdicts() == {"A-2/A-2/clock/1": "met", "A-1/A-1/clock/1": "met"}


def test_answered_too_late_for_a_severity_that_it_had_only_later_is_no_breach() -> None:
    case = two()
    case.happens(REPLY, at(3))
    case.happens(SeveritySet(1), at(30))
    assert case.verdicts() == {"A-2/A-2/clock/1": "met"}
    assert by_clause(case, 31)["A-1"].state is ClockState.STOPPED


def test_a_closed_case_has_no_clock_that_runs() -> None:
    case = case_of(RESPONSE)
    case.happens(Closed(), at(1))
    run = case.clock(at(9))
    assert (run.state, run.due, run.spent) == (ClockState.STOPPED, None, 1 * HOUR)
    assert (case.decision.wake_at, case.decision.listing.due) == (None, None)
    assert why_no_clock(case.life(at(9))) is None
