"""Rules that do something again and again: the grid, what fills it, the question ahead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.engine.scene import BO, BOT, OPENED, PAT, Case, at, spoken, terms
from upheld.calendar.instant import HOUR, Instant
from upheld.case.decision import Cancel, Purpose
from upheld.case.events import (
    Actor,
    Assigned,
    Body,
    CallLogged,
    Closed,
    CustomerMessage,
    Enforced,
    Noted,
    PublicReply,
    Reopened,
    Resolved,
    SeveritySet,
    StepResult,
    StepTaken,
    StepWithdrawn,
    WaitingOn,
)

TAKEN, FILLED, COLLAPSED = StepResult.TAKEN, StepResult.FILLED, StepResult.COLLAPSED
BEFORE = StepResult.BEFORE_ENFORCEMENT
OPEN = "status: [open, worked, waiting_customer, waiting_vendor, resolved]"
HOURLY = f"every: 1 hour, while: {{severity: 1, {OPEN}}}, do: [update: customer]"
FILLS = f"{HOURLY}, filled_by: [public_reply, update]"
ASKS = f"{FILLS}, ask_ahead: {{of: assignee, before: 15 minutes}}"
REPLY = PublicReply("hello")


def marked(*rules: str) -> Case:
    """A case that is severity 1 from its opening."""
    case = Case(terms(*rules))
    case.happens(SeveritySet(1), at())
    return case


def dues(case: Case, clause: str = "A-1") -> list[Instant]:
    return [due for due, _ in case.results(clause)]


def test_comes_each_hour_until_it_is_over() -> None:
    case = marked(HOURLY)
    case.until(at(2))
    case.happens(Resolved(), at(2.5))
    case.until(at(3))
    case.happens(Closed(), at(3.5))
    assert case.decision.wake_at is None
    case.until(at(9))
    assert case.results() == [(at(hour), TAKEN) for hour in (1, 2, 3)]
    assert [step.key for step in case.bodies(StepTaken)] == [
        f"C1/A-1/A-1/1/{number}" for number in (1, 2, 3)
    ]


def test_closed_at_the_very_hour_there_is_none() -> None:
    case = marked(HOURLY)
    case.happens(Closed(), at(1))
    assert case.results() == []


def test_the_grid_does_not_drift_when_a_look_comes_late() -> None:
    case = marked(HOURLY)
    case.tick(at(1, minutes=20))
    assert case.decision.wake_at == at(2)
    (step,) = case.bodies(StepTaken)
    assert (step.due, step.late) == (at(1), HOUR / 3)


def test_each_time_it_holds_anew_a_new_grid_begins() -> None:
    case = marked(HOURLY)
    case.until(at(1))
    case.happens(SeveritySet(2), at(1.5))
    case.happens(SeveritySet(1), at(2.25))
    case.until(at(4))
    assert dues(case) == [at(1), at(3.25)]
    assert case.bodies(StepTaken)[-1].key == "C1/A-1/A-1/2/1"


def test_the_first_may_come_later_than_the_others() -> None:
    case = marked("every: 1 hour, first: 2 hours, while: {severity: 1}, do: [update: customer]")
    case.until(at(4))
    assert dues(case) == [at(2), at(3), at(4)]


def test_business_hours_are_walked_by_the_calendar() -> None:
    rule = "every: 3 business hours, while: {waiting: vendor}, calendar: office, do: [notify: engineer]"
    case = Case(terms(rule))
    case.happens(WaitingOn("vendor"), at())  # Monday, 09:00
    case.until(at(28))
    assert dues(case) == [at(3), at(6), at(25), at(28)]


# --- filled ---------------------------------------------------------------------------------------


def test_a_persons_word_fills_its_slot_and_no_other() -> None:
    case = marked(FILLS)
    case.happens(REPLY, at(0.5))
    case.until(at(2))
    assert case.results() == [(at(1), FILLED), (at(2), TAKEN)]
    assert spoken(case.actions) == [("status", "customer")]


@pytest.mark.parametrize(
    ("when", "results"),
    [
        (at(1), [FILLED, TAKEN]),  # at the instant of an occurrence it is just in time for it
        (at(1) + 1, [TAKEN, FILLED]),
        (at(2), [TAKEN, FILLED]),
    ],
)
def test_a_slot_reaches_from_after_one_occurrence_to_the_next(
    when: Instant, results: list[StepResult]
) -> None:
    case = marked(FILLS)
    case.until(when - 1)
    case.happens(REPLY, when)
    case.until(at(2))
    assert [result for _, result in case.results()] == results


@pytest.mark.parametrize(
    ("body", "by"), [(REPLY, BOT), (CustomerMessage("?"), PAT), (CallLogged(), BO)]
)
def test_what_the_rule_does_not_name_fills_nothing(body: Body, by: Actor) -> None:
    case = marked(FILLS)
    case.happens(body, at(0.5), by=by)
    case.until(at(1))
    assert case.results() == [(at(1), TAKEN)]


def test_an_update_of_another_clause_at_that_instant_keeps_both() -> None:
    case = marked(FILLS, FILLS)
    case.until(at(2))
    assert case.results("A-1") == [(at(1), TAKEN), (at(2), TAKEN)]
    assert case.results("A-2") == [(at(1), FILLED), (at(2), FILLED)]


# --- the question ahead ---------------------------------------------------------------------------


def test_the_assignee_is_asked_ahead_of_time() -> None:
    case = marked(ASKS)
    case.happens(Assigned("bo"), at(0.1))
    assert case.decision.wake_at == at(minutes=45)
    case.until(at(minutes=59))
    (ask,) = case.sends
    assert (ask.purpose, ask.to, ask.due) == (Purpose.ASK, ("bo",), at(minutes=45))
    assert ask.facts == {"next_at": at(1)}
    assert case.bodies(StepTaken) == []  # a question keeps no promise


def test_nobody_is_asked_who_has_spoken_or_where_nobody_is_assigned() -> None:
    for body in (REPLY, Noted("…")):
        case = marked(ASKS)
        if body is REPLY:
            case.happens(Assigned("bo"), at(0.1))
        case.happens(body, at(0.5))
        case.until(at(minutes=59))
        assert spoken(case.actions) == []


def test_a_role_can_be_asked_instead() -> None:
    case = marked(f"{FILLS}, ask_ahead: {{of: manager, before: 15 minutes}}")
    case.until(at(minutes=50))
    assert spoken(case.actions) == [("ask", "manager")]


def test_a_question_whose_status_is_due_by_now_is_not_asked() -> None:
    case = marked(ASKS)
    case.happens(Assigned("bo"), at(0.1))
    case.tick(at(1))
    assert spoken(case.actions) == [("status", "customer")]


def test_a_status_tells_when_the_next_one_comes() -> None:
    case = marked(HOURLY)
    case.until(at(1))
    assert case.sends[0].facts["next_at"] == at(2)


# --- caught up ------------------------------------------------------------------------------------


def test_of_all_that_were_missed_one_is_sent() -> None:
    case = marked(HOURLY)
    case.tick(at(4, minutes=10))
    assert case.results() == [*((at(hour), COLLAPSED) for hour in (1, 2, 3)), (at(4), TAKEN)]
    assert len(case.sends) == 1


def test_of_two_grids_that_were_missed_one_status_is_sent() -> None:
    case = marked(HOURLY)
    case.happens(SeveritySet(2), at(1.5), seen=at(4))
    case.happens(SeveritySet(1), at(2), seen=at(4))
    assert len(case.sends) == 2  # each piece of news was all there was to go by when it came
    both = marked(HOURLY)
    for event in case.subject.facts[2:]:
        both.subject = replace(both.subject, facts=(*both.subject.facts, event))
    both.tick(at(4))
    assert [result for _, result in both.results()] == [COLLAPSED, COLLAPSED, TAKEN]


def test_the_policy_can_want_them_all() -> None:
    case = marked(f"{HOURLY}, catch_up: always")
    case.tick(at(3, minutes=10))
    assert case.results() == [(at(hour), TAKEN) for hour in (1, 2, 3)]
    assert [send.late for send in case.sends] == [
        at(3, minutes=10) - at(hour) for hour in (1, 2, 3)
    ]


def test_what_a_person_said_meanwhile_speaks_for_the_slots_before() -> None:
    case = marked(FILLS)
    case.happens(REPLY, at(1.5), seen=at(2))
    assert case.results() == [(at(1), COLLAPSED), (at(2), FILLED)]


# --- enforcement ----------------------------------------------------------------------------------


def test_an_old_case_that_is_taken_in_owes_nothing_of_before() -> None:
    case = Case(terms(HOURLY), opened=replace(OPENED, enforced_from=None))
    case.happens(SeveritySet(1), at(0.25))
    assert (case.decision.wake_at, case.decision.listing.due) == (None, None)
    case.happens(Enforced(at(9000), "taken in"), at(9000))
    assert case.decision.wake_at == at(9000.25)
    case.until(at(9001))
    assert case.results() == [(at(9000.25), TAKEN)]
    assert case.bodies(StepTaken)[0].key == "C1/A-1/A-1/1/9000"


def test_what_fell_due_since_a_case_is_enforced_is_caught_up() -> None:
    case = Case(terms(HOURLY), opened=replace(OPENED, enforced_from=None))
    case.happens(SeveritySet(1), at())
    case.happens(Enforced(at(2), "restored"), at(4.5))
    assert case.results() == [(at(2), COLLAPSED), (at(3), COLLAPSED), (at(4), TAKEN)]
    assert case.decision.wake_at == at(5)


def test_a_site_that_goes_live_later_counts_from_then() -> None:
    case = Case(terms(HOURLY, enforced_from=at(2.5)))
    case.happens(SeveritySet(1), at())
    case.until(at(4))
    assert case.results() == [(at(1), BEFORE), (at(2), BEFORE), (at(3), TAKEN), (at(4), TAKEN)]


def test_going_live_takes_nothing_back_of_what_shadow_has_done() -> None:
    case = Case(terms(HOURLY))
    case.happens(SeveritySet(1), at())
    case.until(at(2))
    case.terms = terms(HOURLY, enforced_from=at(2.5))
    case.until(at(3))
    assert case.results() == [(at(1), TAKEN), (at(2), TAKEN), (at(3), TAKEN)]
    assert not case.bodies(StepWithdrawn)


# --- late news ------------------------------------------------------------------------------------


def test_a_status_that_was_not_owed_is_taken_back_while_it_can_be() -> None:
    case = marked(HOURLY)
    case.until(at(2))
    last = case.sends[-1]
    decision = case.happens(SeveritySet(3), at(1.5), seen=at(2))
    assert [a.key for a in decision.actions if isinstance(a, Cancel)] == [last.key]
    assert [step.key for step in case.bodies(StepWithdrawn)] == ["C1/A-1/A-1/1/2"]


def test_a_question_that_needs_no_answer_is_taken_back_without_ado() -> None:
    case = marked(ASKS)
    case.happens(Assigned("bo"), at(0.1))
    case.until(at(minutes=50))
    decision = case.happens(REPLY, at(0.5), seen=at(minutes=50))
    assert [a.key for a in decision.actions if isinstance(a, Cancel)] == [case.sends[0].key]
    assert case.bodies(StepWithdrawn) == []


def test_a_reply_heard_of_late_sends_no_second_status() -> None:
    case = marked(FILLS)
    case.until(at(1))
    case.happens(REPLY, at(0.5), seen=at(1.5))
    assert case.results() == [(at(1), TAKEN)]
    case.happens(Reopened(), at(1.6))
    case.until(at(2))
    assert case.results() == [(at(1), TAKEN), (at(2), TAKEN)]
