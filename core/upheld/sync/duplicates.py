"""One outage, one page: the case of an item that duplicates another is attached to the other's case.

Only what the link itself did is undone when it goes: what a person attached or detached stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from upheld.calendar.instant import instant
from upheld.case.decision import Subject
from upheld.case.events import Actor, Attached, Body, Detached, Event, Noted, Side
from upheld.case.state import CaseState
from upheld.desk.records import Records
from upheld.ledger import Link, Transaction
from upheld.plugin import Value
from upheld.sync.reader import Reader
from upheld.sync.seen import Seen

#: Our name of the field that holds the keys of the items that an item duplicates.
FIELD: Final = "duplicate_of"
#: Whose link attaches; what a customer or a stranger links must not silence a page.
_MAY: Final = frozenset({Side.STAFF, Side.BOT, Side.PROVIDER})


@dataclass(frozen=True, slots=True)
class Duplicate:
    """What the duplicate link of an item, as it was ``seen``, makes of its case."""

    records: Records
    tx: Transaction
    seen: Seen
    reader: Reader

    def facts(self, case: Subject) -> list[Event]:
        """The fact that it makes now; none where that was said before, or the item has no such field."""
        if FIELD not in self.seen.ours.fields:
            return []
        keys, own = self._keys, self._own(case)
        said = own[-1].body if own else None
        by, when = self._told(linked=bool(keys))
        body = self._attached(case, keys, by) if keys else self._detached(case, said)
        if body is None or _same(said, body):
            return []
        at = self.seen.at(when, case.facts[0].at)
        return [Event(f"{self._name}{len(own)}", at, self.seen.now, by, body)]

    @property
    def unlinked(self) -> bool:
        """Whether it duplicates an item that is no case here, or not yet."""
        return bool(self._keys) and self._linked(self._keys) is None

    @property
    def _keys(self) -> tuple[str, ...]:
        return _keys(self.seen.ours.fields.get(FIELD))

    def _attached(self, case: Subject, keys: tuple[str, ...], by: Actor) -> Body | None:
        state, link = self.records.life(case).state, self._linked(keys)
        if state.parent is not None and not self._did(case, state):
            return None  # somebody attached it otherwise
        if link is None:
            return _note(keys, "no case here is linked to it")
        if state.parent == link.subject:
            return None
        why = self._why_not(case, state, link.subject, by)
        return _note(keys, why) if why else Attached(link.subject, self._customer(state, link))

    def _detached(self, case: Subject, said: Body | None) -> Body | None:
        if not isinstance(said, Attached):
            return None
        return Detached() if self._did(case, self.records.life(case).state) else None

    def _why_not(self, case: Subject, state: CaseState, parent: str, by: Actor) -> str | None:
        if by.side not in _MAY:
            return f"{by.id}, who linked them, is none of ours"
        if parent == case.id:
            return "that is this case itself"
        return self.records.why_unsaid(self.tx, case.id, state, parent)

    def _customer(self, state: CaseState, link: Link) -> str | None:
        """The parent's customer, where it is another one; "" where it has none."""
        other = self.tx.case(link.subject).customer
        return None if other == state.opened.customer else other or ""

    def _linked(self, keys: tuple[str, ...]) -> Link | None:
        found = (self.tx.linked_as(self.seen.source.name, key) for key in keys)
        return next((link for link in found if link is not None), None)

    def _own(self, case: Subject) -> list[Event]:
        """What the link made of the case before, the latest last."""
        facts = (fact for fact in case.facts if fact.id.startswith(self._name))
        found = (fact for fact in facts if fact.id.removeprefix(self._name).isdecimal())
        return sorted(found, key=lambda fact: int(fact.id.removeprefix(self._name)))

    def _did(self, case: Subject, state: CaseState) -> bool:
        """Whether it is attached as the link had it."""
        facts = sorted(case.facts, key=lambda fact: fact.order)
        attached = [fact for fact in facts if isinstance(fact.body, Attached)]
        return bool(attached) and state.parent is not None and attached[-1] in self._own(case)

    def _told(self, *, linked: bool) -> tuple[Actor, datetime]:
        """Who made the link, or took it away, and when, where the history tells."""
        change = self.seen.last(FIELD)
        if change is None or bool(_keys(change.new)) is not linked:
            return self.seen.provider, self.seen.theirs.updated
        return self.reader.who(change.by, instant(change.at)), change.at

    @property
    def _name(self) -> str:
        return f"{self.seen.id}/{FIELD}:"


def _same(said: Body | None, body: Body) -> bool:
    if isinstance(said, Attached) and isinstance(body, Attached):
        return said.parent == body.parent  # a person has detached it since
    return said == body


def _note(keys: tuple[str, ...], why: str) -> Noted:
    return Noted(f"[{FIELD}] {', '.join(keys)}: not attached, {why}")


def _keys(value: Value) -> tuple[str, ...]:
    """The keys in a field: a list, or words of a text."""
    return tuple(map(str, value)) if isinstance(value, tuple) else tuple(str(value or "").split())
