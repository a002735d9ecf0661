"""Two rules must not set one thing for one case: rules have no order by which either could win.

Found is what can be told from the file: rules of the same keys, for values that meet, at one time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import TypeAlias

from upheld.policy.model import AnyRule, Classify, Clause, Condition, Do, Policy, Verb, When
from upheld.policy.reader import Finding
from upheld.policy.times import Duration

#: What a rule sets: the thing, and to what.
Settings: TypeAlias = Mapping[str, object]


def conflicts(policy: Policy) -> Iterator[tuple[Clause, AnyRule, Finding]]:
    """The later of each two rules that set one thing, and the clause of the earlier."""
    rules = [(clause, rule) for clause in policy.clauses for rule in clause.rules if settings(rule)]
    for (earlier, one), (clause, other) in combinations(rules, 2):
        if not _meet(one, other):
            continue
        theirs = settings(one)
        for thing, value in settings(other).items():
            if thing in theirs and (theirs[thing] != value or isinstance(other, Classify)):
                what = f"the {thing} is set by {earlier.id} as well, for the same case"
                yield (
                    clause,
                    other,
                    (value, what, "leave it to one of them, or tell the cases apart"),
                )


def settings(rule: AnyRule) -> Settings:
    """What a rule sets once: severity, assignee and queue of a case, or its proposed severity."""
    if isinstance(rule, Classify):
        tells = (row for row in rule.rows if row.severity is not None or row.matrix is not None)
        proposed = [row.severity for row in tells]
        return {"proposed severity": proposed[0]} if proposed else {}
    if isinstance(rule, When):
        return {thing: value for do in rule.do for thing, value in _sets(do)}
    return {}


def _sets(do: Do) -> Iterator[tuple[str, object]]:
    if do.verb is Verb.SET:
        named = (("severity", do.severity), ("outcome", do.outcome), ("kind", do.kind))
        yield from ((thing, value) for thing, value in named if value is not None)
    elif do.verb is Verb.ASSIGN and do.queue is not None:
        yield "queue", do.queue
    elif do.verb is Verb.ASSIGN:
        yield "assignee", " ".join(do.to)


def _meet(one: AnyRule, other: AnyRule) -> bool:
    if isinstance(one, Classify) or isinstance(other, Classify):
        return isinstance(one, Classify) and isinstance(other, Classify)
    return (
        isinstance(one, When)
        and isinstance(other, When)
        and _length(one.after) == _length(other.after)
        and one.unless == other.unless
        and _overlap(one.when, other.when)
    )


def _length(after: Duration | None) -> Duration | None:
    return after and replace(after, text="")


def _overlap(one: Condition, other: Condition) -> bool:
    mine, theirs = ({test.key: set(test.values) for test in each.tests} for each in (one, other))
    return mine.keys() == theirs.keys() and all(mine[key] & theirs[key] for key in mine)
