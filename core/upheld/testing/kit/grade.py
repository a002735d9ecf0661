"""Grades, kinds and assertions: the words of the conformance kit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from upheld.plugin import Ability

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE: Final = "upheld_assertions"


class Grade(StrEnum):
    """How far a plugin can be trusted; each takes in all that stands before it."""

    NONE = "none"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Kind(StrEnum):
    """What is held to a list of assertions of its own."""

    TRACKER = "tracker"
    NOTIFIER = "notifier"
    CONVERSATION = "conversation"
    PROBE = "probe"
    FEED = "feed"


class Outcome(StrEnum):
    """What came of an assertion. ``MISSING``: no test of the contract showed it."""

    PASSED = "passed"
    FAILED = "failed"
    EXEMPT = "exempt"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing that the kit shows. ``id`` never changes; ``needs`` is the ability without which
    it does not apply."""

    id: str
    grade: Grade
    title: str
    needs: Ability | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """An assertion, what came of it, and why: the reason of an exemption, or what was found."""

    assertion: Assertion
    outcome: Outcome
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether it does not lower the grade."""
        return self.outcome in {Outcome.PASSED, Outcome.EXEMPT}


def shows(*ids: str) -> Callable[[F], F]:
    """Marks a test with the assertions that it shows."""

    def marked(test: F) -> F:
        setattr(test, _ATTRIBUTE, ids)
        return test

    return marked


def shown_by(test: object) -> tuple[str, ...]:
    """The assertions that a test shows; a test that replaces one of the kit's shows none."""
    ids: tuple[str, ...] = getattr(test, _ATTRIBUTE, ())
    return ids


def graded(results: Iterable[Shown]) -> Grade:
    """The highest grade of which, and below which, everything holds."""
    found, reached = list(results), Grade.NONE
    for grade in (Grade.BRONZE, Grade.SILVER, Grade.GOLD):
        of_it = [each for each in found if each.assertion.grade is grade]
        if not all(each.holds for each in of_it):
            break
        reached = grade
    return reached


def outcome(assertion: Assertion, tests: Mapping[str, list[tuple[Outcome, str]]]) -> Shown:
    """What came of an assertion, of what came of its tests: one failure is enough."""
    found = tests.get(assertion.id, [])
    for wanted in (Outcome.FAILED, Outcome.PASSED, Outcome.EXEMPT):
        reasons = [reason for each, reason in found if each is wanted]
        if reasons:
            return Shown(assertion, wanted, reasons[0])
    return Shown(assertion, Outcome.MISSING, "no test of the contract shows it")
