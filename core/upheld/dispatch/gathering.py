"""What may go out with messages of other cases, and how long it waits for them, as the ledger has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from upheld.calendar.instant import Instant, Span
from upheld.case.decision import Purpose, Subject
from upheld.desk.records import Records
from upheld.dispatch.bundling import bundle, waits
from upheld.dispatch.gravest import first_of_the_gravest
from upheld.ledger import UNFINISHED, WITHDRAW, NewDelivery, OutboxItem, Told, Transaction
from upheld.plugin import Ability
from upheld.seam import Live


@dataclass(frozen=True, slots=True)
class Gathering:
    """For all that is planned in one transaction: what was told lately is asked once a place.

    ``span`` is how long a message may be gathered with others (0: each goes by itself), ``ours`` are our
    own people: nobody else hears of several cases at once.
    """

    tx: Transaction
    records: Records
    lives: Mapping[str, Live]
    ours: Collection[str]
    span: Span
    now: Instant
    told: dict[str, Told | None] = field(default_factory=dict)

    def gathered(
        self, item: OutboxItem, subject: Subject, deliveries: Sequence[NewDelivery]
    ) -> tuple[NewDelivery, ...]:
        """The deliveries, each with what it may go with, and until when it waits."""
        behind = self._pages_in_flight(item)
        named = [
            each if each.lane in behind else replace(each, bundle=self._bundle(item, each))
            for each in deliveries
        ]
        self._ask(each.bundle for each in named if each.bundle)
        return tuple(self._in_time(item, subject, each) for each in named)

    def _pages_in_flight(self, item: OutboxItem) -> frozenset[str | None]:
        """The lanes in which a withdrawal stands behind a page that may still ring: in another, where it is
        gathered, it would overtake that."""
        if item.purpose != WITHDRAW:
            return frozenset()
        unfinished = self.tx.deliveries(subject=item.subject, states=UNFINISHED)
        return frozenset(each.lane for each in unfinished if each.purpose == Purpose.PAGE)

    def _bundle(self, item: OutboxItem, delivery: NewDelivery) -> str | None:
        live = self.lives.get(delivery.connection)
        alone = live is None or live.can(Ability.WITHDRAW)  # it keeps an incident for each page
        if not self.span or alone or delivery.merged_into or delivery.recipient not in self.ours:
            return None
        return bundle(item, delivery)

    def _ask(self, bundles: Iterable[str]) -> None:
        unknown = sorted({*bundles} - self.told.keys())
        if unknown:
            found = self.tx.told_lately(unknown, self.now - self.span)
            self.told.update({each: found.get(each) for each in unknown})

    def _in_time(self, item: OutboxItem, subject: Subject, delivery: NewDelivery) -> NewDelivery:
        """What waits is no longer in the lane of what does not: nothing urgent waits behind it."""
        name = delivery.bundle
        if name is None:
            return delivery
        wait = waits(self.told[name], self.span, self.now)
        if wait and first_of_the_gravest(self.tx, self.records, item, subject, [delivery]):
            wait = 0
        self.told[name] = Told(self.now, self.now + wait)
        if not wait:
            return delivery
        return replace(delivery, waits=wait, lane=f"{delivery.lane}|gathered")
