"""What makes a grade, and what lowers it."""

from __future__ import annotations

import re

import pytest

from tests.pages import section
from tests.repository import DOCS
from upheld.testing.kit import Assertion, Grade, Kind, Outcome, Shown, assertions
from upheld.testing.kit.grade import graded, outcome, shown_by, shows

PAGE = DOCS / "reference" / "conformance.md"
ONE = {grade: Assertion(f"X{n}", grade, "something") for n, grade in enumerate(Grade)}
PASSED, FAILED, EXEMPT = Outcome.PASSED, Outcome.FAILED, Outcome.EXEMPT


def results(**outcomes: Outcome) -> list[Shown]:
    return [Shown(ONE[Grade(grade)], came_to) for grade, came_to in outcomes.items()]


def test_all_that_holds_is_gold() -> None:
    assert graded(results(bronze=PASSED, silver=EXEMPT, gold=PASSED)) is Grade.GOLD


@pytest.mark.parametrize(
    ("low", "reached"),
    [("bronze", Grade.NONE), ("silver", Grade.BRONZE), ("gold", Grade.SILVER)],
)
@pytest.mark.parametrize("came_to", [FAILED, Outcome.MISSING])
def test_one_that_does_not_hold_ends_the_climb(low: str, reached: Grade, came_to: Outcome) -> None:
    shown = results(**({"bronze": PASSED, "silver": PASSED, "gold": PASSED} | {low: came_to}))
    assert graded(shown) is reached


def test_one_failure_among_many_tests_is_enough() -> None:
    tests = {"X1": [(PASSED, ""), (FAILED, "test_b: why"), (EXEMPT, "no network")]}
    assert outcome(ONE[Grade.BRONZE], tests) == Shown(ONE[Grade.BRONZE], FAILED, "test_b: why")


def test_what_no_test_showed_is_missing() -> None:
    assert outcome(ONE[Grade.BRONZE], {}).outcome is Outcome.MISSING


def test_an_exemption_keeps_its_reason() -> None:
    shown = outcome(ONE[Grade.BRONZE], {"X1": [(EXEMPT, "no network")]})
    assert (shown.holds, shown.reason) == (True, "no network")


def test_a_test_that_replaces_one_of_the_kit_shows_nothing() -> None:
    class Ours:
        @shows("X1")
        def test_it(self) -> None: ...

    class Theirs(Ours):
        def test_it(self) -> None: ...

    assert (shown_by(Ours.test_it), shown_by(Theirs.test_it)) == (("X1",), ())


@pytest.mark.parametrize("kind", [kind for kind in Kind if assertions(kind)])
def test_the_page_tells_every_assertion_and_no_other(kind: Kind) -> None:
    rows = re.findall(
        r"^\| `(.*?)` \| (\w+) \| (.*?)(?: \(`(\w+)`\))? \|$",
        section(PAGE, f"What a {kind} is held to"),
        re.MULTILINE,
    )
    listed = [(each.id, each.grade, each.title, each.needs or "") for each in assertions(kind)]
    assert rows == listed


@pytest.mark.parametrize("kind", [kind for kind in Kind if assertions(kind)])
def test_ids_are_unique(kind: Kind) -> None:
    ids = [each.id for each in assertions(kind)]
    assert len(ids) == len(set(ids))


def test_a_tracker_is_held_to_63() -> None:
    assert len(assertions(Kind.TRACKER)) == 63
