"""Whether everybody whom the policy tells is there, at every instant of the coming weeks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeAlias

from upheld.calendar.instant import DAY, Instant, iso
from upheld.case.decision import Purpose
from upheld.case.override import Override
from upheld.directory import Directory, Recipient
from upheld.directory.lookup import CUSTOMER, PROVIDER
from upheld.dispatch.routes import Ways, reaches, ways_for
from upheld.plugin import Finding, Level
from upheld.policy.desks import DESK
from upheld.policy.model import Do, Every, Policy, Verb, When
from upheld.policy.watching import spoken

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
Gap: TypeAlias = tuple[Instant, Instant]
_OF_THE_CASE: Final = frozenset({"reporter", "assignee", "escalated_to", PROVIDER})


@dataclass(frozen=True, slots=True)
class _Told:
    """Whom a rule tells, and how: ``who`` is a role, ``customer`` or ``customer.<role>``."""

    who: str
    purpose: Purpose
    clause: str


def coverage(
    policy: Policy,
    directory: Directory,
    ways: Ways,
    plugins: Mapping[str, str],
    now: Instant,
    own_ways: Mapping[str, Ways],
) -> Iterator[Finding]:
    """Roles that nobody fills, people who can't be reached, customers without a contact.

    ``plugins`` maps each connection to its plugin, ``own_ways`` whoever has ways of their own to these.
    Every stretch on duty of eight weeks is looked at.
    """
    directory = directory.settled()
    coming = _Coming(directory, ways, plugins, now, own_ways)
    for each in dict.fromkeys(_told(policy)):
        yield from coming.lacks(each)
    if not directory.resolve(OPERATOR, at=now):
        what = "nobody hears of Upheld's own trouble"
        yield Finding(Level.WARNING, "roles", what, "add `operator` to `roles`")


def strangers(overrides: Iterable[Override], directory: Directory) -> Iterator[Finding]:
    """Overrides that put somebody on duty who is not among our people any more: nobody heeds them."""
    for each in overrides:
        if each.person not in directory.people:
            what = (
                f"override {each.number} of {each.rotation} is for {each.person!r}, who is nobody"
            )
            then = f"`upheld oncall undo {each.number}`; until then it is whoever has the turn"
            yield Finding(Level.WARNING, "rotations", what, then)


def _told(policy: Policy) -> Iterator[_Told]:
    for clause in policy.clauses:
        for rule in clause.rules:
            for do in rule.do if isinstance(rule, When | Every) else ():
                yield from _of(_named(do, policy), clause.id)
    for clause, said in spoken(policy):
        for do in said.do:
            yield from _of(do, clause.id)


def _named(do: Do, policy: Policy) -> Do:
    """The action with the people of every desk in the place of the one that has the case."""
    if DESK not in do.to or not policy.desks:
        return do
    people = [desk.people or desk.id for desk in policy.desks.values()]
    return replace(do, to=(*(who for who in do.to if who != DESK), *people))


def _of(do: Do, clause: str) -> Iterator[_Told]:
    purpose = _PURPOSES.get(do.verb)
    for who in do.to if purpose else ():
        if purpose and who not in _OF_THE_CASE:
            yield _Told(who, purpose, clause)


@dataclass(frozen=True, slots=True)
class _Coming:
    """Who is there from now on, and how they are reached."""

    directory: Directory
    ways: Ways
    plugins: Mapping[str, str]
    now: Instant
    own_ways: Mapping[str, Ways]

    def lacks(self, told: _Told) -> Iterator[Finding]:
        """Where what a rule tells would reach nobody."""
        if told.who.split(".")[0] == CUSTOMER:
            return self._of_customers(told)
        return self._of_ours(told)

    def _of_ours(self, told: _Told) -> Iterator[Finding]:
        """Each stretch has somebody, and each of them an address."""
        people, gaps = staffed(self.directory, told.who, self.now, self.now + AHEAD)
        if gaps:
            yield Finding(Level.ERROR, "roles", _nobody(told, gaps), self._then(told.who))
        for person in people:
            if not self._reached(told, [person]):
                what = f"{told.clause}: {person.name} has no address for a {told.purpose.value}"
                do_next = f"add one to {person.id}, or a way to `reach`"
                yield Finding(Level.ERROR, "people", what, do_next)

    def _then(self, who: str) -> str:
        if who in (*self.directory.roles, *self.directory.rotations):
            return f"`upheld oncall coverage` shows who is behind {who}, and when nobody is"
        return f"add `{who}` to `roles`"

    def _of_customers(self, told: _Told) -> Iterator[Finding]:
        """Each customer has somebody with an address: contacts do not change by the hour."""
        for customer in self.directory.customers:
            found = self.directory.resolve(told.who, customer=customer, at=self.now)
            if not self._reached(told, found):
                what = f"{told.clause}: nobody of {customer} can be reached as {told.who}"
                do_next = "give a contact that role, and an address for it"
                yield Finding(Level.WARNING, "customers", what, do_next)

    def _reached(self, told: _Told, people: Iterable[Recipient]) -> bool:
        """Whether any of these people has an address on a way that what is told can take."""
        return any(
            reaches(person, ways_for(told.purpose, (told.who,), own), self.plugins)
            for person in people
            for own in (self.own_ways.get(person.id, self.ways),)
        )


def staffed(
    directory: Directory, who: str, since: Instant, until: Instant
) -> tuple[tuple[Recipient, ...], tuple[Gap, ...]]:
    """Everybody who is ever behind a name in a period, and the stretches in which nobody is."""
    people: dict[str, Recipient] = {}
    gaps: list[Gap] = []
    starts = directory.changes(who, since, until)
    for start, end in pairwise((*starts, until)):
        found = directory.resolve(who, at=start)
        people |= {person.id: person for person in found}
        if found:
            continue
        began = gaps.pop()[0] if gaps and gaps[-1][1] == start else start
        gaps.append((began, end))
    return tuple(people.values()), tuple(gaps)


def _nobody(told: _Told, gaps: tuple[Gap, ...]) -> str:
    more = f", and {len(gaps) - 1} times more in eight weeks" if len(gaps) > 1 else ""
    since, until = gaps[0]
    ends = f" until {iso(until)}" if until - since < AHEAD else ""
    return f"{told.clause} tells {told.who}, and at {iso(since)}{ends} that is nobody{more}"
