"""An item for a case that came in elsewhere: what it is created with, and what is agreed from then on."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.case.events import Actor, Event, Linked, Side
from upheld.case.opening import opening
from upheld.desk.records import Records
from upheld.dispatch.outcome import Outcome, Pushed
from upheld.ledger import DeliveryState, LeasedDelivery, Link, Transaction
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Draft, Misconfigured, RemoteCase
from upheld.plugin import Side as RemoteSide
from upheld.seam import Live
from upheld.sync.ours import ours
from upheld.sync.push import Write, begun, moved, stored
from upheld.sync.trackers import Trackers

#: Where a new item stands is the tracker's to say; what is ours is written to it after.
_LATER = frozenset({"status"})


@dataclass(frozen=True, slots=True)
class Creating:
    """Writes drafts, and links what came of them."""

    records: Records
    trackers: Trackers

    def draft(self, leased: LeasedDelivery, live: Live) -> tuple[Draft, tuple[Write, ...]]:
        """The item as it is to be created, and which of our fields stand in it."""
        subject = self.records.read(lambda tx: tx.subject(leased.item.subject))
        opened = opening(subject.facts)
        if opened is None:
            raise Misconfigured(f"what {subject.id} opened with was erased", "nothing to create")
        schema, words = self.trackers.schema(live), self.trackers.words(live.name)
        values = ours(self.records.life(subject))
        values = {name: value for name, value in values.items() if name not in _LATER}
        writes = tuple(moved(Link(subject.id, live.name, "", "", None), values, words, schema))
        fields = words.written({write.field: write.ours for write in writes}, None)
        reporter = RemoteActor(opened.reporter, opened.reporter_name, side=RemoteSide.CUSTOMER)
        return Draft(scope="", text=opened.text, reporter=reporter, fields=fields), writes

    def link(self, tx: Transaction, leased: LeasedDelivery, outcome: Outcome) -> None:
        """The item is the case's: what stands in it is agreed, the rest of ours is still to be written."""
        item, case, name = outcome.item, leased.item.subject, leased.delivery.connection
        assert item is not None
        ref, now = item.ref, self.records.clock.now()
        tx.link(case, name, remote_id=ref.id, key=ref.key, url=ref.url, scope=ref.scope, now=now)
        linked = Linked(name, ref.id, ref.key, ref.url)
        actor = Actor(name, Side.PROVIDER)
        self.records.add(tx, case, Event(f"linked:{leased.key}", now, now, actor, linked))
        self._agree(tx, case, name, outcome)

    def _agree(self, tx: Transaction, case: str, name: str, outcome: Outcome) -> None:
        item, words = outcome.item, self.trackers.words(name)
        assert item is not None
        wrote = outcome.pushed.wrote if outcome.pushed else ()
        tx.agree(case, name, stored(wrote, item, words), item.version)
        link = tx.link_of(case, name)
        assert link is not None
        values = ours(self.records.life(tx.subject(case)))
        tx.agree(case, name, dict(begun(link, item, values, words, made=True)), item.version)


def created(item: RemoteCase, wrote: tuple[Write, ...] = ()) -> Outcome:
    """What became of it: the item is there."""
    pushed = Pushed(item, wrote)
    return Outcome(DeliveryState.ACCEPTED, item.ref.key, item.ref.id, item=item, pushed=pushed)
