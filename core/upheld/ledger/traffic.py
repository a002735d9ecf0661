"""How much goes out, what is held, and what should have gone out long ago."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select
from sqlalchemy.sql.functions import coalesce

from upheld.calendar.instant import Instant
from upheld.ledger.deliveries import CONNECTION, in_states
from upheld.ledger.part import Part, one_of
from upheld.ledger.records import Backlog, Planned
from upheld.ledger.schema import delivery, outbox, stop
from upheld.ledger.states import DeliveryState, OutboxState

#: Urgencies up to this wake somebody, or let them sleep again.
_WAKING: Final = 2
_WAITS: Final = in_states(DeliveryState.PENDING, DeliveryState.ATTEMPTING)
_OF: Final = delivery.c.outbox_key == outbox.c.key
# Messages of before this column was there have none.
_PLANNED: Final = coalesce(outbox.c.planned, outbox.c.created)
#: What nobody has tried yet may have been planned later than its message, or for later: the next way, a
#: person's quiet hours.
_MEANT: Final = case(
    (and_(delivery.c.attempts == 0, delivery.c.since > _PLANNED), delivery.c.since), else_=_PLANNED
)


_PLANNED_SINCE: Final = (
    select(outbox.c.purpose, outbox.c.recipients, func.count())
    .join(delivery, _OF)
    .where(
        outbox.c.planned > bindparam("at"),
        outbox.c.purpose.in_(bindparam("purposes", expanding=True)),
        delivery.c.state != DeliveryState.MERGED.value,
    )
    .group_by(outbox.c.purpose, outbox.c.recipients)
)


class Traffic(Part):
    """The outbox from outside."""

    def planned_since(self, at: Instant, purposes: Collection[str]) -> list[Planned]:
        """How many deliveries of these purposes were planned after ``at`` (policy time), by whom the
        messages are for."""
        asked = {"at": at, "purposes": sorted(purposes)}
        rows = self._connection.execute(_PLANNED_SINCE, asked)
        return [Planned(purpose, tuple(json.loads(to)), count) for purpose, to, count in rows]

    def planned_to(self, address: str, purposes: Collection[str], at: Instant) -> int:
        """How many deliveries of these purposes were planned to an address after ``at`` (policy time)."""
        count = (
            select(func.count())
            .select_from(delivery)
            .join(outbox, _OF)
            .where(
                outbox.c.planned > at,
                outbox.c.purpose.in_(sorted(purposes)),
                func.lower(delivery.c.address) == address.lower(),
                delivery.c.state != DeliveryState.MERGED.value,
            )
        )
        return int(self._connection.execute(count).scalar_one())

    def held(self) -> dict[str, int]:
        """How many messages are held, by reason."""
        counts = (
            select(outbox.c.reason, func.count())
            .where(one_of(outbox.c.state, [OutboxState.HELD]))
            .group_by(outbox.c.reason)
        )
        return {reason or "": count for reason, count in self._connection.execute(counts)}

    def backlog(self, *, waking: Instant, others: Instant) -> list[Backlog]:
        """Deliveries that were to go out before ``others``, or before ``waking`` where they wake
        somebody, by connection. Time under a stop does not count, nor what was planned for later."""
        late = or_(
            self._before(_MEANT, others),
            and_(delivery.c.urgency <= _WAKING, self._before(_MEANT, waking)),
        )
        rows = self._connection.execute(
            select(
                CONNECTION,
                func.count(),
                func.min(_MEANT),
                func.max(delivery.c.detail),
            )
            .join(outbox, _OF)
            .where(_WAITS, late)
            .group_by(CONNECTION)
            .order_by(CONNECTION)
        )
        return [Backlog(*row) for row in rows]

    def unplanned_before(self, at: Instant) -> int:
        """Messages decided before ``at`` that nobody has planned. Time under a stop does not count."""
        waits = one_of(outbox.c.state, [OutboxState.PENDING])
        late = self._before(outbox.c.created, at)
        count = select(func.count()).select_from(outbox).where(waits, late)
        return int(self._connection.execute(count).scalar_one())

    def _before(self, began: ColumnElement[int], at: Instant) -> ColumnElement[bool]:
        resumed = select(func.max(stop.c.resumed)).scalar_subquery()
        return and_(began <= at, coalesce(resumed, 0) <= at)
