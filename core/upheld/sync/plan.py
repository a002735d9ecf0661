"""What sync would write now: for people, before it goes live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from upheld.ledger import CREATE_ITEM, MIRROR, Link, OutboxItem, Transaction
from upheld.sync.mirrors import said
from upheld.sync.ours import ours, plain
from upheld.sync.push import allowed, moved
from upheld.sync.pusher import WAITING, Pusher

_ALL = 1_000_000
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing to be written: ``what`` is field, comment or create; ``name`` the field as the tracker
    calls it."""

    case: str
    connection: str
    what: str
    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """Reads all of it in one moment's view of the ledger."""

    pusher: Pusher
    tx: Transaction

    def writes(self) -> Iterator[Planned]:
        """Fields, comments and items."""
        for link in self._links():
            yield from self._fields(link)
        for case, seq in self.tx.unsynced(_ALL):
            for number, name in self.pusher.looked(self.tx, case, seq).mirrors:
                yield self._comment(case, name, number)
        for item in self.tx.items(states=WAITING, limit=_ALL):
            if item.purpose in {CREATE_ITEM, MIRROR}:
                yield self._item(item)

    def _links(self) -> Iterator[Link]:
        for name in sorted(self.pusher.trackers.lives):
            after = ""
            while page := self.tx.links_on(name, after=after, limit=_AT_A_TIME):
                yield from (link for link in page if self.pusher.in_step(link))
                after = page[-1].remote_id

    def _fields(self, link: Link) -> Iterator[Planned]:
        trackers, name = self.pusher.trackers, link.connection
        values = ours(self.pusher.records.life(self.tx.subject(link.subject)))
        held = {each.field for each in self.tx.conflicts(subject=link.subject, unresolved=True)}
        writes = moved(link, values, trackers.words(name), trackers.known(name))
        for write in allowed(writes, link, held, ""):
            before = link.agreed.get(write.field, (None, None))[1]
            yield Planned(link.subject, name, "field", write.name, before, plain(write.theirs))

    def _comment(self, case: str, connection: str, seq: int) -> Planned:
        found = self.tx.news(case, after=seq - 1, limit=1)
        what = said(found[0].event) if found and found[0].event else None
        return Planned(case, connection, "comment", "", None, what.text if what else "")

    def _item(self, item: OutboxItem) -> Planned:
        name = item.connection or ""
        if item.purpose == CREATE_ITEM:
            return Planned(item.subject, name, "create", "", None, self.tx.case(item.subject).title)
        if "said" in item.facts:
            return Planned(item.subject, name, "comment", "", None, item.facts["said"]["text"])
        return self._comment(item.subject, name, item.facts["seq"])
