"""What must fit together in a whole policy: names that lead somewhere, and no circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from upheld.errors import ConfigError, Place
from upheld.policy.model import (
    AnyRule,
    Business,
    BusinessDays,
    Classify,
    Condition,
    Do,
    Duration,
    Every,
    Intake,
    Policy,
    Require,
    Target,
    Test,
    Verb,
    When,
)
from upheld.policy.reader import Reader
from upheld.source import suggest

_PEOPLE = ("customer", "reporter", "assignee")
_ADDRESSED = frozenset({Verb.PAGE, Verb.NOTIFY, Verb.CALL, Verb.MAIL, Verb.UPDATE, Verb.ASSIGN})


def check_policy(policy: Policy, reader: Reader) -> None:
    """Remember in ``reader`` all that does not fit."""
    for what, place, do_next in _problems(policy):
        reader.problems.append(ConfigError(what, where=place, do_next=do_next))


def _problems(policy: Policy) -> Iterator[tuple[str, Place, str]]:
    yield from _ids(policy)
    yield from _kept_by(policy)
    for clause in policy.clauses:
        for rule in clause.rules:
            for what, do_next in _of_rule(policy, rule):
                yield f"{clause.id}: {what}", rule.place, do_next


def _ids(policy: Policy) -> Iterator[tuple[str, Place, str]]:
    counts = Counter(clause.id for clause in policy.clauses)
    for clause in policy.clauses:
        if counts[clause.id] > 1:
            yield (
                f"the id {clause.id!r} stands {counts[clause.id]} times",
                clause.place,
                "rename one",
            )


def _kept_by(policy: Policy) -> Iterator[tuple[str, Place, str]]:
    by_id = {clause.id: clause for clause in policy.clauses}
    for clause in policy.clauses:
        for other in clause.kept_by:
            if other not in by_id:
                yield f"{clause.id}: kept_by names {other!r}", clause.place, suggest(other, by_id)
        ahead, seen = list(clause.kept_by), set[str]()
        while ahead:
            name = ahead.pop()
            if name in by_id and name not in seen:
                seen.add(name)
                ahead += by_id[name].kept_by
        if clause.id in seen:
            yield (
                f"{clause.id}: kept_by leads back to itself",
                clause.place,
                "name who does the work",
            )


def _of_rule(policy: Policy, rule: AnyRule) -> Iterator[tuple[str, str]]:
    for condition in _conditions(rule):
        yield from _of_condition(policy, condition)
    for do in _actions(rule):
        yield from _of_action(policy, do)
    for length in _durations(rule):
        calendar = getattr(rule, "calendar", None)
        if isinstance(length, Business | BusinessDays) and calendar is None:
            yield f"{length.text!r} needs `calendar`", suggest("", policy.calendars)
    name = getattr(rule, "calendar", None)
    if name is not None and name not in policy.calendars:
        yield f"there is no calendar {name!r}", suggest(name, policy.calendars)


def _conditions(rule: AnyRule) -> Iterable[Condition]:
    if isinstance(rule, Target):
        yield from (rule.applies, rule.pause_while or Condition())
        if isinstance(rule.starts, Condition):
            yield rule.starts
    elif isinstance(rule, When):
        yield from (rule.when, rule.unless or Condition())
    elif isinstance(rule, Every):
        yield rule.holds
    elif isinstance(rule, Classify):
        yield from (row.when for row in rule.rows)
        yield from (_proposes(row.severity) for row in rule.rows)
    elif isinstance(rule, Require):
        yield rule.applies


def _proposes(severity: int | None) -> Condition:
    return Condition() if severity is None else Condition((Test("severity", (severity,)),))


def _actions(rule: AnyRule) -> Iterable[Do]:
    return rule.do if isinstance(rule, When | Every | Intake) else ()


def _durations(rule: AnyRule) -> Iterable[Duration | None]:
    names = ("within", "aim", "after", "every", "first")
    return (getattr(rule, name, None) for name in names)


def _of_condition(policy: Policy, condition: Condition) -> Iterator[tuple[str, str]]:
    known: dict[str, Iterable[object]] = {
        "severity": policy.severities,
        "proposed.severity": policy.severities,
        "flag": (*policy.needs.flags, "held", *_set_flags(policy)),
        "plan": policy.plans,
    }
    for test in condition.tests:
        choices = known.get(test.key)
        if choices is None:
            continue
        for value in test.values:
            if value not in choices:
                yield (
                    f"there is no {test.key.removeprefix('proposed.')} {value!r}",
                    suggest(str(value), map(str, choices)),
                )


def _set_flags(policy: Policy) -> Iterator[str]:
    for clause in policy.clauses:
        for rule in clause.rules:
            if isinstance(rule, Classify):
                for row in rule.rows:
                    yield from row.flags


def _of_action(policy: Policy, do: Do) -> Iterator[tuple[str, str]]:
    people = (*policy.roles, *_PEOPLE)
    for whom in do.to if do.verb in _ADDRESSED else ():
        if whom not in people and not whom.startswith("customer."):
            yield f"there is no role {whom!r}", suggest(whom, people)
    named: tuple[tuple[str, Iterable[object], Iterable[object]], ...] = (
        ("queue", (do.queue,), policy.needs.queues),
        ("template", (do.template,), policy.needs.templates),
        ("severity", (do.severity,), policy.severities),
        ("link", do.links, policy.needs.links),
    )
    for what, values, known in named:
        for value in values:
            if value is not None and value not in known:
                hint = suggest(str(value), map(str, known))
                yield f"there is no {what} {value!r} in this policy", hint
