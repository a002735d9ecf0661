"""Findings on what is said: numbers that stand twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from upheld.errors import Place
from upheld.policy.model import Clause, Every, Policy, Require, Target, When

_NUMBER: Final = "|".join(
    (
        r"\d+",
        *("an", "a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        *("eleven", "twelve", "twenty-four", "forty-eight"),
    )
)
_LENGTH: Final = re.compile(
    rf"\b({_NUMBER})[ -](business |working |calendar )?(minute|hour|day|week)s?\b", re.IGNORECASE
)
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, before they are put in order."""

    check: str
    place: Place
    clause: str
    what: str
    do_next: str


def literal_numbers(policy: Policy) -> Iterator[Found]:
    """A number that stands twice is changed once."""
    for clause in policy.clauses:
        if not any(isinstance(rule, Target | When | Every | Require) for rule in clause.rules):
            continue
        said = _LENGTH.search(_PLACEHOLDER.sub("", clause.says))
        if said:
            yield Found(
                "literal-number",
                clause.place,
                clause.id,
                f"says {said[0]!r} by itself, so the sentence and its rule can differ",
                "write a placeholder, such as `{within}` or `{first.within}`",
            )


def unwritten(policy: Policy) -> Iterator[Found]:
    """A chapter whose text the publisher is still to write: it stands in braces."""
    for section in policy.sections:
        if section.clauses and _PLACEHOLDER.search(section.text or ""):
            clause = section.clauses[0]
            yield Found(
                "unwritten",
                clause.place,
                clause.id,
                f"the text under {section.heading!r} is a placeholder",
                "write it in a file that `extends:` this one, or leave the chapter out",
            )


def named(clause: Clause, name: str) -> str:
    """``answer`` of M-15, or just its clause where it has one rule."""
    return clause.id if name == clause.id else f"{clause.id} {name}"
