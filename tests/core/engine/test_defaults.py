"""``defaults``: what counts where nothing is said of a case."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.core.engine.scene import OPENED, START, Case
from upheld.calendar.instant import HOUR
from upheld.case.events import Opened, PlanChanged
from upheld.engine.classify import covers
from upheld.engine.gates import missing
from upheld.engine.terms import Terms, compile_terms
from upheld.policy import load_policy

POLICY = """
policy: Plans
severities: {1: {name: Urgent}}
plans: {standard: {}, premier: {}}
DEFAULTS
document:
- heading: All
  clauses:
  - {id: A-1, says: One., target: first_response, for: {plan: standard}, within: 4 hours}
  - {id: A-2, says: Two., target: first_response, for: {plan: premier}, within: 1 hour}
  - {id: A-3, says: Three., require: {before: resolve, needs: contract}}
"""


@cache
def terms(defaults: str = "defaults: {plan: standard}") -> Terms:
    return compile_terms(load_policy(POLICY.replace("DEFAULTS", defaults)))


def opened(plan: str | None, by: Terms) -> Case:
    return Case(by, replace(OPENED, plan=plan))


def promised(case: Case) -> list[tuple[str, int]]:
    return [(run.clause, run.within) for run in case.life(START).clocks if run.due is not None]


def test_who_has_no_plan_counts_as_of_the_default_one() -> None:
    assert promised(opened(None, terms())) == [("A-1", 4 * HOUR)]


def test_without_a_default_nothing_is_promised_to_them() -> None:
    assert promised(opened(None, terms(""))) == []


def test_who_has_a_plan_keeps_it() -> None:
    assert promised(opened("premier", terms())) == [("A-2", HOUR)]


def test_a_plan_that_ended_leaves_the_default() -> None:
    case = opened("premier", terms())
    case.happens(PlanChanged(None), START)
    assert promised(case) == [("A-1", 4 * HOUR)]


@pytest.mark.parametrize(("plan", "lacks"), [(None, True), ("premier", False)])
def test_a_default_is_no_contract(plan: str | None, *, lacks: bool) -> None:
    by = terms()
    case = opened(plan, by)
    assert bool(missing(by.policy, case.life(START).state, "resolve")) is lacks


@pytest.mark.parametrize(("plan", "its"), [("premier", True), (None, False)])
def test_nobody_comes_under_a_policy_by_the_plan_it_gives_by_default(
    plan: str | None, *, its: bool
) -> None:
    text = POLICY.replace("DEFAULTS", "defaults: {plan: premier}\nfor: {plan: premier}")
    policy = load_policy(text)
    asked = Opened("phone", "Slow", "…", plan=plan)
    assert covers(policy, policy, asked, 0, {}) is its
