"""Messages: from decided to planned, held, dropped or done."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, exists, func, insert, or_, select, update

from upheld.calendar.instant import Instant
from upheld.errors import NotFound
from upheld.ledger.faults import overtaken
from upheld.ledger.machine import NOW
from upheld.ledger.newness import tell
from upheld.ledger.part import Part, dump, one_of, unless_there
from upheld.ledger.records import NewDelivery, OutboxItem
from upheld.ledger.schema import delivery, outbox
from upheld.ledger.states import UNFINISHED, DeliveryState, OutboxState

_PENDING: Final = (
    select(outbox)
    .where(one_of(outbox.c.state, [OutboxState.PENDING]))
    .order_by(outbox.c.urgency, outbox.c.number)
    .limit(bindparam("most"))
)
_ITEM: Final = select(outbox).where(outbox.c.key == bindparam("of"))
_UNPLANNED: Final = (
    select(func.count()).select_from(outbox).where(one_of(outbox.c.state, [OutboxState.PENDING]))
)
_UNFINISHED: Final = exists().where(
    delivery.c.outbox_key == outbox.c.key,
    one_of(delivery.c.state, UNFINISHED),
)
_FINISH: Final = (
    update(outbox)
    .where(outbox.c.key == bindparam("of"), one_of(outbox.c.state, [OutboxState.PLANNED]))
    .where(~_UNFINISHED)
    .values(state=OutboxState.DONE.value)
)
_PLAN: Final = (
    update(outbox)
    .where(outbox.c.key == bindparam("of"), one_of(outbox.c.state, [OutboxState.PENDING]))
    .values(state=OutboxState.PLANNED.value, reason=None)
    .returning(outbox)
)
_PLAN_NOW: Final = _PLAN.values(planned=bindparam("at"), wake_at=bindparam("look"))
# What is in somebody's hands just now may be on its way already: it is too late for that.
_DROP_LEFT: Final = (
    update(delivery)
    .where(delivery.c.outbox_key == bindparam("of"))
    .where(one_of(delivery.c.state, [DeliveryState.PENDING]))
    .where(or_(delivery.c.lease_until.is_(None), delivery.c.lease_until <= NOW))
    .values(state=DeliveryState.DROPPED.value, detail=bindparam("because"), changed=NOW)
)
_BEGUN: Final = exists().where(
    delivery.c.outbox_key == outbox.c.key, delivery.c.state != DeliveryState.DROPPED.value
)
_DROP_UNBEGUN: Final = (
    update(outbox)
    .where(outbox.c.key == bindparam("of"), one_of(outbox.c.state, [OutboxState.PLANNED]))
    .where(~_BEGUN)
    .values(state=OutboxState.DROPPED.value, reason=bindparam("because"))
)
_NOT_WANTED: Final = (
    update(outbox)
    .where(outbox.c.key == bindparam("of"))
    .values(unwanted=bindparam("because"), wake_at=None)
)
_INSERT: Final = unless_there(outbox)
_INSERT_DELIVERY: Final = insert(delivery).values(not_before=NOW + bindparam("wait"), changed=NOW)
_ENQUEUE: Final = {
    name: put.returning(outbox.c.number) for name, put in unless_there(outbox).items()
}
#: A row of the outbox, but for what each has of its own.
USUAL: Final[Mapping[str, Any]] = {
    "recipients": "[]",
    "clauses": "[]",
    "late": 0,
    "template": None,
    "facts": "{}",
    "connection": None,
    "why": None,
    "state": OutboxState.PENDING.value,
    "urgency": 5,
}


def anew(key: str, to: str) -> str:
    """The key of a message that is planned again for somebody else."""
    return f"{key}~{to}"


def read_item(row: Any) -> OutboxItem:
    """A row of the outbox as a record."""
    values = {name: row[name] for name in _PLAIN}
    return OutboxItem(
        **values,
        to=tuple(json.loads(row["recipients"])),
        clauses=tuple(json.loads(row["clauses"])),
        facts=json.loads(row["facts"]),
        state=OutboxState(row["state"]),
    )


_PLAIN: Final = [
    "key",
    "subject",
    "purpose",
    "due",
    "late",
    "template",
    "connection",
    "why",
    "reason",
    "unwanted",
    "created",
    "urgency",
    "planned",
]


class Outbox(Part):
    """What there is to say, and to whom it was split up."""

    def enqueue(self, key: str, subject: str, purpose: str, *, now: Instant, **values: Any) -> bool:
        """Put in what no decision of the case asks for (fields, mirrors); False where the key is known.

        ``values`` are columns that are not as usual, ``facts`` and ``recipients`` among them.
        """
        row = {"key": key, "subject": subject, "purpose": purpose, "due": now, "created": now}
        columns = {**USUAL, **row, **{name: _column(value) for name, value in values.items()}}
        new = self._connection.execute(_ENQUEUE[self._dialect], columns).first() is not None
        if new:
            tell(self._connection)
        return new

    def pending(self, limit: int) -> list[OutboxItem]:
        """Messages that nobody has planned yet, the most urgent first, then the oldest."""
        rows = self._connection.execute(_PENDING, {"most": limit}).mappings()
        return [read_item(row) for row in rows]

    def unplanned(self) -> int:
        """How many messages nobody has planned yet."""
        return int(self._connection.execute(_UNPLANNED).scalar_one())

    def item(self, key: str) -> OutboxItem:
        """The message with this key; ``NotFound``."""
        row = self._connection.execute(_ITEM, {"of": key}).mappings().first()
        if row is None:
            raise NotFound(f"no message has the key {key}", do_next="see `upheld outbox list`")
        return read_item(row)

    def items(
        self,
        *,
        subject: str | None = None,
        states: Collection[OutboxState] = (),
        limit: int | None = 1000,
    ) -> list[OutboxItem]:
        """Messages of a subject, in some states, oldest first; without a ``limit`` all of them."""
        query = select(outbox).order_by(outbox.c.number).limit(limit)
        if subject is not None:
            query = query.where(outbox.c.subject == subject)
        if states:
            query = query.where(one_of(outbox.c.state, states))
        return [read_item(row) for row in self._connection.execute(query).mappings()]

    def plan(
        self,
        key: str,
        deliveries: Sequence[NewDelivery],
        *,
        now: Instant | None = None,
        wake_at: Instant | None = None,
    ) -> None:
        """Split a pending message into deliveries; ``Conflict`` where somebody else has done so.

        ``now`` (policy time) is kept with it, so that a brake can count what goes out; at ``wake_at`` it
        is looked at again.
        """
        moved = _PLAN if now is None else _PLAN_NOW
        when = {"of": key, "at": now, "look": wake_at}
        row = self._connection.execute(moved, when).mappings().first()
        if row is None:
            raise overtaken(key)
        self._deliver(read_item(row), deliveries, now or 0)

    def extend(self, key: str, deliveries: Sequence[NewDelivery], *, now: Instant = 0) -> None:
        """Add deliveries to a planned or finished message: the next channel, the next person. They go out
        after the first ones of other messages. ``Conflict`` where it is not wanted any more."""
        query = update(outbox).where(
            outbox.c.key == key,
            one_of(outbox.c.state, [OutboxState.PLANNED, OutboxState.DONE]),
            outbox.c.unwanted.is_(None),
        )
        moved = query.values(state=OutboxState.PLANNED.value).returning(outbox)
        row = self._connection.execute(moved).mappings().first()
        if row is None:
            raise overtaken(key)
        self._deliver(read_item(row), deliveries, now, later=1)

    def settle(self, key: str, state: OutboxState, reason: str) -> None:
        """Hold, drop, shadow or finish a pending message; ``Conflict`` where it is pending no more."""
        waits = one_of(outbox.c.state, [OutboxState.PENDING])
        moved = update(outbox).where(outbox.c.key == key, waits)
        row = {"state": state.value, "reason": reason}
        if self._connection.execute(moved.values(row)).rowcount != 1:
            raise overtaken(key)

    def release(self, keys: Collection[str] | None = None, *, actor: str | None = None) -> int:
        """Let held messages go (all of them without ``keys``); how many there were.

        With ``actor`` it is on them that a person let them go: no brake holds them again. What ran in
        shadow stays there: it is the list of what would have gone.
        """
        why = f"released ({actor})" if actor is not None else None
        return self._move_waiting(keys, (OutboxState.HELD,), OutboxState.PENDING, why)

    def drop(self, keys: Collection[str] | None = None, *, reason: str, actor: str) -> int:
        """Give up messages that have not begun to go out; how many there were.

        Without ``keys``: all that are held or in shadow. A message of which a part went out loses
        what is left of it. What shadow kept in stays so on record: it was promised to nobody.
        """
        why = f"{reason} ({actor})"
        dropped = self._drop_shadow(keys, why)
        if keys is None:
            return dropped + self._move_waiting(keys, (OutboxState.HELD,), OutboxState.DROPPED, why)
        never = (OutboxState.HELD, OutboxState.PENDING)
        dropped += self._move_waiting(keys, never, OutboxState.DROPPED, why)
        return dropped + sum(self._drop_planned(key, why) for key in keys)

    def _drop_shadow(self, keys: Collection[str] | None, why: str) -> int:
        query = update(outbox).where(one_of(outbox.c.state, [OutboxState.SHADOW]))
        query = query.where(outbox.c.unwanted.is_(None))
        if keys is not None:
            query = query.where(outbox.c.key.in_(list(keys)))
        return self._connection.execute(query.values(unwanted=why)).rowcount

    def plan_anew(self, key: str, to: str, because: str, *, held: bool = False) -> None:
        """Give up what is left of a planned message, and let it be planned again for ``to``, under a key
        that tells so. Nothing happens where that was done, or where it is not wanted any more."""
        query = select(outbox).where(outbox.c.key == key)
        row = dict(self._connection.execute(query).mappings().one())
        if row["unwanted"] is not None:
            return
        left = {"of": key, "because": because}
        self._connection.execute(_NOT_WANTED, left)
        self._connection.execute(_DROP_LEFT, left)
        del row["number"]
        state = OutboxState.HELD if held else OutboxState.PENDING
        row |= {"key": anew(key, to), "state": state.value, "planned": None, "wake_at": None}
        row["reason"] = because if held else None
        self._connection.execute(_INSERT[self._dialect], row)

    def look_anew(self, keys: Collection[str], *, reason: str) -> int:
        """Drop messages that shadow mode kept in, since what they stand for is computed anew."""
        return self._move_waiting(keys, (OutboxState.SHADOW,), OutboxState.DROPPED, reason)

    def _drop_planned(self, key: str, why: str) -> int:
        left = {"of": key, "because": why}
        if self._connection.execute(_DROP_LEFT, left).rowcount == 0:
            return 0
        if self._connection.execute(_DROP_UNBEGUN, left).rowcount == 0:
            self.finish(key)
        return 1

    def _move_waiting(
        self,
        keys: Collection[str] | None,
        since: Collection[OutboxState],
        state: OutboxState,
        reason: str | None,
    ) -> int:
        query = update(outbox).where(one_of(outbox.c.state, since))
        if keys is not None:
            query = query.where(outbox.c.key.in_(list(keys)))
        return self._connection.execute(query.values(state=state.value, reason=reason)).rowcount

    def _deliver(
        self, item: OutboxItem, deliveries: Sequence[NewDelivery], since: Instant, *, later: int = 0
    ) -> None:
        if deliveries:
            urgency = item.urgency + later
            rows = [
                {**_row(item, new), "since": since + new.after + new.waits, "urgency": urgency}
                for new in deliveries
            ]
            self._connection.execute(_INSERT_DELIVERY, rows)
        if all(new.merged_into for new in deliveries):
            self.finish(item.key)

    def finish(self, key: str) -> None:
        """A message of which every delivery is final is done."""
        self._connection.execute(_FINISH, {"of": key})


def _column(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int) else dump(value)


def _row(item: OutboxItem, new: NewDelivery) -> dict[str, Any]:
    return {
        "key": new.key,
        "outbox_key": item.key,
        "subject": item.subject,
        "purpose": item.purpose,
        "recipient": new.recipient,
        "recipient_name": new.recipient_name,
        "channel": new.channel,
        "connection": new.connection,
        "address": new.address,
        "lane": new.lane,
        "state": (DeliveryState.MERGED if new.merged_into else DeliveryState.PENDING).value,
        "detail": new.merged_into,
        "attempts": 0,
        "token": 0,
        "wait": new.after,
        "lap": new.lap,
        "bundle": new.bundle,
    }
