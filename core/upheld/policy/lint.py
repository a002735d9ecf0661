"""What reads well and works otherwise: findings on a policy that loads. Pure.

What is wrong in itself (unknown names, two rules that set one thing, an empty list) is an error of
loading; here stands what may be meant, and mostly is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from typing import Final, TypeAlias

from upheld.errors import Place
from upheld.policy import lint_rules, lint_targets, lint_twice, lint_words
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
    "set-twice": "two rules set one thing differently, or promise it twice, and one case may fit both",
    "empty-calendar": "a calendar that will never be open again",
    "holidays-end": "a list of holidays ends within 180 days, or has ended",
    "unwritten": "the text of a chapter stands in braces: its publisher is still to write it",
    "two-letters": "two clauses write to one person at one moment, and it stays two letters",
    "severity-by-strangers": "words of any sender can make a case a severity 1",
}
_ACCEPTED: Final = re.compile(r"#\s*accepted: ([a-z0-9-]+)[,:]\s*(\S.*)")
_PURE: Final[tuple[Callable[[Policy], Iterator[lint_words.Found]], ...]] = (
    lint_words.literal_numbers,
    lint_targets.without_clock,
    lint_rules.unreachable,
    lint_targets.never_runs,
    lint_targets.out_of_order,
    lint_words.unwritten,
    lint_twice.set_twice,
    lint_twice.two_letters,
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


def accepted(found: Lint, lines: Sequence[str]) -> str | None:
    """Why the file keeps what was found: ``# accepted: two-letters, each desk writes its own``.

    The comment stands on the line of the finding, or just above it. A comment is no promise: it
    makes no new version of the policy.
    """
    at = found.place.line or 0
    beside = list(lines[at - 1 : at])
    beside += takewhile(
        lambda line: line.strip().startswith("#"), reversed(lines[: max(at - 1, 0)])
    )
    said = (_ACCEPTED.search(line) for line in beside)
    return next((each[2].strip() for each in said if each and each[1] == found.check), None)
