"""A case goes from desk to desk: who may give it on, and who answers the customer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.core.desk.scene import ANN, PAT, Desk, refused
from upheld.case.events import Actor, HandedOver, Side
from upheld.desk.verbs import Verbs
from upheld.ledger import Ledger
from upheld.policy import Policy, load_policy

CUSTOMER = Actor(PAT, Side.CUSTOMER)
BO, VERA = Actor("bo", Side.STAFF), Actor("vera", Side.STAFF)
POLICY = """
policy: Two levels
version: "1"
published_by: Magnolia
severities: {1: {name: High, means: bad}}
calendars: {office: {zone: UTC, week: {mon-fri: "09:00-17:00"}}}
roles: {support-team: Support, vp-operations: Vice president}
tiers: {first: {name: First level}, top: {name: Top level, answers: desk}}
desks:
  home: {name: Home desk, tier: first, calendar: office, people: support-team}
  top: {tier: top, calendar: office, people: vp-operations}
document:
- heading: All
  clauses:
  - {id: D-1, says: It is described., require: {before: hand_over, needs: symptoms, override: why}}
"""


def policy() -> Policy:
    return load_policy(POLICY)


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    desk = Desk(ledger, policy=policy())
    desk.entered()
    return desk


def handed(desk: Desk) -> None:
    desk.verbs.hand_over("C1", ANN, "top", "too deep", override="it is on fire")


def test_a_case_is_handed_over_with_who_why_and_whose_turn_it_is(desk_on_both: Desk) -> None:
    desk_on_both.policy = policy()
    desk_on_both.entered()
    handed(desk_on_both)
    event = desk_on_both.last("handed_over")
    assert event.body == HandedOver("top", "top", "too deep", "it is on fire")
    assert event.actor == ANN
    state = desk_on_both.state()
    assert (state.held_by, state.tier) == ("top", "top")


def test_what_a_clause_needs_before_is_there_or_there_is_a_reason(desk: Desk) -> None:
    told = refused(desk, lambda v: v.hand_over("C1", ANN, "top", "too deep"))
    assert "C1 can't be handed over yet: D-1 needs symptoms first" in told
    assert "can't be handed over" in refused(
        desk, lambda v: v.escalate("C1", ANN, "top", "too deep")
    )
    desk.verbs.provide("C1", ANN, "symptoms", "it resets itself")
    desk.verbs.hand_over("C1", ANN, "top", "too deep")
    assert desk.state().held_by == "top"


def test_a_customers_escalation_passes_no_gate_and_moves_nothing(desk: Desk) -> None:
    desk.verbs.escalate("C1", CUSTOMER, "top", "nobody calls")
    assert desk.state().held_by == "home"


@pytest.mark.parametrize(
    ("do", "why"),
    [
        (lambda v: v.hand_over("C1", ANN, "tpo", "x"), "has no desk 'tpo'; it has: home, top"),
        (lambda v: v.hand_over("C1", ANN, "home", "x"), "home has C1 already"),
        (lambda v: v.hand_over("C1", ANN, "top", " "), "there is no text"),
        (lambda v: v.hand_over("C1", CUSTOMER, "top", "x"), "only staff can"),
    ],
)
def test_what_can_not_be_handed_over_is_refused(
    desk: Desk, do: Callable[[Verbs], None], why: str
) -> None:
    assert why in refused(desk, do)


def test_a_closed_case_is_nobodys_turn(desk: Desk) -> None:
    desk.closed("C1")
    assert "C1 is closed" in refused(desk, lambda v: v.hand_over("C1", ANN, "top", "too deep"))


def test_a_policy_without_desks_says_so(ledger: Ledger) -> None:
    plain = Desk(ledger)
    plain.entered()
    assert "has no desk 'top'; it has: none" in refused(
        plain, lambda v: v.hand_over("C1", ANN, "top", "x")
    )


def test_the_customer_hears_from_their_desk_alone(desk: Desk) -> None:
    handed(desk)
    told = refused(desk, lambda v: v.reply("C1", VERA, "It is the board."))
    assert "the customer hears from Home desk alone; write a note for them" in told
    desk.verbs.reply("C1", BO, "A new board is on its way.")
    assert desk.last("public_reply").actor == BO


def test_who_belongs_to_no_desk_may_answer(desk: Desk) -> None:
    desk.verbs.reply("C1", Actor("somebody", Side.STAFF), "We are on it.")
    assert desk.last("public_reply").actor.id == "somebody"
