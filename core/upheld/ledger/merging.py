"""Deliveries that another one speaks for, and what becomes of them when it never goes out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, bindparam, exists, select, update

from upheld.ledger.machine import NOW
from upheld.ledger.part import among, listed, one_of
from upheld.ledger.records import Delivery
from upheld.ledger.schema import delivery, outbox
from upheld.ledger.states import DeliveryState, OutboxState

_carrier, _own = delivery.alias(), outbox.alias()
_MERGED: Final = one_of(delivery.c.state, [DeliveryState.MERGED])
_WANTED: Final = exists().where(_own.c.key == delivery.c.outbox_key, _own.c.unwanted.is_(None))
_CARRIER_DROPPED: Final = exists().where(
    _carrier.c.key == delivery.c.detail,
    one_of(_carrier.c.state, [DeliveryState.DROPPED]),
    outbox.c.key == _carrier.c.outbox_key,
    outbox.c.unwanted.is_not(None),
)

#: A message that is told by a delivery which has not gone out yet.
STILL_CARRIED: Final = exists().where(
    delivery.c.outbox_key == outbox.c.key,
    _MERGED,
    _carrier.c.key == delivery.c.detail,
    one_of(_carrier.c.state, [DeliveryState.PENDING]),
)
_FREE: Final = (
    update(delivery)
    .where(delivery.c.subject == bindparam("of"), _MERGED, _WANTED, _CARRIER_DROPPED)
    .values(state=DeliveryState.PENDING.value, detail=None, changed=NOW)
)
_OPEN_AGAIN: Final = (
    update(outbox)
    .where(outbox.c.subject == bindparam("of"), one_of(outbox.c.state, [OutboxState.DONE]))
    .where(
        exists().where(
            delivery.c.outbox_key == outbox.c.key,
            one_of(delivery.c.state, [DeliveryState.PENDING]),
        )
    )
    .values(state=OutboxState.PLANNED.value, wake_at=0)
)
_BESIDE: Final = (
    select(delivery.c.detail, outbox.c.clauses)
    .join(outbox, outbox.c.key == delivery.c.outbox_key)
    .where(_MERGED, outbox.c.unwanted.is_(None))
    .order_by(delivery.c.number)
)
_SUBJECTS: Final = among(delivery.c.subject, "subjects")
_CARRIED: Final = {
    name: _BESIDE.where(_SUBJECTS[name], keys)
    for name, keys in among(delivery.c.detail, "keys").items()
}


def free(connection: Connection, subject: str) -> None:
    """What was merged into a delivery that is not wanted any more, but is wanted itself, goes out by
    itself."""
    if connection.execute(_FREE, {"of": subject}).rowcount:
        connection.execute(_OPEN_AGAIN, {"of": subject})


def merged_into(connection: Connection, key: str) -> tuple[str, ...]:
    """The keys of the messages that a delivery speaks for besides its own."""
    found = select(delivery.c.outbox_key).where(_MERGED, delivery.c.detail == key)
    return tuple(dict.fromkeys(connection.execute(found).scalars()))


def carried(
    connection: Connection, deliveries: Iterable[Delivery]
) -> Mapping[str, tuple[str, ...]]:
    """Key of a delivery -> the clauses of other messages that it speaks for too."""
    subjects = {each.key: each.subject for each in deliveries}
    dialect = connection.dialect.name
    asked = listed(dialect, subjects=sorted(set(subjects.values())), keys=sorted(subjects))
    found = connection.execute(_CARRIED[dialect], asked)
    clauses: dict[str, tuple[str, ...]] = {}
    for key, more in found:
        clauses[key] = (*clauses.get(key, ()), *json.loads(more))
    return clauses
