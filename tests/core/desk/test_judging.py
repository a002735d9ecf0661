"""A person says what a case is: its outcome, its kind; with a reason, by the policy's own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.core.desk.scene import ANN, PAT, Desk
from upheld.case.events import Actor, KindSet, OutcomeSet, Side
from upheld.desk.verbs import Verbs
from upheld.errors import Refusal
from upheld.ledger import Ledger
from upheld.policy import load_policy

POLICY = """
extends: magnolia
policy: Lists
outcomes: {third_party: {clocks: stop}}
kinds: {usage: A question of use.}
document:
- heading: More
  clauses:
  - {id: X-1, says: Wishes are known., classify: [{outcome: wish, when: {words: wish}}]}
  - {id: X-2, says: Some is tried., when: {kind: usage}, do: [set: {outcome: best_effort}]}
"""
CUSTOMER = Actor(PAT, Side.CUSTOMER)


@pytest.fixture
def judged(ledger: Ledger) -> Desk:
    """A desk with one case, C1."""
    desk = Desk(ledger, policy=load_policy(POLICY))
    desk.opened()
    return desk


def test_an_outcome_is_said_with_its_reason_and_what_is_meant(judged: Desk) -> None:
    judged.verbs.outcome("C1", ANN, "third_party", "their driver", "Foo driver")
    event = judged.last("outcome_set")
    assert event.body == OutcomeSet("third_party", "their driver", "Foo driver")
    assert event.actor == ANN
    assert judged.case().due is None, "its clocks stand still"


def test_and_taken_back(judged: Desk) -> None:
    judged.verbs.outcome("C1", ANN, "third_party", "their driver")
    judged.clock.forward(minutes=1)  # facts of one instant are in no order
    judged.verbs.outcome("C1", ANN, None, "ours after all")
    assert judged.state().outcome is None
    assert judged.case().due is not None


@pytest.mark.parametrize("outcome", ["third_party", "wish", "best_effort"])
def test_an_outcome_is_listed_or_named_by_a_rule(judged: Desk, outcome: str) -> None:
    judged.verbs.outcome("C1", ANN, outcome, "so it is")
    assert judged.state().outcome == outcome


def test_a_kind_is_one_of_the_policys(judged: Desk) -> None:
    judged.verbs.kind("C1", ANN, "usage")
    assert judged.last("kind_set").body == KindSet("usage")
    assert judged.state().outcome == "best_effort", "a rule went by it"


@pytest.mark.parametrize(
    ("do", "what"),
    [
        (lambda v: v.outcome("C1", ANN, "lost", "…"), "has no outcome 'lost'"),
        (lambda v: v.outcome("C1", ANN, "wish", " "), "there is no text"),
        (lambda v: v.outcome("C1", ANN, None, "…"), "it has no outcome to take back"),
        (lambda v: v.outcome("C1", CUSTOMER, "wish", "…"), "only staff can"),
        (lambda v: v.kind("C1", ANN, "odd"), "has no kind 'odd'"),
        (lambda v: v.kind("C1", CUSTOMER, "usage"), "only staff can"),
    ],
)
def test_what_can_not_be_said_is_refused(
    judged: Desk, do: Callable[[Verbs], None], what: str
) -> None:
    with pytest.raises(Refusal, match=what):
        do(judged.verbs)
