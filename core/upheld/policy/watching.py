"""What a monitor's rule says to people: rules of their own, so that they are sent, explained and counted
like any other step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from upheld.policy.model import Clause, Condition, Do, Monitor, Policy, Test, Verb, When

#: What a rule of its own is called after the monitor's; a name that nobody can give: it has a colon.
OUTAGE: Final = "outage"
WARNING: Final = "warning"
RECOVERY: Final = "recovery"
_RECOVERED: Final = "The monitor reads it as up again."
_DOWN: Final = Test("monitor", ("down",))


def told(policy: Policy) -> tuple[tuple[Clause, When], ...]:
    """What a case says of its outage, each with its clause: as it begins to people, as it ends on itself."""
    return (*_rules(policy, OUTAGE), *_recoveries(policy))


def spoken(policy: Policy) -> tuple[tuple[Clause, When], ...]:
    """All that is said of what is watched; warnings are the monitor's own to say."""
    return (*told(policy), *_rules(policy, WARNING))


def watching(policy: Policy, of: str) -> tuple[tuple[Clause, Monitor], ...]:
    """The rules for what is watched as ``of``, with their clauses."""
    return tuple(
        (clause, rule)
        for clause in policy.clauses
        for rule in clause.rules
        if isinstance(rule, Monitor) and of in rule.of
    )


def speaks(rule: Monitor, what: str) -> When | None:
    """What the rule says of an outage or of a warning; None where it says nothing."""
    to = rule.notify if what == OUTAGE else rule.warns
    if not to:
        return None
    when = Condition((_DOWN, Test("watched", rule.of)))
    return When(f"{rule.name}:{what}", rule.place, when, (Do(Verb.NOTIFY, to=to),))


def _rules(policy: Policy, what: str) -> Iterable[tuple[Clause, When]]:
    for clause in policy.clauses:
        for rule in clause.rules:
            said = speaks(rule, what) if isinstance(rule, Monitor) and rule.of else None
            if said is not None:
                yield clause, said


def _recoveries(policy: Policy) -> Iterable[tuple[Clause, When]]:
    """Whoever works on the case's item on a tracker sees there that it is up again."""
    for clause in policy.clauses:
        for rule in clause.rules:
            if isinstance(rule, Monitor) and rule.opens is not None:
                when = Condition((Test("monitor", ("up",)), Test("watched", rule.of)))
                note = Do(Verb.NOTE, text=_RECOVERED)
                yield clause, When(f"{rule.name}:{RECOVERY}", rule.place, when, (note,))
