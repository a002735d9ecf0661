"""What ``decide`` answers: results, actions, listing, when to look again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.engine.scene import BO, OPENED, PAT, START, Case, at, spoken, terms
from upheld.case.decision import CreateItem, Listing, Send, Subject, Withdraw, Withdrawal
from upheld.case.events import (
    UPHELD,
    Assigned,
    Attached,
    Body,
    Closed,
    Detached,
    Enforced,
    Event,
    Flagged,
    Linked,
    Noted,
    PassedOver,
    Proposed,
    PublicReply,
    Queued,
    Reopened,
    Resolved,
    SeveritySet,
    StepResult,
    StepTaken,
    Ticked,
    Triaged,
    VerdictGiven,
    WaitingOn,
    Worked,
)
from upheld.engine.case import decide, replay

PAGE = "when: {severity: 1}, do: [page: manager]"
TARGET = "target: first_response, within: 4 hours"
OLD = replace(OPENED, enforced_from=None)


# --- order and clocks -----------------------------------------------------------------------------


def test_a_case_without_an_opening_is_an_error() -> None:
    subject = Subject("C1", "case", 0, "v")
    with pytest.raises(TypeError, match="begins with its opening"):
        decide(terms(PAGE), subject, Event("e", at(), at(), BO, Noted("…")))


def test_what_is_dated_before_the_opening_takes_effect_with_it_in_its_own_order() -> None:
    case = Case(terms(PAGE))
    case.happens(SeveritySet(1), at(-1), seen=at(1))
    case.happens(SeveritySet(3), at(-2), seen=at(1))
    case.happens(Proposed(2), at(), seen=at(1))
    life = case.life(at(2))
    assert (life.state.severity, life.state.opened_at) == (1, START)
    assert case.results() == [(START, StepResult.TAKEN)]


def test_nothing_happens_later_than_we_learned_of_it() -> None:
    case = Case(terms(PAGE, TARGET))
    case.happens(SeveritySet(1), at(9), seen=at(1))  # by a tracker whose clock runs ahead
    assert case.results() == [(at(1), StepResult.TAKEN)]
    assert case.decision.wake_at == at(4)


def test_a_clock_that_is_set_back_takes_nothing_back() -> None:
    case = Case(terms(TARGET))
    case.tick(at(5))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}
    case.tick(at(3))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}
    assert case.decision.state["seen"] == at(5)


def test_facts_of_one_instant_are_read_in_the_order_of_their_rank() -> None:
    case = Case(terms("when: {status: closed}, do: [notify: manager]"))
    case.happens(Closed(), at(1), event_id="a")
    case.happens(PublicReply("that was it"), at(1), event_id="b")
    assert case.state(at(1)).responded_at == at(1)
    assert case.state(at(1)).status == "closed"


def test_a_replay_may_begin_with_facts_in_any_order() -> None:
    case = Case(terms(PAGE, TARGET))
    case.happens(SeveritySet(1), at(1))
    case.happens(Worked(), at(2))
    case.happens(SeveritySet(2), at(3))
    facts = case.subject.facts
    assert replay(case.terms, "C1", facts[::-1], at(9)) == replay(case.terms, "C1", facts, at(9))


def test_consequences_have_ids_of_their_own_and_say_when_they_were_due() -> None:
    case = Case(terms(TARGET, PAGE))
    case.happens(SeveritySet(1), at(5), event_id="marked")
    assert [(event.id, event.at, event.seen) for event in case.follows] == [
        ("2.0~marked", at(5), at(5)),
        ("2.1~marked", at(4), at(5)),
    ]
    assert {event.actor for event in case.follows} == {UPHELD}


def test_when_to_look_again_is_the_soonest_that_can_happen() -> None:
    case = Case(terms(TARGET, "when: {severity: 1}, after: 1 hours, do: [page: chief]"))
    assert case.decision.wake_at == at(4)
    case.happens(SeveritySet(1), at(1))
    assert case.decision.wake_at == at(2)
    case.happens(Closed(), at(1.5))
    assert case.decision.wake_at is None


# --- results --------------------------------------------------------------------------------------


def test_what_was_due_before_the_case_is_enforced_sends_nothing() -> None:
    case = Case(terms(PAGE), opened=OLD)
    case.happens(SeveritySet(1), at(1))
    assert case.results() == [(at(1), StepResult.BEFORE_ENFORCEMENT)]
    case.happens(Enforced(at(2), "taken in"), at(2))
    case.happens(SeveritySet(2), at(3))
    case.happens(SeveritySet(1), at(4))
    assert case.results()[1:] == [(at(4), StepResult.TAKEN)]
    assert spoken(case.actions) == [("page", "manager")]


@pytest.mark.parametrize(("own", "site"), [(1, 3), (3, 1)])
def test_a_case_is_enforced_from_the_later_of_its_own_instant_and_the_sites(
    own: float, site: float
) -> None:
    opened = replace(OPENED, enforced_from=at(own))
    for hour, result in ((2, StepResult.BEFORE_ENFORCEMENT), (3, StepResult.TAKEN)):
        case = Case(terms(PAGE, enforced_from=at(site)), opened=opened)
        case.happens(SeveritySet(1), at(hour))
        assert case.results() == [(at(hour), result)]


def test_an_attached_case_says_nothing_of_its_own_but_keeps_its_evidence() -> None:
    case = Case(terms(PAGE))
    case.happens(Attached("C9"), at())
    case.happens(SeveritySet(1), at(1))
    assert (case.results(), case.actions) == ([(at(1), StepResult.FOLDED)], [])
    case.happens(Detached(), at(2))
    case.happens(SeveritySet(2), at(3))
    case.happens(SeveritySet(1), at(4))
    assert spoken(case.actions) == [("page", "manager")]


def test_what_was_typed_at_our_door_goes_out_even_of_an_attached_or_old_case() -> None:
    case = Case(terms(PAGE), opened=OLD)
    case.happens(Attached("C9"), at())
    case.happens(PublicReply("hello", send=True), at(1), event_id="r1")
    (sent,) = case.sends
    assert (sent.key, sent.purpose.value, sent.to) == ("C1/reply/r1/1", "reply", ("reporter",))
    assert (sent.facts, sent.clauses) == ({"text": "hello"}, ())
    assert case.bodies(StepTaken) == []


def test_a_reply_that_was_sent_elsewhere_is_not_sent_again() -> None:
    case = Case(terms(PAGE))
    case.happens(PublicReply("hello"), at(1))
    case.happens(PublicReply("hi", send=True), at(1), by=PAT)
    assert case.actions == []


# --- stand-down -----------------------------------------------------------------------------------


def withdrawals(case: Case) -> list[Withdrawal]:
    return [action.why for action in case.actions if isinstance(action, Withdraw)]


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (Worked(), Withdrawal.WORKED),
        (PublicReply("hello"), Withdrawal.WORKED),
        (SeveritySet(2), Withdrawal.SUPERSEDED),
        (Closed(), Withdrawal.CLOSED),
    ],
)
def test_who_was_paged_is_stood_down_once(end: Body, why: Withdrawal) -> None:
    case = Case(terms(PAGE))
    case.happens(SeveritySet(1), at(1))
    case.happens(end, at(2))
    case.happens(Noted("…"), at(3))
    case.happens(end, at(4))
    assert withdrawals(case) == [why]


def test_who_was_not_paged_is_not_stood_down() -> None:
    case = Case(terms("when: {severity: 1}, do: [notify: manager]"))
    case.happens(SeveritySet(1), at(1))
    case.happens(Worked(), at(2))
    case.happens(Closed(), at(3))
    assert withdrawals(case) == []


def test_worked_and_then_closed_the_page_is_acknowledged_and_then_resolved() -> None:
    case = Case(terms(PAGE))
    case.happens(SeveritySet(1), at(1))
    case.happens(Worked(), at(2))
    case.happens(Closed(), at(3))
    case.happens(Reopened(), at(4))
    assert withdrawals(case) == [Withdrawal.WORKED, Withdrawal.CLOSED]
    assert spoken(case.actions) == [("page", "manager")] * 2  # it is a severity 1 again
    case.happens(Closed(), at(5))
    assert withdrawals(case)[2:] == [Withdrawal.CLOSED]


def test_a_page_that_goes_out_late_is_stood_down_by_the_work_that_came_after() -> None:
    case = Case(terms("when: {severity: 1, flag: vip}, do: [page: chief]", PAGE))
    case.happens(SeveritySet(1), at(1))
    case.happens(Worked(), at(3))
    assert withdrawals(case) == [Withdrawal.WORKED]
    late = case.happens(Flagged("vip"), at(2), seen=at(4))
    assert [type(action) for action in late.actions] == [Send, Withdraw]


# --- items, verdicts, listing ---------------------------------------------------------------------


def test_an_item_is_opened_on_the_tracker_until_the_case_is_linked_there() -> None:
    case = Case(terms(PAGE), opened=replace(OPENED, create_on="jira"))
    assert case.actions == [CreateItem("C1/create/jira", "jira")]
    case.happens(Linked("remedy", "1", "INC1"), at(1))
    assert len(case.actions) == 2  # the same key: the outbox takes it once
    case.happens(Linked("jira", "10001", "OPS-7"), at(2))
    assert len(case.actions) == 2


def test_no_item_is_opened_for_a_case_that_is_only_read() -> None:
    case = Case(terms(PAGE), opened=replace(OLD, create_on="jira"))
    assert case.actions == []
    case.happens(Enforced(at(1), "taken in"), at(1))
    assert case.actions == [CreateItem("C1/create/jira", "jira")]


def test_a_case_begun_before_more_severe_ones_breaks_the_order_once() -> None:
    order = "when: {queue: support}, do: [order: [severity, due]]"
    case = Case(terms(order, PAGE))
    case.happens(PassedOver(("C2", "C3")), at(1), event_id="p1")
    case.happens(Noted("…"), at(2))
    (verdict,) = case.bodies(VerdictGiven)
    assert (verdict.key, verdict.clause, verdict.verdict, verdict.due) == (
        "A-1/A-1/passed-over/p1",
        "A-1",
        "missed",
        at(1),
    )


def test_the_listing_is_what_queues_are_sorted_by() -> None:
    case = Case(terms(TARGET, "when: {severity: 1}, after: 1 hours, do: [page: chief]"))
    assert case.decision.listing == Listing(
        customer="acme", title="It hangs", opened=START, due=at(4)
    )
    for body in (Proposed(2), Triaged(1, "77"), Assigned("bo"), Queued("support"), Worked()):
        case.happens(body, at(1))
    assert case.decision.listing == Listing(
        status="worked",
        severity=1,
        queue="support",
        assignee="bo",
        customer="acme",
        number="77",
        title="It hangs",
        opened=START,
        due=at(2),
        worked=True,
    )
    case.happens(Resolved(), at(1.5))
    assert case.decision.listing.status == "resolved"


def test_the_clock_is_no_fact() -> None:
    case = Case(terms(TARGET))
    before = case.subject.facts
    decision = case.tick(at(1))
    assert (decision.follows, decision.actions, case.subject.facts) == ((), (), before)
    event = Event("t", at(1), at(1), UPHELD, Ticked())
    assert decide(case.terms, case.subject, event).wake_at == at(4)


def test_a_wait_is_shown() -> None:
    case = Case(terms(TARGET))
    case.happens(WaitingOn("vendor"), at(1))
    assert case.decision.listing.status == "waiting_vendor"
