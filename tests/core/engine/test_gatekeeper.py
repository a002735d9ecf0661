"""What a tracker let through without what a clause asks for: flagged, or taken for not done."""

from __future__ import annotations

import pytest

from tests.core.engine.scene import BO, Case, at, spoken, terms
from upheld.case.events import Body, Closed, Linked, Provided, Resolved, StepTaken, Triaged, Worked
from upheld.case.state import Status
from upheld.policy.model import Gate

RULE = "require: {{before: {}, needs: waiver, override: reason, gate: {}, tell: manager}}"


def case(before: str = "resolve", gate: str = "flag") -> Case:
    found = Case(terms(RULE.format(before, gate)))
    found.happens(Linked("jira", "10", "ACME-1"), at())
    return found


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ("number", Triaged(2)),
        ("work", Worked()),
        ("resolve", Resolved()),
        ("close", Closed()),
        ("customer_access", Provided("customer_access")),
    ],
)
def test_each_gate_sees_what_passes_it(before: str, body: Body) -> None:
    found = case(before)
    found.happens(body, at(1))
    assert spoken(found.actions) == [("comment",), ("notify", "manager")]
    (step,) = found.bodies(StepTaken)
    assert (step.clause, step.due) == ("A-1", at(1))
    assert found.sends[0].facts["text"] == f"A-1: {before.replace('_', ' ')} without waiver."


@pytest.mark.parametrize(
    "body",
    [Resolved(override="they are in a hurry"), Worked(), Provided("something")],
)
def test_what_has_a_reason_or_passes_another_gate_is_told_to_nobody(body: Body) -> None:
    found = case()
    found.happens(body, at(1))
    assert found.actions == []


def test_what_is_there_is_not_missed() -> None:
    found = case()
    found.happens(Provided("waiver", "none"), at(1))
    found.happens(Resolved(), at(2))
    assert found.actions == []
    assert found.state(at(3)).status is Status.RESOLVED


@pytest.mark.parametrize("gate", [Gate.FLAG, Gate.PREVENT])
def test_what_is_flagged_stays_done(gate: Gate) -> None:
    found = case(gate=gate.value)
    found.happens(Resolved(), at(1))
    assert found.state(at(2)).status is Status.RESOLVED


def test_what_is_reverted_is_not_done_and_that_only_once() -> None:
    found = case(gate="revert")
    found.happens(Resolved(), at(1))
    assert found.state(at(1)).status is Status.OPEN
    assert "not done" in found.sends[0].facts["text"]
    found.happens(Resolved(), at(2))
    assert found.state(at(2)).status is Status.RESOLVED
    assert [step.due for step in found.bodies(StepTaken)] == [at(1), at(2)]


def test_what_is_reverted_meets_no_clock() -> None:
    target = "target: resolution, within: 8 hours"
    found = Case(terms(RULE.format("resolve", "revert"), target))
    found.happens(Resolved(), at(1))
    assert found.clock(at(2)).met_at is None
    found.happens(Resolved(), at(3))
    assert found.clock(at(4)).met_at == at(3)


def test_a_waiver_of_which_we_hear_late_stops_what_comes_later_and_no_more() -> None:
    found = case()
    found.happens(Resolved(), at(2))
    found.happens(Provided("waiver"), at(1), seen=at(3), by=BO)
    assert found.life(at(3)).steps == ()
    assert len(found.bodies(StepTaken)) == 1
