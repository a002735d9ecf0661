"""Fields of a case on their way to its item: computed when they are sent, agreed as they were stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from upheld.desk.intake import Intake, Source
from upheld.dispatch.outcome import Outcome, Pushed
from upheld.dispatch.routes import SafetyCatch, tracked
from upheld.ledger import FIELDS, DeliveryState, LeasedDelivery, Link, OutboxState, Transaction
from upheld.plugin import (
    Misconfigured,
    Permanent,
    PluginError,
    Ref,
    RemoteCase,
    Schema,
    Stale,
    Tracker,
    Value,
)
from upheld.seam import Live
from upheld.sync.ours import ours, plain
from upheld.sync.push import Words, Write, allowed, begun, moved, stored, unread
from upheld.sync.trackers import Trackers, ref_of

#: So often an item may have changed between reading and writing; then a person has to look.
_TRIES = 30
_NOTHING = "nothing to write any more"


@dataclass(frozen=True, slots=True)
class Fields:
    """Writes what changed with us, and takes in what comes back, as any news of the tracker."""

    intake: Intake
    trackers: Trackers
    sources: Mapping[str, Source]

    def call(self, leased: LeasedDelivery, live: Live) -> Callable[[], Outcome]:
        """The call that writes, or that reads first where nobody knows what stands there."""
        plugin = live.plugin
        if not isinstance(plugin, Tracker):
            raise Misconfigured(f"{live.name} holds no cases", "take it out of the case's links")
        link, writes = self._writes(leased, self.trackers.schema(live))
        if link is None or not writes:
            return lambda: Outcome(DeliveryState.ACCEPTED, _NOTHING)
        ref = ref_of(link)
        if leased.delivery.attempts >= _TRIES:
            raise Permanent(f"{link.key} changes whenever it is read", "look who writes there")
        if leased.delivery.state is DeliveryState.UNKNOWN or unread(link, writes):
            return lambda: _read(plugin, ref)
        words, version = self.trackers.words(live.name), link.version or ""
        return lambda: _Writing(plugin, ref, words).all(writes, version)

    def settle(self, tx: Transaction, leased: LeasedDelivery, pushed: Pushed) -> None:
        """What was stored is agreed, then the item is taken in; the case is looked at once more."""
        case, name = leased.item.subject, leased.delivery.connection
        link, words = tx.link_of(case, name), self.trackers.words(name)
        if link is None:
            return
        tx.agree(case, name, stored(pushed.wrote, pushed.item, words), pushed.item.version)
        tx.refuse(case, name, _refused(link, leased.item.key, pushed))
        self.take(tx, case, name, pushed.item)
        tx.synced(case, 0)

    def take(self, tx: Transaction, case: str, connection: str, item: RemoteCase) -> None:
        """An item as it is now: its news, and what the two sides have where nothing was agreed."""
        if connection in self.sources:
            self.intake.take(tx, self.sources[connection], item)
        link = tx.link_of(case, connection)
        if link is not None:
            values = ours(self.intake.records.life(tx.subject(case)))
            made = item.key is not None and link.version is None
            found = begun(link, item, values, self.trackers.words(connection), made=made)
            tx.agree(case, connection, dict(found), item.version)

    def _writes(
        self, leased: LeasedDelivery, schema: Schema
    ) -> tuple[Link | None, Sequence[Write]]:
        case, name = leased.item.subject, leased.delivery.connection
        records = self.intake.records
        with records.ledger.reading() as tx:
            link, subject = tx.link_of(case, name), tx.subject(case)
            held = {each.field for each in tx.conflicts(subject=case, unresolved=True)}
        if link is None:
            return None, ()
        writes = moved(link, ours(records.life(subject)), self.trackers.words(name), schema)
        return link, allowed(writes, link, held, leased.item.key)


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes to one item."""

    plugin: Tracker[Any]
    ref: Ref
    words: Words

    def all(self, writes: Sequence[Write], version: str) -> Outcome:
        """All fields at once; where the tracker won't have that, one after the other."""
        item = None
        if any(self.words.whole(write.field) for write in writes):
            item = self.plugin.fetch(self.ref)
            if item.version != version:
                return _again(item)
        try:
            stored = self.plugin.update(self.ref, self._values(writes, item), version)
        except Stale:
            return _read(self.plugin, self.ref)
        except (Permanent, Misconfigured) as error:
            return self._apart(writes, error)
        return _accepted(Pushed(stored, tuple(writes)))

    def _apart(self, writes: Sequence[Write], error: PluginError) -> Outcome:
        """What it takes of them, and what it refuses: that is for a person to see."""
        item = self.plugin.fetch(self.ref)
        wrote: list[Write] = []
        refused: dict[str, PluginError] = {}
        for write in writes:
            if len(writes) == 1:
                refused[write.field] = error
                continue
            try:
                item = self.plugin.update(self.ref, self._values([write], item), item.version)
                wrote.append(write)
            except Stale:
                return _read(self.plugin, self.ref)
            except (Permanent, Misconfigured) as wrong:
                refused[write.field] = wrong
        left = tuple(write for write in writes if write.field in refused)
        pushed = Pushed(item, tuple(wrote), left)
        if not left:
            return _accepted(pushed)
        why = "\n".join(f"{field}: {wrong}" for field, wrong in refused.items())
        return Outcome(DeliveryState.DEAD, why, pushed=pushed)

    def _values(self, writes: Sequence[Write], item: RemoteCase | None) -> dict[str, Value]:
        if item is None:
            return {write.name: write.theirs for write in writes}
        return self.words.written({write.field: write.ours for write in writes}, item)


def released(tx: Transaction, catch: SafetyCatch) -> int:
    """Fields that the safety catch kept in, and would let go now: their cases are looked at anew, for
    fields are current values and no news of yesterday. How many there were."""
    kept = tx.items(states=(OutboxState.SHADOW,), limit=1_000_000)
    free = [item for item in kept if item.purpose == FIELDS and catch.lets(tracked(item)[0], None)]
    for item in free:
        tx.synced(item.subject, 0)
    keys = [item.key for item in free]
    return tx.look_anew(keys, reason="looked at anew: the safety catch is off") if keys else 0


def _read(plugin: Tracker[Any], ref: Ref) -> Outcome:
    return _again(plugin.fetch(ref))


def _again(item: RemoteCase) -> Outcome:
    """It is taken in, and what is then still to be written is computed anew."""
    return Outcome(DeliveryState.PENDING, "read first", retry_in=0, pushed=Pushed(item))


def _accepted(pushed: Pushed) -> Outcome:
    names = ", ".join(write.name for write in pushed.wrote)
    return Outcome(DeliveryState.ACCEPTED, names, pushed=pushed)


def _refused(link: Link, message: str, pushed: Pushed) -> dict[str, Any]:
    wrote = {write.field for write in pushed.wrote}
    kept = {name: value for name, value in link.refused.items() if name not in wrote}
    return kept | {write.field: [plain(write.theirs), message] for write in pushed.refused}
