"""What reads well and works otherwise: findings on a policy that loads. Pure.

What is wrong in itself (unknown names, two rules that set one thing, an empty list) is an error of
loading; here stands what may be meant, and mostly is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from upheld.errors import Place
from upheld.policy import lint_rules, lint_targets, lint_words
from upheld.policy.model import AnyRule, Clause, Policy

#: Clause, rule, and what is lacking: what this version reads but does not enforce.
Lacking: TypeAlias = Iterable[tuple[Clause, AnyRule, str]]


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding: what it is (``check``), where, in which clause, and how to mend it."""

    check: str
    place: Place
    clause: str
    what: str
    do_next: str


#: What each check looks for, as docs/reference/lint.md lists them.
CHECKS: Final = {
    "not-enforced": "a sentence is published, and this version does not enforce its rule",
    "literal-number": "a duration stands in `says` of a clause with a rule, where it can differ from it",
    "no-clock": "an open case of some severity and plan would have no clock and no step that is due",
    "unreachable": "a rule or a row that can never hold",
    "never-runs": "a pause holds from the start, so the clock never runs",
    "answer-after-resolution": "the first answer may come later than the resolution",
    "ongoing-before-first": "answers that follow are due sooner than the first one",
    "empty-calendar": "a calendar that is never open",
    "holidays-end": "a list of holidays ends soon, or has ended",
    "unwritten": "the text of a chapter stands in braces: its publisher is still to write it",
    "two-letters": "two clauses write to one person at one moment, and it stays two letters",
    "severity-by-strangers": "words of any sender can make a case a severity 1",
}
_PURE: Final[tuple[Callable[[Policy], Iterator[lint_words.Found]], ...]] = (
    lint_words.literal_numbers,
    lint_targets.without_clock,
    lint_rules.unreachable,
    lint_targets.never_runs,
    lint_targets.out_of_order,
    lint_words.unwritten,
    lint_words.two_letters,
    lint_rules.by_strangers,
)


def lint(policy: Policy, *, today: date, lacking: Lacking = ()) -> tuple[Lint, ...]:
    """All findings, in the order of the file. ``lacking`` comes from the engine, ``today`` from a clock."""
    found = [each for check in _PURE for each in check(policy)]
    found += lint_targets.calendars(policy, today)
    found += [
        lint_words.Found(
            "not-enforced",
            rule.place,
            clause.id,
            f"{what}: published, and not enforced by this version",
            "tell nobody that it is kept, or leave the sentence out until it is",
        )
        for clause, rule, what in lacking
    ]
    return tuple(
        Lint(each.check, each.place, each.clause, each.what, each.do_next)
        for each in sorted(found, key=lambda each: (each.place.line or 0, each.place.column or 0))
    )
