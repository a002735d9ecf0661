"""Which subject keeps the hand-overs of a rotation."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select, update

from upheld.calendar.instant import Instant
from upheld.ledger.part import Part, unless_there
from upheld.ledger.schema import subject, thread

#: Where the names of rotations stand among those of conversations; no connection is called so.
_SHIFTS: Final = "(shifts)"
_KEEP: Final = unless_there(thread)
_OURS: Final = select(thread.c.subject).where(thread.c.connection == _SHIFTS)
_OF: Final = _OURS.where(thread.c.token == bindparam("name"))


class Shifts(Part):
    """By the name of a rotation."""

    def shift_of(self, rotation: str) -> str | None:
        """Its subject; None where it has none yet."""
        found: str | None = self._connection.execute(_OF, {"name": rotation}).scalar()
        return found

    def keep_shift(self, rotation: str, shift: str) -> None:
        """This subject keeps its hand-overs; the first that is said stays."""
        row = {"connection": _SHIFTS, "token": rotation, "subject": shift}
        self._connection.execute(_KEEP[self._dialect], row)

    def look_at_shifts(self, now: Instant) -> None:
        """Whoever is on duty may be another one from now on: each is looked at."""
        ours = subject.c.id.in_(_OURS)
        self._connection.execute(update(subject).where(ours).values(wake_at=now))
