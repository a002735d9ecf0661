"""Findings on rules that do one thing twice: two letters, two values, two promises."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from upheld.policy.conflicts import settings
from upheld.policy.lint_words import Found
from upheld.policy.model import Condition, Do, Policy, Target, Verb, When

#: What is a letter of its own, whatever else is sent at that moment.
_LETTERS: Final = frozenset({Verb.MAIL, Verb.FORWARD})
#: What a case has one of at any time: two tests of it that share no value never hold together.
_ONE: Final = frozenset(
    {"severity", "plan", "tier", "status", "source", "from", "outcome", "kind", "product", "queue"}
    | {"customer_kind", "is"}
)


def two_letters(policy: Policy) -> Iterator[Found]:
    """Two clauses that write to one person when the same thing happens, each with its own letter."""
    rules = [
        (clause, rule, do)
        for clause in policy.clauses
        for rule in clause.rules
        if isinstance(rule, When)
        for do in rule.do
        if do.verb in _LETTERS
    ]
    for (earlier, one, mine), (clause, other, theirs) in combinations(rules, 2):
        if earlier.id != clause.id and _one_moment(one, other) and _meet(mine, theirs):
            to = ", ".join(sorted(set(mine.to) & set(theirs.to)))
            yield Found(
                "two-letters",
                other.place,
                clause.id,
                f"writes to {to} at the moment at which {earlier.id} does: two letters",
                "put both into one template, or tell the cases apart",
            )


def _one_moment(one: When, other: When) -> bool:
    same = (one.when, one.before, one.calendar) == (other.when, other.before, other.calendar)
    return same and (one.after and one.after.text) == (other.after and other.after.text)


def _meet(one: Do, other: Do) -> bool:
    """The same letter to the same person is sent once."""
    return bool(set(one.to) & set(other.to)) and one.template != other.template


def set_twice(policy: Policy) -> Iterator[Found]:
    """Two steps that set one thing differently, two targets of one name: which of them holds?

    Those of the very same keys are an error of loading; here are those which one case may meet.
    """
    rules = [(clause, rule) for clause in policy.clauses for rule in clause.rules]
    for (earlier, one), (clause, other) in combinations(rules, 2):
        for thing in _both_set(one, other):
            yield Found(
                "set-twice",
                other.place,
                clause.id,
                f"{earlier.id} sets the {thing} as well, and one case may fit both",
                "tell the cases apart, or leave it to one of them",
            )


def _both_set(one: object, other: object) -> Iterator[str]:
    match one, other:
        case Target(promises_none=False), Target(promises_none=False) if (one.target, one.tier) == (
            other.target,
            other.tier,
        ) and together(one.applies, other.applies):
            yield f"target {one.target}"
        case When(), When() if _one_time(one, other) and together(one.when, other.when):
            mine, theirs = settings(one), settings(other)
            yield from (thing for thing in mine if theirs.get(thing, mine[thing]) != mine[thing])


def _one_time(one: When, other: When) -> bool:
    return one.after == other.after is None and one.unless is None and other.unless is None


def together(one: Condition, other: Condition) -> bool:
    """Whether one case can meet both at one time, as far as their keys tell."""
    mine = {test.key: set(test.values) for test in one.tests if test.key in _ONE}
    theirs = {test.key: set(test.values) for test in other.tests if test.key in _ONE}
    return all(mine[key] & theirs[key] for key in mine.keys() & theirs.keys())
