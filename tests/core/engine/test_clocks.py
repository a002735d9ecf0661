"""The clock of a target: from its start to its verdict, through pauses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.engine.clocks import PAUSED, REPLY, RESPONSE, WAIT, case_of, states
from tests.core.engine.scene import BOT, OPENED, Case, at, terms
from upheld.calendar.instant import DAY, HOUR, MINUTE
from upheld.case.clock import ClockState
from upheld.case.events import (
    Body,
    CallLogged,
    CustomerMessage,
    Flagged,
    Held,
    Noted,
    PlanChanged,
    Proposed,
    Released,
    Resolved,
    SeveritySet,
    Triaged,
    VerdictGiven,
    Worked,
)
from upheld.engine.case import why_no_clock
from upheld.policy.model import Target


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
