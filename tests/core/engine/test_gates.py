"""What must be there before something may happen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.engine.scene import OPENED, START, at, terms
from upheld.case.state import CaseState
from upheld.engine.gates import missing
from upheld.policy.model import Gate

FRESH = CaseState(OPENED, START)


def lacks(rule: str, before: str, **change: Any) -> list[tuple[str, ...]]:
    policy = terms(rule).policy
    return [lack.needs for lack in missing(policy, FRESH.but(**change), before)]


@pytest.mark.parametrize(
    ("need", "change"),
    [
        ("triage", {"triaged": True}),
        ("resolved", {"resolved_at": at(1)}),
        ("resolved", {"rejected": True}),
        ("number", {"given_number": "77"}),
        ("severity", {"severity": 2}),
        ("engineer", {"assignee": "bo"}),
        ("worked", {"worked_at": at(1)}),
        ("waiver", {"provided": frozenset({"waiver"})}),
    ],
)
def test_a_need_stands_in_the_way_until_it_is_met(need: str, change: dict[str, Any]) -> None:
    rule = f"require: {{before: close, needs: {need}}}"
    assert lacks(rule, "close") == [(need,)]
    assert lacks(rule, "close", **change) == []


def test_only_what_it_is_asked_before_is_in_the_way() -> None:
    assert lacks("require: {before: close, needs: waiver}", "resolve") == []


def test_only_what_lacks_is_named() -> None:
    rule = "require: {before: resolve, needs: [cause, waiver]}"
    assert lacks(rule, "resolve", provided=frozenset({"cause"})) == [("waiver",)]


def test_a_need_of_one_severity_is_none_of_another() -> None:
    rule = "require: {before: close, needs: resolved, for: {severity: 2}}"
    assert lacks(rule, "close", severity=2) == [("resolved",)]
    assert lacks(rule, "close", severity=3) == []


def test_the_gate_and_the_way_around_it_are_told() -> None:
    policy = terms("require: {before: close, needs: waiver, override: agreed, gate: flag}").policy
    (lack,) = missing(policy, FRESH, "close")
    assert (lack.clause.id, lack.gate, lack.override) == ("A-1", Gate.FLAG, "agreed")
