"""The clock of a target: from its start to its verdict, through pauses, severities and reopenings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.engine.scene import BOT, OPENED, Case, at, terms
from upheld.calendar.instant import DAY, HOUR, MINUTE
from upheld.case.clock import ClockRun, ClockState
from upheld.case.events import (
    Body,
    CallLogged,
    Closed,
    CustomerMessage,
    Flagged,
    Held,
    Noted,
    PlanChanged,
    Proposed,
    PublicReply,
    Released,
    Reopened,
    Resolved,
    SeveritySet,
    Triaged,
    VerdictGiven,
    WaitingOn,
    Worked,
)
from upheld.engine.case import why_no_clock
from upheld.policy.model import Target

RESPONSE = "target: first_response, within: 4 hours"
REPLY = PublicReply("hello")
WAIT = WaitingOn("customer")


def case_of(*rules: str) -> Case:
    return Case(terms(*rules))


def states(run: ClockRun) -> list[tuple[str, float]]:
    """(state, hours since the start) of each segment."""
    return [(each.state.value, (each.begins - at()) / HOUR) for each in run.segments]


def test_it_runs_from_the_opening_and_is_due_when_the_time_is_full() -> None:
    run = case_of(RESPONSE).clock(at(1))
    assert (run.state, run.started, run.due) == (ClockState.RUNNING, at(), at(4))
    assert (run.key, run.target, run.cycle) == ("A-1/A-1/clock/1", "first_response", 1)
    assert (run.spent, run.within, run.calendar) == (1 * HOUR, 4 * HOUR, "always")


@pytest.mark.parametrize("answer", [REPLY, CallLogged("spoke")])
def test_met_by_an_answer_of_staff(answer: Body) -> None:
    case = case_of(RESPONSE)
    case.happens(answer, at(3))
    run = case.clock(at(9))
    assert (run.state, run.met_at, run.due, run.spent) == (ClockState.MET, at(3), at(4), 3 * HOUR)
    assert states(run) == [("running", 0), ("met", 3)]
    (verdict,) = case.bodies(VerdictGiven)
    assert (verdict.verdict, verdict.due, verdict.met_at) == ("met", at(4), at(3))


@pytest.mark.parametrize("what", [Worked(), Noted("…"), Resolved(), Triaged(2)])
def test_not_met_by_anything_else(what: Body) -> None:
    case = case_of(RESPONSE)
    case.happens(what, at(3))
    assert case.clock(at(3)).state is ClockState.RUNNING


def test_a_bots_reply_meets_nothing() -> None:
    case = case_of(RESPONSE)
    case.happens(REPLY, at(3), by=BOT)
    case.until(at(5))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}


def test_the_policy_says_what_meets_a_target() -> None:
    case = case_of("target: mitigation, within: 4 hours, met_by: [workaround, resolved]")
    case.happens(REPLY, at(1))
    assert case.clock(at(1)).state is ClockState.RUNNING
    case.happens(Resolved("workaround"), at(2))
    assert case.clock(at(2)).state is ClockState.MET


def test_answered_at_the_very_end_is_met_and_a_microsecond_later_missed() -> None:
    for late, verdict in ((0, "met"), (1, "missed")):
        case = case_of(RESPONSE)
        case.happens(REPLY, at(4) + late)
        assert case.verdicts() == {"A-1/A-1/clock/1": verdict}


def test_missed_once_the_time_is_over_and_an_answer_does_not_undo_it() -> None:
    case = case_of(RESPONSE)
    assert case.decision.wake_at == at(4)
    case.until(at(5))
    assert case.state(at(5)).missed == {"first_response"}
    case.happens(REPLY, at(6))
    run = case.clock(at(7))
    assert (run.state, run.due, run.met_at, run.spent) == (
        ClockState.MISSED,
        at(4),
        at(6),
        6 * HOUR,
    )
    (verdict,) = case.bodies(VerdictGiven)
    assert (verdict.verdict, verdict.due, verdict.met_at) == ("missed", at(4), None)


# --- when it starts -------------------------------------------------------------------------------


def test_until_triage_the_proposed_severity_acts_from_the_opening() -> None:
    case = case_of(f"{RESPONSE}, for: {{severity: 2}}")
    assert case.life(at()).clocks == ()
    assert why_no_clock(case.life(at())) == "no target is promised for it"
    case.happens(Proposed(2), at())
    assert case.clock(at(1)).due == at(4)
    case.happens(Triaged(2), at(2))
    assert case.clock(at(3)).due == at(4)


@pytest.mark.parametrize(
    ("starts", "begins"),
    [
        ("opened", None),
        ("triaged", Triaged(2)),
        ("severity_set", SeveritySet(2)),
        ("{plan: premier}", PlanChanged("premier")),
    ],
)
def test_it_starts_when_the_policy_says(starts: str, begins: Body | None) -> None:
    case = case_of(f"{RESPONSE}, starts: {starts}")
    if begins is None:
        assert case.clock(at(1)).started == at()
        return
    assert case.life(at(1)).clocks == ()
    case.happens(begins, at(1))
    run = case.clock(at(2))
    assert (run.started, run.due) == (at(1), at(5))


def test_what_was_done_before_it_started_does_not_meet_it() -> None:
    case = case_of(f"{RESPONSE}, starts: triaged")
    case.happens(REPLY, at(1))
    case.happens(Triaged(2), at(2))
    assert case.clock(at(2)).state is ClockState.RUNNING


# --- pauses ---------------------------------------------------------------------------------------

PAUSED = f"{RESPONSE}, pause_while: {{waiting: customer}}"


def test_time_stands_while_it_is_paused() -> None:
    case = case_of(PAUSED)
    case.happens(WAIT, at(1))
    run = case.clock(at(3))
    assert (run.state, run.due, run.spent) == (ClockState.PAUSED, None, 1 * HOUR)
    assert why_no_clock(case.life(at(3))) == "its clock is paused: waiting customer"
    case.happens(CustomerMessage("here it is"), at(5))
    run = case.clock(at(6))
    assert (run.state, run.due, run.spent) == (ClockState.RUNNING, at(8), 2 * HOUR)
    assert states(run) == [("running", 0), ("paused", 1), ("running", 5)]


def test_after_a_pause_it_is_not_missed_at_its_first_due_time_but_at_its_last() -> None:
    case = case_of(PAUSED)
    case.happens(WAIT, at(1))
    case.happens(CustomerMessage("here it is"), at(2))
    case.until(at(4.5))
    assert case.verdicts() == {}
    assert case.decision.wake_at == at(5)
    case.until(at(5))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}


def test_met_while_it_is_paused_is_met() -> None:
    case = case_of(PAUSED)
    case.happens(WAIT, at(1))
    case.happens(REPLY, at(9))
    run = case.clock(at(10))
    assert (run.state, run.met_at, run.spent, run.due) == (
        ClockState.MET,
        at(9),
        1 * HOUR,
        at(12),
    )
    assert case.verdicts() == {"A-1/A-1/clock/1": "met"}


def test_missed_and_then_paused_keeps_its_verdict_and_its_due_time() -> None:
    case = case_of(PAUSED)
    case.happens(WAIT, at(5))  # nobody looked at the case in between
    run = case.clock(at(6))
    assert (run.state, run.due) == (ClockState.MISSED, at(4))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}


def test_a_clock_that_was_met_does_not_count_on() -> None:
    case = case_of(PAUSED)
    case.happens(REPLY, at(1))
    case.happens(WAIT, at(2))
    case.happens(CustomerMessage("?"), at(3))
    run = case.clock(at(9))
    assert (run.spent, states(run)) == (1 * HOUR, [("running", 0), ("met", 1)])


def test_a_hold_pauses_until_its_instant_or_until_released() -> None:
    rule = f"{RESPONSE}, pause_while: {{flag: held}}"
    case = case_of(rule)
    case.happens(Held("agreed with Pat", at(6)), at(1))
    assert why_no_clock(case.life(at(2))) == "its clock is paused: held, agreed with Pat"
    assert case.decision.wake_at == at(6)
    case.until(at(6))
    assert case.clock(at(6)).due == at(9)
    case.happens(Held("again"), at(7))
    assert why_no_clock(case.life(at(7))) == "its clock is paused: held, again"
    case.happens(Released(), at(8))
    assert case.clock(at(8)).due == at(10)


def test_a_hold_that_is_prolonged_ends_at_its_last_instant() -> None:
    case = case_of(f"{RESPONSE}, pause_while: {{flag: held}}")
    case.happens(Held("agreed", at(2)), at())
    case.happens(Held("agreed anew", at(3)), at(1))
    assert case.state(at(2.5)).held == "agreed anew"
    assert case.state(at(3)).held is None


# --- calendars ------------------------------------------------------------------------------------

OFFICE = "target: first_response, within: 4 business hours, calendar: office"  # 09:00 to 17:00


def test_business_time_runs_while_the_office_is_open() -> None:
    case = Case(terms(OFFICE), opened_at=at(6))  # Monday, 15:00
    run = case.clock(at(12))
    assert (run.due, run.spent, run.calendar) == (at(26), 2 * HOUR, "office")


def test_full_at_closing_time_is_due_then_and_missed_only_once_it_opens_again() -> None:
    case = Case(terms(OFFICE), opened_at=at(4))  # Monday, 13:00
    assert case.clock(at(5)).due == at(8)
    assert case.decision.wake_at == at(24)  # Tuesday, 09:00
    case.happens(REPLY, at(11))  # 20:00 on Monday: no business time has run since 17:00
    assert case.verdicts() == {"A-1/A-1/clock/1": "met"}


def test_a_business_day_is_the_calendars() -> None:
    rule = "target: resolution, within: 1 business day, calendar: office"
    case = Case(terms(rule), opened_at=at(2))
    run = case.clock(at(3))
    assert (run.within, run.due) == (8 * HOUR, at(26))


def test_a_pause_counts_working_time_only() -> None:
    rule = f"{OFFICE}, pause_while: {{waiting: customer}}"
    case = case_of(rule)
    case.happens(WAIT, at(2))  # Monday, 11:00
    case.happens(CustomerMessage("!"), at(23))  # Tuesday, 08:00
    assert case.clock(at(24)).due == at(26)


# --- severities -----------------------------------------------------------------------------------


def two(**options: str) -> Case:
    """Severity 1 within an hour, severity 2 within four; severity 2 by now."""
    more = "".join(f", {key}: {value}" for key, value in options.items())
    case = case_of(
        f"target: first_response, for: {{severity: 1}}, within: 1 hours{more}",
        f"target: first_response, for: {{severity: 2}}, within: 4 hours{more}",
    )
    case.happens(SeveritySet(2), at())
    return case


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


# --- odds and ends --------------------------------------------------------------------------------


def test_a_day_long_target_over_a_clock_change_counts_real_time() -> None:
    case = Case(terms("target: first_response, within: 24 hours"), opened_at=at(26 * 24))
    assert case.clock(at(27 * 24)).due == at(26 * 24) + DAY


def test_a_target_that_promises_nothing_has_no_clock() -> None:
    rules = terms(RESPONSE, "target: resolution, promises: none")
    assert [clause.id for clause, _ in rules.targets] == ["A-1"]
    assert [run.clause for run in Case(rules).life(at(1)).clocks] == ["A-1"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (Resolved(), "resolved; it waits to be closed"),
        (REPLY, "its target has been judged; it is worked until it is resolved"),
    ],
)
def test_an_open_case_without_a_clock_says_why(change: Body, reason: str) -> None:
    case = case_of(f"{RESPONSE}, pause_while: {{flag: vip}}")
    case.happens(Flagged("vip"), at(1))
    case.happens(change, at(2))
    assert why_no_clock(case.life(at(3))) == reason


def test_a_case_that_is_only_read_says_so() -> None:
    old: Any = replace(OPENED, enforced_from=None)
    case = Case(terms("when: closed, do: [page: chief]"), opened=old)
    reason = "read and reported, not enforced until a person takes it in"
    assert why_no_clock(case.life(at(1))) == reason


def test_minutes_are_minutes() -> None:
    case = case_of("target: first_response, within: 90 minutes")
    assert case.clock(at()).due == at() + 90 * MINUTE
    assert isinstance(case.terms.targets[0][1], Target)
