"""Deliveries as they stand: lookups for receipts, dead letters, what is under way."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    union_all,
    update,
)

from upheld.calendar.instant import Instant
from upheld.ledger.machine import NOW
from upheld.ledger.part import Part, one_of
from upheld.ledger.records import Attempt, Delivery
from upheld.ledger.schema import attempt, delivery, outbox
from upheld.ledger.states import (
    PERHAPS_THERE,
    PROGRESS,
    UNFINISHED,
    DeliveryState,
    OutboxState,
)
from upheld.ledger.waiting import became

#: The connection where something else narrows down more: by the column itself SQLite would read all that
#: was ever sent over it.
CONNECTION: Final = delivery.c.connection.concat(literal_column("''"))
_BY: Final = select(delivery.c.number).where(delivery.c.connection == bindparam("by"))
# Each by its own index: with "or" SQLite would read all that was ever sent over the connection.
_NAMED: Final = union_all(
    _BY.where(delivery.c.key == bindparam("name")),
    _BY.where(delivery.c.handle == bindparam("name")),
)
_SPOKEN_OF: Final = (
    select(delivery).where(delivery.c.number.in_(_NAMED)).order_by(delivery.c.number.desc())
)
_WAITING: Final = select(outbox.c.key).where(
    outbox.c.wake_at.is_not(None), outbox.c.unwanted.is_(None)
)
_WAITING_FOR: Final = (
    select(delivery)
    .where(delivery.c.outbox_key.in_(_WAITING), delivery.c.recipient == bindparam("who"))
    .order_by(delivery.c.number + 0)  # few: they are sorted, instead of reading all in their order
)


def _before(reached: DeliveryState) -> list[DeliveryState]:
    """What comes before a state. Whoever has acknowledged may still pass it on."""
    taken = {DeliveryState.ACKNOWLEDGED} if reached is DeliveryState.PASSED else frozenset()
    return [each for each in PROGRESS if PROGRESS[each] < PROGRESS[reached] or each in taken]


#: By the state that is reached: what has not come so far yet.
_ADVANCED: Final = {
    reached: update(delivery)
    .where(
        delivery.c.key == bindparam("of"),
        one_of(delivery.c.state, _before(reached)),
    )
    .values(state=reached.value, detail=bindparam("because"), changed=NOW, lease_until=None)
    for reached in PROGRESS
    if PROGRESS[reached] > min(PROGRESS.values())
}


def in_states(*states: DeliveryState) -> ColumnElement[bool]:
    """Which deliveries are in one of ``states``: said so that the index of the unfinished is found."""
    found = one_of(delivery.c.state, states)
    return and_(one_of(delivery.c.state, UNFINISHED), found) if _unfinished(states) else found


def _unfinished(states: Collection[DeliveryState]) -> bool:
    return bool(states) and set(states) <= set(UNFINISHED)


def _order(states: Collection[DeliveryState]) -> ColumnElement[int]:
    # Few are unfinished: they are sorted. SQLite would walk the whole table, since it is in this order.
    return delivery.c.number + 0 if _unfinished(states) else delivery.c.number.expression


def read_delivery(row: Any) -> Delivery:
    """A row of the table as a record."""
    return Delivery(**{**row, "state": DeliveryState(row["state"])})


class Deliveries(Part):
    """What went out, what did not, and what became of it."""

    def deliveries(
        self,
        *,
        subject: str | None = None,
        outbox_key: str | None = None,
        states: Collection[DeliveryState] = (),
        limit: int | None = 1000,
    ) -> list[Delivery]:
        """Deliveries of a subject or a message, in some states, oldest first; without a ``limit`` all."""
        query = select(delivery).order_by(_order(states)).limit(limit)
        if subject is not None:
            query = query.where(delivery.c.subject == subject)
        if outbox_key is not None:
            query = query.where(delivery.c.outbox_key == outbox_key)
        if states:
            query = query.where(in_states(*states))
        return [read_delivery(row) for row in self._connection.execute(query).mappings()]

    def perhaps_there(self, subject: str) -> list[Delivery]:
        """All of a subject that may have reached somebody, oldest first."""
        return self.deliveries(subject=subject, states=PERHAPS_THERE, limit=None)

    def receipt(self, connection: str, key_or_handle: str) -> Delivery | None:
        """The delivery that a provider speaks of, by our key or by its own handle."""
        asked = {"by": connection, "name": key_or_handle}
        row = self._connection.execute(_SPOKEN_OF, asked).mappings().first()
        return None if row is None else read_delivery(row)

    def waiting_for(self, person: str) -> list[Delivery]:
        """What went to a person and waits for somebody's answer, oldest first."""
        rows = self._connection.execute(_WAITING_FOR, {"who": person}).mappings()
        return [read_delivery(row) for row in rows]

    def advance(
        self,
        key: str,
        state: DeliveryState,
        *,
        detail: str | None = None,
        now: Instant | None = None,
    ) -> bool:
        """Take a provider's word that a delivery has come further; False for old news. ``now`` is policy
        time, as that was: an acknowledgement holds so long from there."""
        moved = self._connection.execute(_ADVANCED[state], {"of": key, "because": detail})
        if moved.rowcount != 1:
            return False
        self._finish_message_of(key)
        became(self._connection, key, state, now)
        return True

    def attempts(self, key: str) -> list[Attempt]:
        """Every try at a delivery, oldest first."""
        tries = select(attempt).where(attempt.c.delivery == key).order_by(attempt.c.token)
        return [
            Attempt(**{**row, "state": DeliveryState(row["state"]) if row["state"] else None})
            for row in self._connection.execute(tries).mappings()
        ]

    def dead_letters(self, *, limit: int = 1000) -> list[Delivery]:
        """Deliveries that were given up, oldest first."""
        return self.deliveries(states=(DeliveryState.DEAD,), limit=limit)

    def replay(self, key: str) -> bool:
        """Try a dead delivery again; attempts made before stay counted. False where it isn't dead."""
        alive = {"state": DeliveryState.PENDING.value, "not_before": NOW, "changed": NOW}
        if not self._from_dead(key, alive):
            return False
        self._message_of(key, OutboxState.DONE, OutboxState.PLANNED)
        return True

    def drop_dead(self, key: str, *, reason: str, actor: str) -> bool:
        """Take a dead delivery off the list, with who and why. False where it isn't dead."""
        detail = f"{reason} ({actor})"
        gone = {"state": DeliveryState.DROPPED.value, "detail": detail, "changed": NOW}
        return self._from_dead(key, gone)

    def in_flight(self) -> dict[DeliveryState, int]:
        """How many deliveries there are in each unfinished state; empty when nothing is under way."""
        unfinished = one_of(delivery.c.state, UNFINISHED)
        counts = select(delivery.c.state, func.count()).where(unfinished)
        rows = self._connection.execute(counts.group_by(delivery.c.state))
        return {DeliveryState(state): count for state, count in rows}

    def _from_dead(self, key: str, values: dict[str, Any]) -> bool:
        dead = (delivery.c.key == key) & (one_of(delivery.c.state, [DeliveryState.DEAD]))
        return self._connection.execute(update(delivery).where(dead).values(values)).rowcount == 1

    def _message_of(self, key: str, since: OutboxState, state: OutboxState) -> None:
        message = select(delivery.c.outbox_key).where(delivery.c.key == key).scalar_subquery()
        moved = update(outbox).where(outbox.c.key == message, outbox.c.state == since.value)
        self._connection.execute(moved.values(state=state.value))

    def _finish_message_of(self, key: str) -> None:
        message = select(delivery.c.outbox_key).where(delivery.c.key == key).scalar_subquery()
        unfinished = exists().where(
            delivery.c.outbox_key == outbox.c.key,
            one_of(delivery.c.state, UNFINISHED),
        )
        done = update(outbox).where(outbox.c.key == message, ~unfinished)
        planned = done.where(one_of(outbox.c.state, [OutboxState.PLANNED]))
        self._connection.execute(planned.values(state=OutboxState.DONE.value))
