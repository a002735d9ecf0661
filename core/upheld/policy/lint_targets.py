"""Findings on clocks and calendars: what never runs, what runs in the wrong order, what is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from upheld.calendar.spec import CalendarSpec
from upheld.calendar.version import ends_soon
from upheld.policy.desks import calendars_of
from upheld.policy.lint_rules import all_rules
from upheld.policy.lint_words import Found, named
from upheld.policy.model import AnyRule, Clause, Condition, Every, Policy, Target, When
from upheld.policy.times import BusinessDays, Duration

#: Conditions that tell cases apart by what a contract knows of them, not by what happens.
_KNOWN: Final = frozenset({"severity", "plan"})
#: These an open case has by itself, whatever they are just then.
_OPEN: Final = frozenset({"status", "is", "tier"})


def without_clock(policy: Policy) -> Iterator[Found]:
    """Each severity and plan wants a target, a step that comes by itself, or ``promises: none``."""
    rules = [rule for rule in all_rules(policy) if _due(rule)]
    if not any(isinstance(rule, Target | Every) for rule in rules):
        return
    rules = [rule for rule in rules if _from_the_start(policy, rule)]
    nobodys = () if policy.default_plan else (None,)
    for plan in (*policy.plans, *nobodys):
        levels = [level for level in policy.severities if not _clocked(rules, level, plan)]
        if levels:
            of = ", ".join(map(str, levels)) + _on(policy, plan)
            yield Found(
                "no-clock",
                policy.clauses[0].place,
                "",
                f"an open case of severity {of} has no clock, and nothing is due for it",
                "add a target, or say so: `promises: none`",
            )


def _on(policy: Policy, plan: str | None) -> str:
    if plan is None:
        return " without a plan" if policy.plans else ""
    return f" on plan {plan}"


def _clocked(rules: Iterable[object], severity: int, plan: str | None) -> bool:
    case = {"severity": severity, "plan": plan}
    return any(_for(_applies(rule), case) for rule in rules)


def _due(rule: object) -> bool:
    return isinstance(rule, Target | Every) or (isinstance(rule, When) and rule.after is not None)


def _from_the_start(policy: Policy, rule: object) -> bool:
    """The clock of a tier is none for whoever has the case before it."""
    tier = rule.tier if isinstance(rule, Target) else None
    return tier is None or tier == next((desk.tier for desk in policy.desks.values()), tier)


def _applies(rule: object) -> Condition:
    match rule:
        case Target(applies=condition) | When(when=condition) | Every(holds=condition):
            return condition
    return Condition()


def _for(condition: Condition, case: Mapping[str, object]) -> bool:
    tests = [test for test in condition.tests if test.key not in _OPEN]
    return all(test.key in _KNOWN and case[test.key] in test.values for test in tests)


def never_runs(policy: Policy) -> Iterator[Found]:
    """A pause that holds whenever the clock is for a case."""
    for clause, rule in _targets(policy):
        start = rule.starts.tests if isinstance(rule.starts, Condition) else ()
        pause = rule.pause_while.tests if rule.pause_while else ()
        given = (*rule.applies.tests, *start)
        if pause and all(
            any(a.key == b.key and set(a.values) <= set(b.values) for a in given) for b in pause
        ):
            yield Found(
                "never-runs",
                rule.place,
                clause.id,
                f"{named(clause, rule.name)} pauses in whatever it is for: it never runs",
                "take the condition out of `for` or `starts`, or out of `pause_while`",
            )


def out_of_order(policy: Policy) -> Iterator[Found]:
    """An answer later than the resolution; further answers sooner than the first."""
    targets = list(_targets(policy))
    for clause, rule in targets:
        for _, other in targets:
            mine, theirs = ((each.applies, each.calendar, each.tier) for each in (rule, other))
            if mine == theirs:
                yield from _pair(policy, clause, rule, other)


def _pair(policy: Policy, clause: Clause, rule: Target, other: Target) -> Iterator[Found]:
    mine, theirs = (_length(policy, each.within, each.calendar) for each in (rule, other))
    if mine is None or theirs is None or mine[0] != theirs[0]:
        return
    pair = (rule.target, other.target)
    if pair == ("first_response", "resolution") and mine[1] > theirs[1]:
        yield Found(
            "answer-after-resolution",
            rule.place,
            clause.id,
            f"the first answer has longer ({_text(rule)}) than the resolution ({_text(other)})",
            "exchange them, or mend the longer one",
        )
    if pair == ("update", "first_response") and mine[1] < theirs[1]:
        yield Found(
            "ongoing-before-first",
            rule.place,
            clause.id,
            f"each further answer is due sooner ({_text(rule)}) than the first ({_text(other)})",
            "exchange them, or mend the shorter one",
        )


def _length(
    policy: Policy, within: Duration | None, calendar: str | None
) -> tuple[str, int] | None:
    """In which kind of time, and how much; business days are as long as their calendar says."""
    if within is None:
        return None
    if not isinstance(within, BusinessDays):
        return type(within).__name__, within.span
    spec = policy.calendars.get(calendar or "")
    day = spec.day if spec else None
    return None if day is None else ("Business", within.days * day)


def _text(rule: Target) -> str:
    return rule.within.text if rule.within else ""


def _targets(policy: Policy) -> Iterator[tuple[Clause, Target]]:
    for clause in policy.clauses:
        yield from ((clause, rule) for rule in clause.rules if isinstance(rule, Target))


def calendars(policy: Policy, today: date) -> Iterator[Found]:
    """Of the calendars that rules run on: one that never opens, and a list of holidays that ends."""
    used: dict[str, tuple[Clause, AnyRule]] = {}
    for clause in policy.clauses:
        for rule in clause.rules:
            for name in calendars_of(policy, rule):
                used.setdefault(name, (clause, rule))
    for name, (clause, rule) in used.items():
        spec = policy.calendars[name]
        place = rule.place
        if _is_over(spec, today):
            what = f"calendar {name!r} is never open again: what is due on it is never due"
            yield Found("empty-calendar", place, clause.id, what, "give its `week` hours")
        ends = ends_soon(spec, today)
        if ends is not None:
            mend = "add the next year's, or name a country: `holidays: {country: US}`"
            yield Found("holidays-end", place, clause.id, ends, mend)


def _is_over(spec: CalendarSpec, today: date) -> bool:
    """Open on listed days alone, and the last of them has passed. (Never open is an error.)"""
    if spec.always or any(spec.week.values()):
        return False
    return all(date.fromisoformat(day) < today for day, hours in spec.extra.items() if hours)
