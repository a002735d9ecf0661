"""Every promise of the four policies has its clause, its test and its line in the docs."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.repository import ROOT
from upheld.policy import load_shipped

SCRIPT: Final[Mapping[str, Any]] = runpy.run_path(str(ROOT / "scripts" / "clauses.py"))
#: How many promises the document of each policy makes, and the letter of their ids.
PROMISES: Final = {
    "magnolia": ("M", 27),
    "xecuritas": ("X", 17),
    "managry": ("G", 12),
    "medusa": ("P", 12),
}


@pytest.mark.parametrize("name", SCRIPT["POLICIES"])
def test_every_promise_has_its_clause(name: str) -> None:
    letter, count = PROMISES[name]
    ids = sorted(clause.id for clause in load_shipped(name).clauses)
    assert ids == [f"{letter}-{number:02}" for number in range(1, count + 1)]


@pytest.mark.parametrize("name", SCRIPT["POLICIES"])
def test_every_clause_is_shown_by_a_test(name: str) -> None:
    shown = SCRIPT["tests"]()
    assert [clause.id for clause in load_shipped(name).clauses if clause.id not in shown] == []


@pytest.mark.parametrize("name", SCRIPT["POLICIES"])
def test_every_policy_has_forty_scenarios_and_more(name: str) -> None:
    assert SCRIPT["scenarios"](name).total() >= 40


def test_the_page_is_up_to_date() -> None:
    written = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert written == SCRIPT["page"](), "run: python scripts/clauses.py"
