"""The ledger in a few numbers, for whoever watches it from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, func, select

from upheld.calendar.instant import Instant
from upheld.ledger.deliveries import CONNECTION, in_states
from upheld.ledger.part import Part, one_of
from upheld.ledger.schema import outbox, subject
from upheld.ledger.states import UNFINISHED, DeliveryState, OutboxState

_OPEN: Final = (
    select(func.count())
    .select_from(subject)
    .where(subject.c.kind == "case", subject.c.status.not_in(("resolved", "closed")))
)
_DUE: Final = select(func.count(), func.min(subject.c.wake_at)).where(
    subject.c.wake_at <= bindparam("now")
)
_WAITING: Final = (OutboxState.PENDING, OutboxState.HELD)
_MESSAGES: Final = [
    select(func.count(), func.min(outbox.c.created)).where(one_of(outbox.c.state, [state]))
    for state in _WAITING
]
# What was sent is never counted: the table grows for ever.
_DELIVERIES: Final = [
    select(CONNECTION, func.count()).where(in_states(state)).group_by(CONNECTION)
    for state in (*UNFINISHED, DeliveryState.DEAD)
]


@dataclass(frozen=True, slots=True)
class Gauges:
    """``due``: subjects whose time has come, ``oldest_due`` the first such instant; ``messages``: how
    many wait by state, and since when the oldest does; ``deliveries``: unfinished and dead ones by
    connection and state."""

    open_cases: int
    due: int
    oldest_due: Instant | None
    messages: dict[str, tuple[int, Instant | None]]
    deliveries: dict[tuple[str, str], int]


class Counts(Part):
    """Counts over whole tables, each along an index."""

    def gauges(self, now: Instant) -> Gauges:
        """All of them at one moment."""
        run = self._connection.execute
        due, oldest = run(_DUE, {"now": now}).one()
        messages = {
            state.value: (many, since)
            for state, query in zip(_WAITING, _MESSAGES, strict=True)
            for many, since in run(query)
        }
        deliveries = {
            (name, state.value): many
            for state, query in zip((*UNFINISHED, DeliveryState.DEAD), _DELIVERIES, strict=True)
            for name, many in run(query)
        }
        return Gauges(run(_OPEN).scalar_one(), due, oldest, messages, deliveries)
