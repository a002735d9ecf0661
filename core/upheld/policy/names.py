"""Names in a rule that must lead somewhere: roles, queues, templates, the words of conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from upheld.case.events import Entitlement, Side
from upheld.case.state import Status
from upheld.policy.catalogue import NONE, Standing
from upheld.policy.desks import DESK
from upheld.policy.model import (
    AnyRule,
    AskAhead,
    Before,
    Classify,
    Condition,
    Do,
    Every,
    Intake,
    Monitor,
    Policy,
    Require,
    Row,
    Target,
    Test,
    Verb,
    When,
)
from upheld.policy.reader import Finding
from upheld.source import suggest

#: The people of a customer with a role.
_CONTACTS: Final = re.compile(r"customer\.\S+")
PEOPLE: Final = ("customer", "reporter", "assignee", "provider", "escalated_to", DESK)
#: What `offer` offers beside links: those solutions of the site that fit what was written.
SOLUTIONS: Final = "solutions"
#: Flags that every case can have, whatever the policy says.
FLAGS: Final = ("held",)
#: What a condition can say where the policy adds nothing of its own: what it is, and the words.
FIXED: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "status": ("status", tuple(Status)),
    "from": ("sender", ("partner", "unknown")),
    "waiting": ("party", ("customer", "vendor")),
    "escalated_by": ("side", tuple(Side)),
    "entitlement": ("entitlement", tuple(Entitlement)),
    "monitor": ("state of a monitor", ("up", "degraded", "down", "inconclusive")),
}


class Names:
    """All that the rules of a policy may name."""

    def __init__(self, policy: Policy) -> None:
        rules = [rule for clause in policy.clauses for rule in clause.rules]
        rows = [row for rule in rules if isinstance(rule, Classify) for row in rule.rows]
        self.targets = tuple(rule.target for rule in rules if isinstance(rule, Target))
        outcomes = outcomes_of(policy)
        kinds = tuple(policy.kinds)
        products = (*policy.products, *Standing) if policy.products else ()
        desks = policy.desks
        self.people = (*policy.roles, *(each for each in PEOPLE if desks or each != DESK))
        self.tiers = tuple(policy.tiers)
        self.needs = policy.needs
        self.severities = tuple(policy.severities)
        self.kinds = kinds
        self.flags = (*policy.needs.flags, *FLAGS, *(flag for row in rows for flag in row.flags))
        self.known: Mapping[str, tuple[str, tuple[object, ...]]] = {
            **FIXED,
            "severity": ("severity", self.severities),
            "proposed.severity": ("severity", self.severities),
            "outcome": ("outcome", (*outcomes, NONE)),
            "proposed.outcome": ("outcome", outcomes),
            **(dict.fromkeys(("kind", "proposed.kind"), ("kind", kinds)) if kinds else {}),
            **({"product": ("product", products)} if products else {}),
            "flag": ("flag", self.flags),
            "plan": ("plan", tuple(policy.plans)),
            "queue": ("queue", policy.needs.queues),
            "tier": ("tier", self.tiers),
            "missed": ("target", self.targets),
            "warned": ("target", self.targets),
        }

    def unknown(self, rule: AnyRule) -> Iterator[Finding]:
        """The names in a rule that lead nowhere."""
        for condition in conditions(rule):
            for test in condition.tests:
                yield from self._of_test(test)
        for do in rule.do if isinstance(rule, When | Every | Intake) else ():
            yield from self._of_action(do)
        if isinstance(rule, Classify):
            for row in rule.rows:
                yield from self._of_row(row)
        yield from self._of_kind(rule)

    def _of_kind(self, rule: AnyRule) -> Iterator[Finding]:
        """What only rules of one kind name."""
        match rule:
            case Every(ask_ahead=AskAhead(of=of)):
                yield from self._people((of,))
            case When(before=Before(target=target)):
                yield from _missing("target", (target,), self.targets)
            case Monitor():
                yield from self._of_monitor(rule)
            case Require(tell=tell):
                yield from self._people(tell)
            case Target(tier=tier):
                yield from _missing("tier", (tier,), self.tiers)

    def _of_test(self, test: Test) -> Iterator[Finding]:
        if test.key in self.known:
            what, words = self.known[test.key]
            yield from _missing(what, test.values, words)

    def _of_action(self, do: Do) -> Iterator[Finding]:
        yield from self._people(do.to)
        yield from _missing("queue", (do.queue,), self.needs.queues)
        yield from _missing("template", (do.template,), self.needs.templates)
        yield from _missing("severity", (do.severity,), self.severities)
        yield from _missing("link", do.links, self.needs.links)
        if do.verb is Verb.OFFER:
            yield from _missing("link", do.keys, (*self.needs.links, SOLUTIONS))
        yield from _missing("kind", (do.kind,), self.kinds or (do.kind,))
        yield from _missing("flag", (do.flag,), self.flags)

    def _people(self, named: Iterable[str]) -> Iterator[Finding]:
        # Which roles a customer's contacts have is the site's own affair.
        ours = [whom for whom in named if not _CONTACTS.fullmatch(whom)]
        yield from _missing("role", ours, self.people)

    def _of_row(self, row: Row) -> Iterator[Finding]:
        levels = (cell for cells in row.matrix.cells for cell in cells) if row.matrix else ()
        yield from _missing("severity", (row.severity, *levels), self.severities)
        yield from _missing("kind", (row.kind,), self.kinds or (row.kind,))

    def _of_monitor(self, rule: Monitor) -> Iterator[Finding]:
        if rule.opens is not None:
            yield from _missing("severity", (rule.opens.severity,), self.severities)
            yield from _missing("flag", rule.opens.flags, self.flags)
        yield from self._people((*rule.notify, *rule.warns))


def outcomes_of(policy: Policy) -> tuple[str, ...]:
    """What a case can turn out to be: as listed, and as rules propose or set it."""
    rules = [rule for clause in policy.clauses for rule in clause.rules]
    rows = (row.outcome for rule in rules if isinstance(rule, Classify) for row in rule.rows)
    dos = (do.outcome for rule in rules if isinstance(rule, When | Every) for do in rule.do)
    return tuple(dict.fromkeys((*policy.outcomes, *filter(None, rows), *filter(None, dos))))


def _missing(what: str, values: Iterable[object], known: tuple[object, ...]) -> Iterator[Finding]:
    for value in values:
        # What could not be read is empty by now, and was told.
        if value not in (None, "", *known):
            hint = suggest(str(value), map(str, known))
            yield value, f"there is no {what} {value!r}", hint


def conditions(rule: AnyRule) -> Iterator[Condition]:
    """All conditions of a rule."""
    found: tuple[object, ...]
    match rule:
        case Target(applies=applies, starts=starts, pause_while=pause):
            found = (applies, starts, pause)
        case When(when=when, unless=unless):
            found = (when, unless)
        case Every(holds=holds):
            found = (holds,)
        case Require(applies=applies):
            found = (applies,)
        case Classify(rows=rows):
            found = tuple(row.when for row in rows)
        case _:
            found = ()
    yield from (each for each in found if isinstance(each, Condition))
