"""Whether everybody whom the policy tells is there, at every hour of the coming weeks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import DAY, HOUR, Instant, iso
from upheld.case.decision import Purpose
from upheld.directory import Directory, Recipient
from upheld.dispatch.routes import Way, Ways, reaches, ways_for
from upheld.plugin import Finding, Level
from upheld.policy.model import Do, Every, Policy, Verb, When

#: As far ahead as rotas are usually planned.
AHEAD: Final = 56 * DAY
OPERATOR: Final = "operator"
_PURPOSES: Final[Mapping[Verb, Purpose]] = {
    Verb.PAGE: Purpose.PAGE,
    Verb.CALL: Purpose.CALL,
    Verb.NOTIFY: Purpose.NOTIFY,
    Verb.MAIL: Purpose.MAIL,
    Verb.UPDATE: Purpose.STATUS,
    Verb.FORWARD: Purpose.FORWARD,
}
_OF_THE_CASE: Final = frozenset({"reporter", "assignee", "escalated_to"})


@dataclass(frozen=True, slots=True)
class _Told:
    """Whom a rule tells, and how: ``who`` is a role, ``customer`` or ``customer.<role>``."""

    who: str
    purpose: Purpose
    clause: str


def coverage(
    policy: Policy, directory: Directory, ways: Ways, plugins: Mapping[str, str], now: Instant
) -> Iterator[Finding]:
    """Roles that nobody fills, people who can't be reached, customers without a contact.

    ``plugins`` maps each connection to its plugin. Hours are looked at one by one for eight weeks.
    """
    told = list(dict.fromkeys(_told(policy)))
    for each in told:
        found = ways_for(each.purpose, (each.who,), ways)
        if each.who.split(".")[0] == "customer":
            yield from _customers(each, directory, found, plugins, now)
        else:
            yield from _staff(each, directory, found, plugins, now)
    if not directory.resolve(OPERATOR, at=now):
        what = "nobody hears of Upheld's own trouble"
        yield Finding(Level.WARNING, "roles", what, "add `operator` to `roles`")


def _told(policy: Policy) -> Iterator[_Told]:
    for clause in policy.clauses:
        for rule in clause.rules:
            for do in rule.do if isinstance(rule, When | Every) else ():
                yield from _of(do, clause.id)


def _of(do: Do, clause: str) -> Iterator[_Told]:
    purpose = _PURPOSES.get(do.verb)
    for who in do.to if purpose else ():
        if purpose and who not in _OF_THE_CASE:
            yield _Told(who, purpose, clause)


def _staff(
    told: _Told,
    directory: Directory,
    ways: Sequence[Way],
    plugins: Mapping[str, str],
    now: Instant,
) -> Iterator[Finding]:
    people: dict[str, Recipient] = {}
    for at in range(now, now + AHEAD, HOUR):
        found = directory.resolve(told.who, at=at)
        if not found:
            what = f"{told.clause} tells {told.who}, and at {iso(at)} that is nobody"
            yield Finding(Level.ERROR, "roles", what, f"add `{told.who}` to `roles`")
            return
        people |= {person.id: person for person in found}
    for person in people.values():
        if not reaches(person, ways, plugins):
            what = f"{told.clause}: {person.name} has no address for a {told.purpose.value}"
            yield Finding(
                Level.ERROR, "people", what, f"add one to {person.id}, or a way to `reach`"
            )


def _customers(
    told: _Told,
    directory: Directory,
    ways: Sequence[Way],
    plugins: Mapping[str, str],
    now: Instant,
) -> Iterator[Finding]:
    for customer in directory.customers:
        found = directory.resolve(told.who, customer=customer, at=now)
        if not any(reaches(person, ways, plugins) for person in found):
            what = f"{told.clause}: nobody of {customer} can be reached as {told.who}"
            do_next = "give a contact that role, and an address for it"
            yield Finding(Level.WARNING, "customers", what, do_next)
