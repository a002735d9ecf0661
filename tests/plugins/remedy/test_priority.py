"""The table of impact and urgency, both ways."""

from __future__ import annotations

from itertools import product

import pytest

from upheld_remedy.priority import IMPACTS, LEAST, PAIRS, URGENCIES, Priorities
from upheld_remedy.simulator import rules


@pytest.mark.parametrize("priority", LEAST)
def test_what_is_written_for_a_priority_comes_back_as_it(priority: str) -> None:
    assert Priorities().of(*PAIRS[priority]) == priority


@pytest.mark.parametrize(("impact", "urgency"), list(product(IMPACTS, URGENCIES)))
def test_every_pair_has_the_priority_that_the_server_gives_it(impact: str, urgency: str) -> None:
    assert Priorities().of(impact, urgency) == rules.priority(impact, urgency)


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [
        ("4-Minor/Localized", "2-High", "Medium"),  # as a connector's recorded answer has it
        ("3-Moderate/Limited", "1-Critical", "High"),
        ("2-Significant/Large", "1-Critical", "Critical"),
        ("2-Significant/Large", "4-Low", "Low"),
    ],
)
def test_pairs_that_are_none_of_ours(impact: str, urgency: str, priority: str) -> None:
    assert Priorities().of(impact, urgency) == priority


def test_a_pair_that_makes_another_priority_is_found() -> None:
    wrong = {**PAIRS, "High": ("4-Minor/Localized", "4-Low")}
    assert Priorities(pairs=wrong).wrong() == "High"
    assert Priorities(pairs={"Urgent": PAIRS["High"]}).wrong() == "Urgent"
    assert Priorities(pairs={"High": ("no such", "2-High")}).wrong() == "High"
    assert Priorities().wrong() is None


def test_what_the_table_does_not_have() -> None:
    with pytest.raises(KeyError):
        Priorities().of("5-None", "4-Low")
