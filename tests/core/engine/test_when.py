"""Rules that do something once, when a condition becomes true."""

from __future__ import annotations

import pytest

from tests.core.engine.scene import BOT, PAT, Case, at, spoken, terms
from upheld.case.decision import Cancel, Send
from upheld.case.events import (
    Body,
    Closed,
    CustomerMessage,
    Flagged,
    Held,
    Noted,
    PageAcknowledged,
    Proposed,
    PublicReply,
    Rejected,
    Released,
    Reopened,
    SeveritySet,
    StepResult,
    StepTaken,
    StepWithdrawn,
    Triaged,
    WaitingOn,
    Worked,
)

TAKEN = StepResult.TAKEN
PAGE = "when: {severity: 1}, do: [page: manager]"
CHIEF = "when: {severity: 1}, after: 2 hours, unless: worked, do: [page: chief]"


def case_of(*rules: str) -> Case:
    return Case(terms(*rules))


def test_fires_in_the_decision_that_made_it_true() -> None:
    case = case_of(PAGE)
    assert case.actions == []
    decision = case.happens(SeveritySet(1), at(1))
    assert spoken(decision.actions) == [("page", "manager")]
    (taken,) = [event for event in decision.follows if isinstance(event.body, StepTaken)]
    assert taken.body == StepTaken("C1/A-1/A-1/1/1", "A-1", "A-1", at(1), TAKEN, 0)
    assert (taken.at, taken.seen) == (at(1), at(1))


def test_fires_once_while_it_stays_true() -> None:
    case = case_of(PAGE)
    case.happens(SeveritySet(1), at(1))
    case.happens(SeveritySet(1), at(2))
    case.happens(Noted("…"), at(3))
    assert case.results() == [(at(1), TAKEN)]


def test_fires_again_each_time_it_becomes_true() -> None:
    case = case_of(PAGE)
    for hour, severity in enumerate([1, 2, 1]):
        case.happens(SeveritySet(severity), at(hour))
    assert [step.key for step in case.bodies(StepTaken)] == ["C1/A-1/A-1/1/1", "C1/A-1/A-1/2/1"]


def test_steps_read_the_marked_severity_not_the_proposed() -> None:
    case = case_of(PAGE)
    case.happens(Proposed(1), at())
    assert case.actions == []


def test_fires_a_while_after_it_became_true() -> None:
    case = case_of(CHIEF)
    case.happens(SeveritySet(1), at(1))
    assert (case.decision.wake_at, case.decision.listing.due) == (at(3), at(3))
    case.until(at(4))
    assert case.results() == [(at(3), TAKEN)]


def test_not_when_it_ceased_to_be_true_meanwhile() -> None:
    case = case_of(CHIEF)
    case.happens(SeveritySet(1), at(1))
    case.happens(SeveritySet(2), at(2))
    assert case.decision.wake_at is None
    case.happens(SeveritySet(1), at(2.5))
    assert case.decision.wake_at == at(4.5)


@pytest.mark.parametrize("hours", [1.5, 3])
def test_not_when_what_prevents_it_came_until_the_very_instant(hours: float) -> None:
    case = case_of(CHIEF)
    case.happens(SeveritySet(1), at(1))
    case.happens(Worked(), at(hours))
    assert case.decision.listing.due is None
    case.until(at(9))
    assert case.results() == []


def test_a_microsecond_later_prevents_nothing() -> None:
    case = case_of(CHIEF)
    case.happens(SeveritySet(1), at(1))
    case.happens(Worked(), at(3) + 1)
    assert case.results() == [(at(3), TAKEN)]


@pytest.mark.parametrize("body", [PageAcknowledged(), Noted("…"), CustomerMessage("hello?")])
def test_only_its_own_condition_stops_it(body: Body) -> None:
    case = case_of(CHIEF)
    case.happens(SeveritySet(1), at(1))
    case.happens(body, at(2))
    case.happens(Worked(), at(2), by=BOT)
    case.until(at(3))
    assert case.results() == [(at(3), TAKEN)]


def test_work_before_it_became_true_does_not_count() -> None:
    case = case_of(CHIEF)
    case.happens(Worked(), at(0.5))
    case.happens(SeveritySet(1), at(1))
    case.until(at(3))
    assert case.results() == [(at(3), TAKEN)]


def test_business_time_is_waited_for_by_its_calendar() -> None:
    rule = "when: {waiting: customer}, after: 4 business hours, calendar: office, do: [page: chief]"
    case = case_of(rule)
    case.happens(WaitingOn("customer"), at(6))  # Monday, 15:00
    assert case.decision.wake_at == at(26)


def test_silence_is_counted_in_days() -> None:
    case = case_of("when: {waiting: customer}, after: 14 days, do: [close: no answer]")
    case.happens(WaitingOn("customer"), at(1))
    case.until(at(14 * 24 + 1))
    assert case.decision.listing.status == "closed"


def test_what_a_step_does_to_the_case_lets_others_follow_at_the_same_instant() -> None:
    case = case_of(
        PAGE,
        "when: {proposed: {severity: 1}}, after: 15 minutes, unless: triaged, do: [set: {severity: 1}]",
    )
    case.happens(Proposed(1), at())
    case.until(at(1))
    assert case.results("A-2") == [(at(minutes=15), TAKEN)]
    assert case.results("A-1") == [(at(minutes=15), TAKEN)]
    assert case.decision.listing.severity == 1


@pytest.mark.parametrize("triage", [Triaged(3), Rejected("spam")])
def test_triage_in_time_keeps_the_proposal_a_proposal(triage: Body) -> None:
    rule = "when: {proposed: {severity: 1}}, after: 15 minutes, unless: triaged, do: [set: {severity: 1}]"
    case = case_of(rule)
    case.happens(Proposed(1), at())
    case.happens(triage, at(minutes=15))
    case.until(at(1))
    assert case.results() == []


def test_rules_that_undo_each_other_at_one_instant_are_an_error_that_names_them() -> None:
    case = case_of(
        "when: {severity: 1}, do: [set: {severity: 2}]",
        "when: {severity: 3}, do: [set: {severity: 1}]",
        "when: {severity: 2}, do: [set: {severity: 3}]",
    )
    with pytest.raises(RuntimeError, match=r"case C1: rules of policy 'Test' undo each other"):
        case.happens(SeveritySet(1), at(1), by=BOT)


def test_of_a_closed_case_only_what_asks_for_its_end_fires() -> None:
    case = case_of(
        "when: {flag: vip}, do: [page: chief]",
        "when: closed, do: [mail: {to: reporter, template: hint}]",
        CHIEF,
    )
    case.happens(SeveritySet(1), at(1))
    case.happens(Closed(), at(2))
    case.happens(Flagged("vip"), at(3))
    case.until(at(9))
    assert (case.results("A-1"), case.results("A-3")) == ([], [])
    assert case.results("A-2") == [(at(2), TAKEN)]
    case.happens(Reopened(), at(10))
    assert case.results("A-1") == [(at(10), TAKEN)]
    assert case.decision.wake_at == at(12)


def test_a_miss_can_be_what_a_rule_waits_for() -> None:
    case = case_of(
        "target: first_response, within: 4 hours",
        "when: {missed: first_response}, do: [notify: manager]",
    )
    case.until(at(5))
    assert case.results("A-2") == [(at(4), TAKEN)]


def test_a_miss_that_is_found_when_the_severity_changes_is_acted_on_from_then() -> None:
    case = case_of(
        "target: first_response, for: {severity: 1}, within: 1 hours",
        "when: {missed: first_response}, after: 1 hours, do: [notify: manager]",
    )
    case.happens(SeveritySet(1), at(6))
    assert case.decision.wake_at == at(7)


# --- late news ------------------------------------------------------------------------------------


def test_work_heard_of_late_takes_the_step_back() -> None:
    case = case_of(CHIEF)
    case.happens(SeveritySet(1), at(1))
    case.until(at(3))
    (sent,) = [action for action in case.actions if isinstance(action, Send)]
    decision = case.happens(Worked(), at(2), seen=at(3.5))
    (cancel,) = [action for action in decision.actions if isinstance(action, Cancel)]
    assert (cancel.key, cancel.reason) == (sent.key, "news came later that it was not needed")
    (back,) = case.bodies(StepWithdrawn)
    assert (back.key, back.clause) == ("C1/A-1/A-1/1/1", "A-1")
    case.happens(Noted("…"), at(4))
    assert len(case.bodies(StepWithdrawn)) == 1


def test_everything_that_the_step_had_said_is_taken_back() -> None:
    rule = (
        "when: {severity: 1}, after: 1 hours, do: [page: chief, notify: [manager, engineer],"
        " mail: {to: reporter, template: hint}, mail: {to: reporter, template: status},"
        " assign: engineer]"
    )
    case = case_of(rule)
    case.happens(SeveritySet(1), at())
    case.until(at(2))
    case.happens(SeveritySet(2), at(0.5), seen=at(2))
    cancelled = {action.key for action in case.actions if isinstance(action, Cancel)}
    assert cancelled == {send.key for send in case.sends}
    assert len(cancelled) == 4
    assert case.state(at(2)).assignee is None


def test_a_marking_heard_of_late_is_acted_on_late() -> None:
    case = case_of(CHIEF)
    case.until(at(4))
    case.happens(SeveritySet(1), at(1), seen=at(5))
    (step,) = case.bodies(StepTaken)
    assert (step.due, step.late) == (at(3), at(5) - at(3))
    assert case.sends[0].late == step.late


def test_the_same_marking_dated_earlier_pages_nobody_twice() -> None:
    case = case_of(PAGE)
    case.happens(SeveritySet(1), at(1))
    case.happens(SeveritySet(1), at(0.5), seen=at(2))
    assert case.results() == [(at(1), TAKEN)]


def test_what_was_taken_back_and_stands_again_is_done_again_under_another_key() -> None:
    case = case_of("when: {waiting: customer}, do: [notify: manager]")
    case.happens(WaitingOn("customer"), at(10))
    case.happens(Closed(), at(5), seen=at(11))  # a closed case waits for nobody
    case.happens(Reopened(), at(6), seen=at(12))  # but it was open again by then
    assert [step.key for step in case.bodies(StepTaken)] == ["C1/A-1/A-1/1/1", "C1/A-1/A-1/1/1~2"]
    assert [step.key for step in case.bodies(StepWithdrawn)] == ["C1/A-1/A-1/1/1"]
    assert [send.key for send in case.sends] == [
        "C1/A-1/A-1/1/1/notify/manager",
        "C1/A-1/A-1/1/1~2/notify/manager",
    ]
    case.happens(PublicReply("hello"), at(9), seen=at(13))
    assert len(case.bodies(StepTaken)) == 2


def test_a_step_that_sent_nothing_has_nothing_to_be_taken_back() -> None:
    case = Case(terms(PAGE, enforced_from=at(5)))
    case.happens(SeveritySet(1), at(1))
    assert case.results() == [(at(1), StepResult.BEFORE_ENFORCEMENT)]
    case.happens(Closed(), at(0.5), seen=at(2))
    assert (case.actions, case.bodies(StepWithdrawn)) == ([], [])


# --- unless, and what ends it -----------------------------------------------------------------------

SILENCE = "when: {waiting: customer}, after: 2 hours, unless: {flag: held}, do: [page: manager]"


def held() -> Case:
    """It waits for the customer from the start, and is held from minute 30 on."""
    case = case_of(SILENCE)
    case.happens(WaitingOn("customer"), at())
    case.happens(Held("away"), at(minutes=30))
    return case


def paged(case: Case) -> list[int]:
    return [due for due, _ in case.results("A-1")]


def test_what_prevented_it_and_ended_later_begins_the_while_again() -> None:
    case = held()
    case.until(at(hours=5))
    assert (paged(case), case.decision.wake_at) == ([], None)
    case.happens(Released(), at(hours=5))
    assert case.decision.wake_at == at(hours=7)
    case.until(at(hours=7))
    assert paged(case) == [at(hours=7)]


def test_what_ended_before_it_would_fire_prevents_nothing() -> None:
    case = held()
    case.happens(Released(), at(hours=1))
    case.until(at(hours=5))
    assert paged(case) == [at(hours=2)]


def test_held_again_it_waits_again() -> None:
    case = held()
    case.happens(Released(), at(hours=5))
    case.happens(Held("away again"), at(hours=6))
    case.until(at(hours=9))
    case.happens(Released(), at(hours=9))
    case.until(at(hours=20))
    assert paged(case) == [at(hours=11)]


def test_the_condition_that_ended_meanwhile_is_not_awaited() -> None:
    case = held()
    case.until(at(hours=3))
    case.happens(CustomerMessage("here"), at(hours=4), by=PAT)
    case.happens(Released(), at(hours=5))
    case.until(at(hours=20))
    assert paged(case) == []


def test_without_a_while_it_had_its_moment() -> None:
    case = case_of("when: {waiting: customer}, unless: {flag: held}, do: [page: manager]")
    case.happens(Held("away"), at())
    case.happens(WaitingOn("customer"), at(minutes=5))
    case.happens(Released(), at(hours=1))
    assert paged(case) == []
