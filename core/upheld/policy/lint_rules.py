"""Findings on rules that can never hold, and on those that hold for anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from upheld.policy.lint_words import Found
from upheld.policy.model import (
    Classify,
    Clause,
    Condition,
    Every,
    Intake,
    Policy,
    Row,
    Target,
    Test,
    Verb,
    When,
)


def unreachable(policy: Policy) -> Iterator[Found]:
    """Conditions that contradict themselves, rows behind one that takes all, targets nobody has."""
    targets = {
        rule.target: rule.aim is not None
        for clause in policy.clauses
        for rule in clause.rules
        if isinstance(rule, Target)
    }
    for clause in policy.clauses:
        for rule in clause.rules:
            if isinstance(rule, Classify):
                yield from _rows(clause, rule)
            for condition in conditions_of(rule):
                for what in _never(condition, targets):
                    mend = "take one of them out: all tests of a condition must hold"
                    yield Found("unreachable", rule.place, clause.id, what, mend)


def conditions_of(rule: object) -> Iterator[Condition]:
    """Every condition that a rule has."""
    match rule:
        case Target(applies=applies):
            yield applies
        case When(when=when, unless=unless):
            yield from (when, unless) if unless else (when,)
        case Every(holds=holds):
            yield holds
        case Classify(rows=rows):
            yield from (row.when for row in rows)


def _never(condition: Condition, targets: dict[str, bool]) -> Iterator[str]:
    seen: dict[str, Test] = {}
    for test in condition.tests:
        before = seen.setdefault(test.key, test)
        single = test.key not in {"flag", "field", "is", "words", "missed", "warned"}
        if single and before is not test and not set(before.values) & set(test.values):
            yield f"asks for two values of {test.key} at one time: it never holds"
        if test.key == "warned" and not any(targets.get(str(value)) for value in test.values):
            yield "waits for a warning, and no target of that name has an `aim`: it never comes"


def _rows(clause: Clause, rule: Classify) -> Iterator[Found]:
    for index, row in enumerate(rule.rows):
        taken = next((earlier for earlier in rule.rows[:index] if _takes(earlier, row)), None)
        if taken is not None:
            number = rule.rows.index(taken) + 1
            yield Found(
                "unreachable",
                rule.place,
                clause.id,
                f"row {index + 1} is never reached: row {number} takes all that it would take",
                "put the narrower row first",
            )


def _takes(earlier: Row, later: Row) -> bool:
    """Whether whatever fits the later row has fitted the earlier: rows are read from above."""
    if earlier.matrix is not None or later.matrix is not None:
        return False
    return all(_covered(test, later.when.tests) for test in earlier.when.tests)


def _covered(test: Test, by: Sequence[Test]) -> bool:
    return any(test.key == other.key and set(other.values) <= set(test.values) for other in by)


def by_strangers(policy: Policy) -> Iterator[Found]:
    """Where mail of anybody opens a case, its words must not page people."""
    if not any(_opens_for_anybody(rule) for rule in _all(policy)):
        return
    for clause in policy.clauses:
        for rule in clause.rules:
            for row in rule.rows if isinstance(rule, Classify) else ():
                if row.severity == min(policy.severities) and _only_words(row.when.tests):
                    yield Found(
                        "severity-by-strangers",
                        rule.place,
                        clause.id,
                        f"words alone make a severity {row.severity}, and mail of anybody opens a case",
                        "add `from: partner` to the row, or let only partners open cases",
                    )
                    break


def _only_words(tests: Iterable[Test]) -> bool:
    return {test.key for test in tests} == {"words"}


def _opens_for_anybody(rule: object) -> bool:
    return (
        isinstance(rule, Intake)
        and "unknown" in rule.sender
        and any(do.verb is Verb.OPEN for do in rule.do)
    )


def _all(policy: Policy) -> Iterator[object]:
    return (rule for clause in policy.clauses for rule in clause.rules)
