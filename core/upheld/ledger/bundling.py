"""Deliveries of several cases that one message tells: when somebody was told last, and what went together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, bindparam, case, func, select, update

from upheld.calendar.instant import Instant
from upheld.ledger.deliveries import read_delivery
from upheld.ledger.part import Part, among, one_of
from upheld.ledger.records import Delivery
from upheld.ledger.schema import delivery
from upheld.ledger.states import ANSWERS, PERHAPS_THERE, DeliveryState

# Of what was answered ``since`` tells when that was, and no longer when it went.
_UNANSWERED: Final = [each for each in PERHAPS_THERE if each not in ANSWERS]
_COUNTS: Final = one_of(delivery.c.state, (DeliveryState.PENDING, *_UNANSWERED))
_UNTRIED: Final = and_(one_of(delivery.c.state, [DeliveryState.PENDING]), delivery.c.attempts == 0)
_TOLD: Final = {
    name: select(
        delivery.c.bundle,
        func.max(delivery.c.since),
        func.min(case((_UNTRIED, delivery.c.since))),
    )
    .where(which, _COUNTS, delivery.c.since > bindparam("after"))
    .group_by(delivery.c.bundle)
    for name, which in among(delivery.c.bundle).items()
}
_GATHER_NO_LONGER: Final = (
    update(delivery)
    .where(delivery.c.subject == bindparam("of"), delivery.c.bundle.is_not(None), _UNTRIED)
    .where(delivery.c.since > bindparam("at"))
    .values(since=bindparam("at"))
)
_WITH: Final = (
    select(delivery)
    .where(delivery.c.carrier == bindparam("of"), delivery.c.key != bindparam("of"))
    .order_by(delivery.c.number)
)


@dataclass(frozen=True, slots=True)
class Told:
    """How it is with one bundle (policy time): when the ``last`` message of it went or is to go that
    nobody has answered, and when the next that waits is to go."""

    last: Instant
    waits_till: Instant | None = None


class Bundles(Part):
    """What may go out in one message, and what did."""

    def told_lately(self, bundles: Collection[str], after: Instant) -> dict[str, Told]:
        """Of each bundle of which something went out, or is to go, later than ``after``; whoever has
        answered what went out is awake, and it counts no longer."""
        asked = {**self._ids(bundles), "after": after}
        rows = self._connection.execute(_TOLD[self._dialect], asked)
        return {bundle: Told(last, waits) for bundle, last, waits in rows}

    def gather_no_longer(self, subject: str, now: Instant) -> None:
        """What waits of a case for messages of others goes at once, and takes along those."""
        self._connection.execute(_GATHER_NO_LONGER, {"of": subject, "at": now})

    def told_with(self, sent: Delivery) -> list[Delivery]:
        """The other deliveries that the message of this one told of; none where it carried none."""
        if sent.carrier != sent.key:
            return []
        rows = self._connection.execute(_WITH, {"of": sent.key}).mappings()
        return [read_delivery(row) for row in rows]
