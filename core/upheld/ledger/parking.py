"""Subjects whose decider failed: their events are kept, and decided later."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select, update

from upheld.calendar.instant import HOUR, Instant, Span
from upheld.case.events import UPHELD, Event, Origin, Undecided
from upheld.errors import NotFound
from upheld.ledger.faults import overtaken
from upheld.ledger.recording import Recording, append
from upheld.ledger.records import ParkedSubject
from upheld.ledger.schema import event as event_table
from upheld.ledger.schema import subject
from upheld.ledger.writing import Writing

#: However often it failed, it is tried again after this.
_LONGEST: Final[Span] = HOUR
#: A pause doubles so often at most; by then it is longer than the longest.
_DOUBLED: Final = 16
_PARK: Final = (
    update(subject)
    .where(subject.c.id == bindparam("of"), subject.c.seq == bindparam("seq_before"))
    .values(parked_times=subject.c.parked_times + 1)
)


class Parking(Recording):
    """What is left undecided."""

    def park(
        self,
        subject_id: str,
        event: Event,
        error: str,
        *,
        now: Instant,
        retry_after: Span,
    ) -> None:
        """Keep ``event`` undecided and look at the subject again after ``retry_after``, and after twice
        as long each time that it fails anew, at most an hour.

        The next ``record`` for it, by the clock or by news, first decides what is left; so
        nothing overtakes. A tick is not kept: the next one does as well.
        """
        writing = self._load([(subject_id, event)])[subject_id]
        until = now + min(retry_after << min(self._failed(subject_id), _DOUBLED), _LONGEST)
        _keep(writing, event, error, now)
        row = writing.place() | {"parked_until": until, "wake_at": until, "parked_error": error}
        if self._connection.execute(_PARK, row).rowcount != 1:
            raise overtaken(subject_id)
        append(self._connection, writing.sealed)
        self.recorded += writing.recorded

    def unpark_all(self, *, now: Instant) -> None:
        """Let the next sweep try all that is parked: a daemon that starts may be the mended one."""
        soon = update(subject).where(subject.c.parked_until > now)
        self._connection.execute(soon.values(parked_until=now, wake_at=now))

    def unpark(self, subject_id: str, *, now: Instant) -> None:
        """Let the next sweep try a parked subject at once; ``NotFound`` where it isn't parked."""
        parked = (subject.c.id == subject_id) & subject.c.parked_until.is_not(None)
        soon = update(subject).where(parked).values(parked_until=now, wake_at=now)
        if self._connection.execute(soon).rowcount != 1:
            raise NotFound(f"{subject_id} is not parked")

    def parked(self) -> list[ParkedSubject]:
        """What is parked, the first to be tried first."""
        rows = self._connection.execute(
            select(subject)
            .where(subject.c.parked_until.is_not(None))
            .order_by(subject.c.parked_until, subject.c.id)
        )
        return [
            ParkedSubject(
                row.id, row.parked_until, row.parked_times, row.parked_error, self._left(row.id)
            )
            for row in rows
        ]

    def due(self, now: Instant, limit: int) -> list[str]:
        """Subjects to be looked at, the longest overdue first, each locked for this transaction."""
        rows = self._connection.execute(
            _DUE.with_for_update(skip_locked=True), {"now": now, "most": limit}
        )
        return [row.id for row in rows]

    def peek_due(self, now: Instant, limit: int) -> list[str]:
        """The same without locking anything, for reading."""
        return [row.id for row in self._connection.execute(_DUE, {"now": now, "most": limit})]

    def still_due(self, subject_id: str, now: Instant) -> bool:
        """Whether it is to be looked at by us, and locked then: not where somebody else is at it."""
        this = {"of": subject_id, "now": now, "most": 1}
        return self._connection.execute(_STILL_DUE, this).first() is not None

    def next_wake(self) -> Instant | None:
        """When the next subject is due."""
        earliest: Instant | None = self._connection.execute(_NEXT).scalar_one()
        return earliest

    def _failed(self, subject_id: str) -> int:
        times = select(subject.c.parked_times).where(subject.c.id == subject_id)
        return int(self._connection.execute(times).scalar() or 0)

    def _left(self, subject_id: str) -> tuple[str, ...]:
        table = event_table
        rows = self._connection.execute(
            select(table.c.id)
            .where(table.c.subject == subject_id, table.c.undecided)
            .order_by(table.c.seq)
        )
        return tuple(row.id for row in rows)


_DUE: Final = (
    select(subject.c.id)
    .where(subject.c.wake_at <= bindparam("now"))
    .order_by(subject.c.wake_at)
    .limit(bindparam("most"))
)
_STILL_DUE: Final = _DUE.where(subject.c.id == bindparam("of")).with_for_update(skip_locked=True)
# SQLite looks for the least in a partial index only where the index's own condition is said.
_NEXT: Final = select(func.min(subject.c.wake_at)).where(subject.c.wake_at.is_not(None))


def _keep(writing: Writing, event: Event, error: str, now: Instant) -> None:
    first = writing.parked_until is None
    if event.id not in writing.known and event.origin is Origin.FACT:
        writing.append(event, now, undecided=True)
        first = True
    if first:
        told = Event(f"undecided:{event.id}:{writing.seq}", now, now, UPHELD, Undecided(error))
        writing.append(told, now)
