"""Findings on rules that can never hold, and on those that hold for anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from upheld.policy.lint_words import Found
from upheld.policy.model import (
    Classify,
    Clause,
    Condition,
    Intake,
    Policy,
    Row,
    Target,
    Test,
    Verb,
    When,
)

#: What is wrong, and how to mend it.
Said: TypeAlias = tuple[str, str]


def unreachable(policy: Policy) -> Iterator[Found]:
    """Steps that their own ``unless`` rules out, rows and rules behind one that takes all they would
    take, waits for what no target gives."""
    intakes: set[tuple[str, str]] = set()
    for clause in policy.clauses:
        for rule in clause.rules:
            if isinstance(rule, Classify):
                yield from _rows(clause, rule)
            for what, mend in (
                *_ruled_out(rule),
                *_never(policy, rule),
                *_taken_before(rule, intakes),
            ):
                yield Found("unreachable", rule.place, clause.id, what, mend)


def _ruled_out(rule: object) -> Iterator[Said]:
    if isinstance(rule, When) and rule.unless and rule.unless.tests:
        given = rule.when.tests
        if rule.after is None and all(_covered(test, given) for test in rule.unless.tests):
            yield "its `unless` holds whenever its `when` does: it never comes", "mend one of them"


def _never(policy: Policy, rule: object) -> Iterator[Said]:
    condition = rule.when if isinstance(rule, When) else Condition()
    targets = [each for each in all_rules(policy) if isinstance(each, Target)]
    for test in condition.tests:
        named = [each for each in targets if each.target in test.values]
        if test.key == "warned" and not any(each.aim for each in named):
            yield (
                "waits for a warning, and no target of that name has an `aim`: it never comes",
                "give the target an `aim`, or wait for `missed`",
            )
        if test.key == "missed" and all(each.promises_none for each in named):
            yield (
                "waits for a target to be missed that promises nothing: it never comes",
                "give the target a `within`, or leave the step out",
            )


def _taken_before(rule: object, intakes: set[tuple[str, str]]) -> Iterator[Said]:
    """Of the rules for what arrives the first that fits counts."""
    if not isinstance(rule, Intake):
        return
    takes = {(who, nature) for who in rule.sender for nature in rule.nature or ("normal",)}
    if takes <= intakes:
        yield "takes what an earlier intake rule takes: it never comes", "join the two"
    intakes |= takes


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
    if not any(_opens_for_anybody(rule) for rule in all_rules(policy)):
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


def all_rules(policy: Policy) -> Iterator[object]:
    """Every rule, in the order of the file."""
    return (rule for clause in policy.clauses for rule in clause.rules)
