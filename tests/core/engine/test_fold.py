"""What each fact does to a case, and what counts as work."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from tests.core.engine.scene import BO, BOT, OPENED, PAT, START, at
from upheld.case.events import (
    BODIES,
    UPHELD,
    Actor,
    Assigned,
    Attached,
    Body,
    CallLogged,
    Closed,
    CustomerMessage,
    Detached,
    Enforced,
    Entitled,
    Entitlement,
    Escalated,
    Event,
    Fact,
    Flagged,
    HandedOver,
    Held,
    KindSet,
    Linked,
    Mobilised,
    Noted,
    OutcomeSet,
    PageAcknowledged,
    PassedOver,
    PlanChanged,
    Proposed,
    Provided,
    PublicReply,
    Queued,
    Rejected,
    Released,
    Reopened,
    Resolved,
    Restated,
    SeveritySet,
    Side,
    TakenBack,
    Triaged,
    Unread,
    WaitingOn,
    Watched,
    Worked,
)
from upheld.case.state import CaseState, Status
from upheld.engine.fold import begin, deeds, fold

BOLTS = replace(
    OPENED, reporter="", reporter_name="", customer="bolt", customer_kind="isp", plan="premier"
)
VALID = Entitlement.VALID
TILL = Entitled(VALID, "till", "premier")
DOWN = Watched("mail", "down", START, "servers", "refused", backups={"mail-2": "up"})
CHANGES: list[tuple[Body, dict[str, Any]]] = [
    (Enforced(at(3)), {"enforced_from": at(3)}),
    (Linked("jira", "10001", "OPS-7"), {"tracker_key": "OPS-7"}),
    (Triaged(2), {"triaged": True, "severity": 2, "marked_by_person": True}),
    (Restated(title="Slow"), {"opened": replace(OPENED, subject="Slow")}),
    (
        Restated(reporter="", customer="bolt", customer_kind="isp", plan="premier"),
        {"opened": BOLTS, "plan": "premier"},
    ),
    (
        Triaged(2, "77"),
        {"triaged": True, "severity": 2, "marked_by_person": True, "given_number": "77"},
    ),
    (Rejected("spam"), {"rejected": True, "status": Status.CLOSED, "closed_at": at(1)}),
    (SeveritySet(1), {"severity": 1, "marked_by_person": True}),
    (Flagged("vip"), {"flags": {"vip"}, "decided_flags": {"vip"}}),
    (OutcomeSet("wish", "…"), {"judged": OutcomeSet("wish", "…"), "judged_by_person": True}),
    (KindSet("usage"), {"given_kind": "usage"}),
    (Queued("support"), {"queue": "support"}),
    (Assigned("cy"), {"assignee": "cy", "assigned_by_person": True}),
    (PlanChanged("premier"), {"plan": "premier"}),
    (Entitled(VALID, "till", "premier"), {"entitlement": TILL, "plan": "premier"}),
    (Mobilised(), {"mobilised_at": at(1)}),
    (Escalated("chief"), {"escalated_by": "staff", "escalated_to": "chief"}),
    (PageAcknowledged(), {"acknowledged_at": at(1)}),
    (CustomerMessage("?"), {"customer_spoke_at": at(1)}),
    (Worked(), {"status": Status.WORKED, "worked_at": at(1)}),
    (WaitingOn("vendor"), {"status": Status.WAITING_VENDOR}),
    (Held("agreed", at(9)), {"held": "agreed", "held_until": at(9)}),
    (Provided("version", "7"), {"provided": {"version"}, "fields": {"version": "7"}}),
    (Attached("C9"), {"parent": "C9"}),
    (DOWN, {"watched": DOWN, "monitor": {"down"}}),
    (Resolved(), {"status": Status.RESOLVED, "resolved_at": at(1)}),
    (Closed(), {"status": Status.CLOSED, "closed_at": at(1)}),
]


FRESH = begin(Event("o", START, START, PAT, OPENED))


def after(*bodies: Body, by: Actor = BO) -> CaseState:
    """The state after these facts, an hour apart, the first at one hour."""
    state = FRESH
    for hour, body in enumerate(bodies, 1):
        state = fold(state, Event(f"e{hour}", at(hour), at(hour), by, body))
    return state


def changes(state: CaseState, since: CaseState = FRESH) -> dict[str, Any]:
    """What differs, field by field."""
    found = {f.name: (getattr(since, f.name), getattr(state, f.name)) for f in fields(state)}
    return {name: now for name, (before, now) in found.items() if now != before}


def test_a_case_begins_with_its_opening() -> None:
    assert (FRESH.opened, FRESH.opened_at, FRESH.status) == (OPENED, START, Status.OPEN)
    assert (FRESH.enforced_from, FRESH.customer_spoke_at) == (START, START)
    with pytest.raises(TypeError, match="not 'noted'"):
        begin(Event("e", START, START, BO, Noted("…")))


@pytest.mark.parametrize(("fact", "expected"), CHANGES, ids=[fact.kind for fact, _ in CHANGES])
def test_each_fact_changes_its_fields_and_no_other(fact: Body, expected: dict[str, Any]) -> None:
    assert changes(after(fact)) == expected


@pytest.mark.parametrize("fact", [PublicReply("hello"), CallLogged()])
def test_an_answer_is_work_and_a_response(fact: Body) -> None:
    state = after(fact)
    expected = {"status": Status.WORKED, "worked_at": at(1), "responded_at": at(1)}
    assert changes(state) == expected
    again = after(fact, fact)
    assert (again.worked_at, again.responded_at) == (at(2), at(1))  # the last, and the first


@pytest.mark.parametrize(
    # Whose turn it is takes a policy: see test_desks.py.
    "fact",
    [Noted("…"), PassedOver(("C2",)), Reopened(), Unread("jira"), HandedOver("top")],
)
def test_what_changes_nothing_leaves_the_very_state(fact: Body) -> None:
    event = Event("e", at(1), at(1), BO, fact)
    assert fold(FRESH, event) is FRESH


def test_a_message_counts_while_the_case_is_the_customers_whose_people_wrote() -> None:
    theirs, bolts = CustomerMessage("?", customer="acme"), CustomerMessage("?", customer="bolt")
    moved = Restated(customer="bolt")
    assert after(theirs).customer_spoke_at == at(1)
    assert after(bolts) is FRESH
    assert after(moved, theirs).customer_spoke_at == FRESH.customer_spoke_at
    assert after(moved, bolts).customer_spoke_at == at(2)
    assert after(moved, CustomerMessage("?")).customer_spoke_at == at(2)


def test_every_kind_of_fact_is_known_here() -> None:
    tested = {Noted, PassedOver, Reopened, PublicReply, CallLogged, Released, Detached, Proposed}
    tested |= {type(fact) for fact, _ in CHANGES} | {Unread, TakenBack, HandedOver}
    facts = {kind for kind in BODIES.values() if kind in Fact.__args__}
    assert {kind.kind for kind in facts - tested} == {
        "opened",
        "annulled",
        "calendar_applied",
        "migrated",
        # Of monitors, windows, advisories and rotations, which are subjects of their own.
        "turned",
        "reported",
        "shift_changed",
        "raised",
        "window_planned",
        "window_cancelled",
    }


def test_what_a_monitor_says_last_holds() -> None:
    state = after(DOWN, Watched("mail", "up", at(2)))
    assert state.monitor == {"up"}
    assert state.watched == Watched("mail", "up", at(2))


def test_what_cannot_be_read_stands_as_it_was_known_last() -> None:
    blind = Watched("mail", "inconclusive", at(1))
    assert after(DOWN, blind).monitor == {"down", "inconclusive"}
    assert after(DOWN, blind, blind).monitor == {"down", "inconclusive"}
    assert after(DOWN, blind, Watched("mail", "up", at(3))).monitor == {"up"}
    assert after(blind).monitor == {"inconclusive"}


def test_what_stands_in_for_it_speaks_for_itself_alone() -> None:
    state = after(DOWN, Watched("mail-2", "down", at(2)))
    assert state.watched == replace(DOWN, backups={"mail-2": "down"})
    assert state.monitor == {"down"}


def test_a_case_about_what_no_agreement_covers_has_no_plan() -> None:
    other = after(PlanChanged("premier"), Entitled(Entitlement.EXPIRED, "till"))
    assert other.plan is None
    unknown = after(PlanChanged("premier"), Entitled(Entitlement.UNKNOWN))
    assert unknown.plan == "premier"


def test_an_escalation_is_somebodys_until_it_is_taken_back() -> None:
    up = after(Escalated("chief", "slow", "customer"))
    assert (up.escalated_by, up.escalated_to) == ("customer", "chief")
    back = after(Escalated("chief", "slow"), TakenBack("called"))
    assert (back.escalated_by, back.escalated_to) == (None, None)


def test_who_agreed_to_a_solution_did_not_agree_to_the_next() -> None:
    state = after(Resolved(), Provided("customer_agreed"), Provided("waiver"), Reopened())
    assert state.provided == {"waiver"}


def test_a_proposal_brings_its_flags_and_a_later_one_counts() -> None:
    state = after(Proposed(2, flags=("vip",)), Proposed(1, flags=("ours",)))
    assert (state.acting_severity, state.severity) == (1, None)
    assert state.flags == {"vip", "ours"}


def test_flags_are_cleared_and_holds_released_and_parents_left() -> None:
    assert after(Flagged("vip"), Flagged("vip", on=False)).flags == set()
    assert changes(after(Held("agreed", at(9)), Released())) == {}
    assert changes(after(Attached("C9"), Detached())) == {}


def test_a_number_stays_when_a_later_triage_names_none() -> None:
    assert after(Triaged(2, "77"), Triaged(1)).number == "77"


@pytest.mark.parametrize("by", [BOT, PAT, UPHELD, Actor("x", Side.UNKNOWN)])
@pytest.mark.parametrize("fact", [PublicReply("hi"), CallLogged(), Worked(), Resolved()])
def test_only_staff_can_work(fact: Body, by: Actor) -> None:
    assert deeds(Event("e", START, START, by, fact)) == frozenset()
    assert after(fact, by=by).worked_at is None


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (PublicReply("hi"), {"public_reply", "worked"}),
        (CallLogged(), {"call", "worked"}),
        (Worked("worklog"), {"worked"}),
        (Resolved(), {"resolved"}),
        (Resolved("workaround"), {"workaround"}),
        (Resolved("plan"), {"plan"}),
        (Assigned("bo"), set()),
        (PageAcknowledged(), set()),
        (Noted("…"), set()),
        (WaitingOn("customer"), set()),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)
def test_the_deeds_of_staff(fact: Body, expected: set[str]) -> None:
    assert deeds(Event("e", START, START, BO, fact)) == expected


def test_a_message_ends_a_wait_for_the_customer_and_no_other() -> None:
    waited = WaitingOn("customer")
    assert after(waited, CustomerMessage("?")).status is Status.OPEN
    assert after(Worked(), waited, CustomerMessage("?")).status is Status.WORKED
    vendor = WaitingOn("vendor")
    assert after(vendor, CustomerMessage("?")).status is Status.WAITING_VENDOR
    assert after(Closed(), CustomerMessage("?")).status is Status.CLOSED


@pytest.mark.parametrize("over", [Resolved(), Closed()])
def test_what_is_over_does_not_wait_and_is_not_begun_by_a_reply(over: Body) -> None:
    status = after(over).status
    assert after(over, WaitingOn("customer")).status is status
    assert after(over, PublicReply("glad to help")).status is status


@pytest.mark.parametrize("over", [Resolved(), Closed(), Rejected("spam")])
def test_reopened_is_open_and_not_over(over: Body) -> None:
    state = after(over, Reopened())
    assert (state.status, state.reopened_at) == (Status.OPEN, at(2))
    assert (state.resolved_at, state.closed_at) == (None, None)


def test_a_closed_case_stays_closed_when_its_resolution_is_set_afterwards() -> None:
    state = after(Closed(), Resolved())
    assert (state.status, state.closed_at, state.resolved_at) == (Status.CLOSED, at(1), at(2))


def test_a_party_nobody_can_wait_for_is_refused() -> None:
    with pytest.raises(ValueError, match="waiting_godot"):
        after(WaitingOn("godot"))
