"""Work that goes outside: leased, fenced, attempted, and its outcome.

The order is always: lease, ``attempting`` committed, the call, ``outcome`` committed. A process
that dies in between leaves an attempt without an outcome; the next lease finds it ``unknown``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.dml import ReturningUpdate

from upheld.calendar.instant import SECOND, Instant, Span
from upheld.errors import Fenced
from upheld.ledger.deliveries import CONNECTION, Deliveries, read_delivery
from upheld.ledger.machine import NOW
from upheld.ledger.merging import carried, free, merged_into
from upheld.ledger.outbox import Outbox, read_item
from upheld.ledger.part import among, listed, one_of
from upheld.ledger.records import Delivery, LeasedDelivery, OutboxItem
from upheld.ledger.schema import attempt, delivery, outbox, scope
from upheld.ledger.site import STOPPED
from upheld.ledger.states import UNFINISHED, DeliveryState, OutboxState
from upheld.ledger.waiting import FIRST_TRIED, became

#: Later than anything that waits.
_ALL_TIME: Final[Instant] = 2**62

_OPEN: Final = one_of(delivery.c.state, UNFINISHED)
_READY: Final = and_(_OPEN, delivery.c.state != literal_column("'attempting'"))
_NO_LEASE: Final = or_(delivery.c.lease_until.is_(None), delivery.c.lease_until <= NOW)
_PAUSED: Final = exists().where(
    scope.c.name == literal("paused/").concat(delivery.c.connection), scope.c.until.is_(None)
)
_WANTED: Final = exists().where(
    outbox.c.key == delivery.c.outbox_key,
    one_of(outbox.c.state, [OutboxState.PLANNED]),
    outbox.c.unwanted.is_(None),
)
_OURS: Final = and_(
    delivery.c.number == bindparam("of"), delivery.c.token == bindparam("token_held")
)

_RECLAIM: Final = (
    update(delivery)
    .where(_OPEN, one_of(delivery.c.state, [DeliveryState.ATTEMPTING]))
    .where(delivery.c.lease_until <= NOW, ~STOPPED)
    .values(state=DeliveryState.UNKNOWN.value, changed=NOW, not_before=NOW)
)
_BEGIN: Final = (
    update(delivery)
    .where(_OURS, _READY, delivery.c.lease_until > NOW, _WANTED, ~STOPPED)
    .values(
        state=DeliveryState.ATTEMPTING.value,
        attempts=delivery.c.attempts + 1,
        since=FIRST_TRIED,
        carrier=bindparam("goes_in", type_=Text),
        lease_until=case(
            (bindparam("renewed") > 0, NOW + bindparam("renewed")), else_=delivery.c.lease_until
        ),
        changed=NOW,
    )
)
_INSERT_ATTEMPT: Final = insert(attempt).values(began=NOW)
_END_ATTEMPT: Final = (
    update(attempt)
    .where(attempt.c.delivery == bindparam("of"), attempt.c.token == bindparam("token_held"))
    .values(ended=NOW)
)
_ADD_HANDLE: Final = (
    update(delivery)
    .where(_OURS, ~_OPEN)
    .where(
        exists().where(
            attempt.c.delivery == delivery.c.key,
            attempt.c.token == delivery.c.token,
            attempt.c.ended.is_(None),
        )
    )
    .values(handle=func.coalesce(delivery.c.handle, bindparam("known_handle")), owner=None)
)
_DROP_UNWANTED: Final = (
    update(delivery)
    .where(_OURS, _READY, ~_WANTED)
    .values(
        state=DeliveryState.DROPPED.value,
        detail=bindparam("because"),
        lease_until=None,
        changed=NOW,
    )
)
_LET_GO: Final = update(delivery).where(_OURS, _READY).values(owner=None, lease_until=None)
_RENEW: Final = (
    update(delivery)
    .where(_OURS, _OPEN, delivery.c.lease_until > NOW)
    .values(lease_until=NOW + bindparam("renewed"))
)


def _first_in_lane() -> ColumnElement[bool]:
    earlier = delivery.alias()
    return ~exists().where(
        earlier.c.lane == delivery.c.lane,
        earlier.c.number < delivery.c.number,
        one_of(earlier.c.state, UNFINISHED),
    )


_MAY_GO: Final = and_(
    _READY, delivery.c.not_before <= NOW, _NO_LEASE, ~STOPPED, ~_PAUSED, _first_in_lane()
)
#: What may go with messages of other cases is gathered until its time.
_GATHERED: Final = or_(delivery.c.bundle.is_(None), delivery.c.since <= bindparam("now"))
_FREE: Final = (
    select(delivery.c.number, delivery.c.bundle, delivery.c.state, delivery.c.carrier)
    .where(_MAY_GO, _GATHERED)
    .order_by(delivery.c.urgency, delivery.c.number)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def _leasing(ready: Select[Any]) -> ReturningUpdate[Any]:
    # Common table expressions, so that PostgreSQL picks and locks the rows once.
    picked = ready.cte("picked")
    beside = _goes_with(picked).cte("beside")
    return (
        update(delivery)
        .where(delivery.c.number.in_(union(select(picked.c.number), select(beside.c.number))))
        .values(
            owner=bindparam("who"),
            token=delivery.c.token + 1,
            lease_until=NOW + bindparam("span", type_=BigInteger),
        )
        .returning(delivery)
    )


def _goes_with(picked: CTE) -> Select[Any]:
    """What goes in the message of one that was picked, however long it would have waited; where nobody
    knows whether that went out, what was in it."""
    known = picked.c.state == literal_column("'pending'")
    same = and_(picked.c.bundle == delivery.c.bundle, picked.c.state == delivery.c.state)
    gathered = select(delivery.c.number).join(picked, same)
    ready = gathered.where(_MAY_GO, or_(known, picked.c.carrier == delivery.c.carrier))
    return ready.with_for_update(skip_locked=True, of=delivery)


_LEASE: Final = _leasing(_FREE)
_LEASE_OF: Final = {
    name: _leasing(_FREE.where(which)) for name, which in among(CONNECTION, "connections").items()
}
_ENDED: Final = (
    update(delivery)
    .where(_OURS, _OPEN)
    .values(
        state=bindparam("became"),
        detail=bindparam("because"),
        handle=func.coalesce(bindparam("known_handle"), delivery.c.handle),
        owner=None,
        lease_until=None,
        changed=NOW,
        not_before=NOW + bindparam("later", type_=BigInteger),
    )
)
_MESSAGES: Final = {name: select(outbox).where(ids) for name, ids in among(outbox.c.key).items()}


class Leases(Outbox, Deliveries):
    """Deliveries in somebody's hands."""

    def lease(
        self,
        owner: str,
        *,
        limit: int,
        seconds: float,
        connections: Collection[str] | None = None,
        now: Instant = _ALL_TIME,
    ) -> list[LeasedDelivery]:
        """Take what may go out now (policy time), the most urgent first, one at a time of each lane; beyond
        ``limit`` what goes in the same message.

        Nothing while everything is stopped.
        """
        self._connection.execute(_RECLAIM)
        span = int(seconds * SECOND)
        lease, asked = _LEASE, {"who": owner, "span": span, "most": limit, "now": now}
        if connections is not None:
            lease = _LEASE_OF[self._dialect]
            asked |= listed(self._dialect, connections=connections)
        rows = self._connection.execute(lease, asked).mappings()
        taken = sorted((read_delivery(row) for row in rows), key=lambda d: (d.urgency, d.number))
        return self._with_messages(taken) if taken else []

    def attempting(
        self,
        leased: LeasedDelivery,
        *,
        seconds: float = 0,
        now: Instant | None = None,
        carrier: str | None = None,
    ) -> bool:
        """Write down that it is being sent now, and renew the lease by ``seconds`` (0: leave it). The first
        time, its time to be answered begins to count at ``now`` (policy time). ``carrier`` is the key of
        the delivery in whose message it goes.

        False means: don't send. The lease was lost, everything is stopped (then the delivery is
        let go), or it is no longer wanted (then it is dropped).
        """
        renewed = int(seconds * SECOND)
        values = {**_held(leased), "renewed": renewed, "tried_at": now, "goes_in": carrier}
        if self._connection.execute(_BEGIN, values).rowcount == 1:
            row = {"delivery": leased.key, "token": leased.token, "owner": leased.delivery.owner}
            self._connection.execute(_INSERT_ATTEMPT, row)
            return True
        self._drop_unwanted(leased)
        return False

    def _drop_unwanted(self, leased: LeasedDelivery) -> None:
        item = self.item(leased.item.key)
        because = item.unwanted or item.reason or "no longer wanted"
        if leased.delivery.state is DeliveryState.UNKNOWN:
            because += "; whether it went out before is not known"
        values = {**_held(leased), "because": because}
        if self._connection.execute(_DROP_UNWANTED, values).rowcount == 1:
            self.finish(item.key)
            free(self._connection, item.subject)
        else:
            self._connection.execute(_LET_GO, _held(leased))

    def readdress(
        self, leased: LeasedDelivery, to: str, because: str, *, held: bool = False
    ) -> None:
        """The people it was planned for are not meant any more: what is left of the message, and of those
        that it speaks for, is dropped, and each is to be planned anew.

        Once for each ``to``, whoever is meant instead. ``held``: a person has to release it first.
        """
        keys = (leased.item.key, *merged_into(self._connection, leased.key))
        for key in keys:
            self.plan_anew(key, to, because, held=held)
        self._drop_unwanted(leased)
        for key in keys:
            self.finish(key)

    def outcome(
        self,
        leased: LeasedDelivery,
        state: DeliveryState,
        *,
        handle: str | None = None,
        detail: str | None = None,
        retry_in: Span | None = None,
        now: Instant | None = None,
    ) -> None:
        """Write down how it ended and give up the lease; ``Fenced`` where it was lost.

        ``PENDING`` and ``UNKNOWN`` are tried again after ``retry_in`` of machine time. ``now`` is policy
        time: an acknowledgement holds so long from there.
        """
        end = {"became": state.value, "because": detail, "known_handle": handle}
        ended = {**_held(leased), **end, "later": retry_in or 0}
        written = self._connection.execute(_ENDED, ended).rowcount == 1
        if not written and not self._told_before(leased, handle):
            raise Fenced(
                "the lease was lost; another daemon has this delivery now",
                where=leased.key,
                do_next="nothing to do: what becomes of it is written down there",
            )
        tried = {"of": leased.key, "token_held": leased.token, "state": state, "detail": detail}
        self._connection.execute(_END_ATTEMPT, tried)
        self.finish(leased.item.key)
        if written:
            became(self._connection, leased.key, state, now)

    def _told_before(self, leased: LeasedDelivery, handle: str | None) -> bool:
        # The provider's callback was faster than our own second transaction: its word stands.
        values = {**_held(leased), "known_handle": handle}
        return self._connection.execute(_ADD_HANDLE, values).rowcount == 1

    def renew(self, leased: LeasedDelivery, *, seconds: float) -> bool:
        """Keep the lease for ``seconds`` from now; False where it was lost."""
        values = {**_held(leased), "renewed": int(seconds * SECOND)}
        return self._connection.execute(_RENEW, values).rowcount == 1

    def let_go(self, *leased: LeasedDelivery) -> None:
        """Give up the leases without an attempt; another may take them at once."""
        for each in leased:
            self._connection.execute(_LET_GO, _held(each))

    def clauses(self, sent: Delivery) -> tuple[str, ...]:
        """The promises that a delivery speaks for: its message's, and those of what was merged."""
        return self._with_messages([sent])[0].item.clauses

    def _with_messages(self, deliveries: Sequence[Delivery]) -> list[LeasedDelivery]:
        keys = self._ids(sorted({each.outbox_key for each in deliveries}))
        rows = self._connection.execute(_MESSAGES[self._dialect], keys).mappings()
        messages = {row["key"]: read_item(row) for row in rows}
        more = carried(self._connection, deliveries)
        return [
            LeasedDelivery(each, _speaking_for(messages[each.outbox_key], more.get(each.key, ())))
            for each in deliveries
        ]


def _speaking_for(item: OutboxItem, more: tuple[str, ...]) -> OutboxItem:
    return replace(item, clauses=tuple(dict.fromkeys((*item.clauses, *more)))) if more else item


def _held(leased: LeasedDelivery) -> dict[str, Any]:
    return {"of": leased.delivery.number, "token_held": leased.token}
