"""Messages that are looked at again: somebody has not answered, or something became of a sending."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from upheld.calendar.instant import Instant, Span
from upheld.case.decision import Purpose
from upheld.ledger.machine import NOW
from upheld.ledger.outbox import read_item
from upheld.ledger.part import Part, one_of
from upheld.ledger.records import OutboxItem
from upheld.ledger.schema import delivery, outbox, stop
from upheld.ledger.site import STOPPED
from upheld.ledger.states import ANSWERS, DeliveryState, OutboxState

#: At once: whatever the clock says.
AT_ONCE: Final[Instant] = 0
#: These are looked at also where nobody waits for them.
_NEWS: Final = frozenset(
    {DeliveryState.DEAD, DeliveryState.FAILED, DeliveryState.PASSED, DeliveryState.ACKNOWLEDGED}
)

_OPEN: Final = (outbox.c.wake_at.is_not(None)) & (outbox.c.unwanted.is_(None))
_WAITING: Final = (
    select(outbox.c.key)
    .where(_OPEN, outbox.c.wake_at <= bindparam("now"), ~STOPPED)
    .order_by(outbox.c.wake_at, outbox.c.urgency, outbox.c.number)
    .limit(bindparam("most"))
)
# Whoever tells what became of a sending waits until it was looked at, or is seen by who looks.
_THIS: Final = (
    select(outbox)
    .where(_OPEN, outbox.c.key == bindparam("of"), outbox.c.wake_at <= bindparam("now"))
    .with_for_update(skip_locked=True)
)
_NEXT: Final = select(func.min(outbox.c.wake_at)).where(_OPEN, ~STOPPED)
# When what is to be looked at *at once* came to be so: something became of a sending of it.
_NEWS_CAME: Final = (
    select(func.max(delivery.c.changed))
    .where(delivery.c.outbox_key == outbox.c.key)
    .scalar_subquery()
)
_RESUMED: Final = func.coalesce(select(func.max(stop.c.resumed)).scalar_subquery(), 0)
_OVERDUE: Final = (
    select(outbox.c.key)
    .where(
        _OPEN,
        ~STOPPED,
        bindparam("late") >= _RESUMED,
        or_(
            outbox.c.wake_at.between(AT_ONCE + 1, bindparam("late")),
            and_(outbox.c.wake_at == AT_ONCE, NOW - bindparam("age") >= _NEWS_CAME),
        ),
    )
    .order_by(outbox.c.wake_at, outbox.c.number)
)
_WAIT: Final = (
    update(outbox)
    .where(outbox.c.key == bindparam("of"), outbox.c.unwanted.is_(None))
    .values(wake_at=bindparam("at"))
)
_LOOK: Final = (
    update(outbox)
    .where(
        outbox.c.key
        == select(delivery.c.outbox_key).where(delivery.c.key == bindparam("of")).scalar_subquery(),
        outbox.c.unwanted.is_(None),
        or_(outbox.c.wake_at.is_not(None), bindparam("news") == 1),
    )
    .values(wake_at=AT_ONCE)
)
_LOOK_AT_PAGES: Final = (
    update(outbox)
    .where(outbox.c.subject == bindparam("of"), outbox.c.purpose == Purpose.PAGE.value)
    .where(
        outbox.c.unwanted.is_(None),
        one_of(outbox.c.state, [OutboxState.PLANNED, OutboxState.DONE]),
    )
    .values(wake_at=bindparam("at"))
)
_SINCE: Final = (
    update(delivery).where(delivery.c.key == bindparam("of")).values(since=bindparam("at"))
)
#: When its time begins to count: the first time that it is tried.
FIRST_TRIED: Final = case(
    (delivery.c.attempts == 0, func.coalesce(bindparam("tried_at"), delivery.c.since)),
    else_=delivery.c.since,
)


class Waiting(Part):
    """What is looked at again, and when."""

    def waiting(self, now: Instant, limit: int) -> list[str]:
        """Keys of the messages to be looked at by ``now`` (policy time), the longest overdue first.

        Nothing while everything is stopped.
        """
        asked = {"now": now, "most": limit}
        return list(self._connection.execute(_WAITING, asked).scalars())

    def still_waiting(self, key: str, now: Instant) -> OutboxItem | None:
        """The message where it is to be looked at by us, locked then; None where somebody else is at it."""
        row = self._connection.execute(_THIS, {"of": key, "now": now}).mappings().first()
        return None if row is None else read_item(row)

    def wait_for(self, key: str, wake_at: Instant | None) -> None:
        """Look at a message again at ``wake_at``, or not any more."""
        self._connection.execute(_WAIT, {"of": key, "at": wake_at})

    def look_at_pages(self, subject: str, now: Instant) -> None:
        """Look at all pages of a case that went out: also at those for which nobody was left to try."""
        self._connection.execute(_LOOK_AT_PAGES, {"of": subject, "at": now})

    def not_looked_at(self, now: Instant, age: Span) -> list[str]:
        """Keys of the messages that were to be looked at ``age`` before ``now`` (policy time) and were
        not, the longest overdue first. Time under a stop does not count."""
        asked = {"late": now - age, "age": age}
        return list(self._connection.execute(_OVERDUE, asked).scalars())

    def next_look(self) -> Instant | None:
        """When the next message is to be looked at; None where nothing waits, or everything is stopped."""
        earliest: Instant | None = self._connection.execute(_NEXT).scalar_one()
        return earliest


def became(
    connection: Connection, delivery_key: str, state: DeliveryState, now: Instant | None
) -> None:
    """Something became of a sending: its message is looked at. ``now``: when it was answered."""
    if state in ANSWERS and now is not None:
        connection.execute(_SINCE, {"of": delivery_key, "at": now})
    connection.execute(_LOOK, {"of": delivery_key, "news": int(state in _NEWS)})
