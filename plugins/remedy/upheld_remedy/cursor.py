"""Where reading of a form stands. Pure.

Rows come in the order of their last change, which AR System tells to the second, and of a unique key:
the next page begins after the last row of this one, so that nothing moves between two pages. At the
end of the list the last seconds are read again, since a change may show late; rows that were handed
over and are still the same are left out. Once the server's own clock is well past them, they are not
read again any more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from upheld_remedy.client import Row
from upheld_remedy.mapping import instant
from upheld_remedy.qualification import after, compare

CHANGED: Final = "Last Modified Date"
#: Rows of the last seconds that are known again; what is beyond them comes twice, which does no harm.
_REMEMBERED: Final = 500
_BEGINNING: Final = datetime(1990, 1, 1, tzinfo=UTC)


class Place(BaseModel):
    """Up to ``at`` everything was handed over: in a long list up to the row with the key ``last``, at
    the end of it (``last`` empty) all but what shows late. ``seen`` are rows of the last seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: AwareDatetime = _BEGINNING
    last: str = ""
    seen: tuple[tuple[int, str], ...] = ()


class Cursor(BaseModel):
    """Where incidents and work notes stand; ``notes`` None where no note was read yet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    incidents: Place = Place()
    notes: Place | None = None

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """The cursor in a text; one that can't be read is the beginning: nothing is missed."""
        try:
            return cls.model_validate_json(text or "")
        except ValidationError:
            return cls()

    def written(self) -> str:
        """The text that `read` reads."""
        return self.model_dump_json()


@dataclass(frozen=True, slots=True)
class Step:
    """The rows to hand over, and where to stand then."""

    fresh: tuple[Row, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Walk:
    """How one form is walked: its rows have a unique ``key`` and are ``changed`` at some time."""

    key: str
    overlap: timedelta
    changed: str = CHANGED

    def asks(self, place: Place) -> str:
        """The qualification for what comes after a place."""
        if place.last:
            return after(self.changed, place.at, self.key, place.last)
        return compare(self.changed, ">=", place.at - self.overlap)

    def step(self, place: Place, rows: Sequence[Row], *, more: bool, now: datetime | None) -> Step:
        """What follows from the rows that came."""
        known = frozenset(place.seen)
        marked = [(self._mark(row), row) for row in rows]
        fresh = tuple(row for mark, row in marked if mark not in known)
        at = max((instant(row[self.changed]) for row in rows), default=place.at)
        recent = int((at - self.overlap).timestamp())
        seen = sorted({*known, *(mark for mark, _ in marked)})
        kept = tuple(mark for mark in seen if mark[0] >= recent)[-_REMEMBERED:]
        if more:
            return Step(fresh, Place(at=at, last=str(rows[-1][self.key]), seen=kept))
        if now is not None and now > at + 2 * self.overlap and (rows or place.last):
            last = str(rows[-1][self.key]) if rows else place.last
            return Step(fresh, Place(at=at, last=last))
        return Step(fresh, Place(at=at, seen=kept))

    def settled(self, place: Place, now: datetime | None) -> Place:
        """The place, as the server's clock has it: at the beginning, where that is behind it, for then
        it was restored or its clock was set."""
        if now is None or now >= place.at + self.overlap:
            return place
        if now < place.at - self.overlap:
            return Place()
        return _read_again(place)

    def _mark(self, row: Row) -> tuple[int, str]:
        """What a row that was handed over is known by: when it changed, and all that it held then."""
        at = int(instant(row[self.changed]).timestamp())
        return at, f"{row[self.key]}:{digest(row, size=6)}"


def _read_again(place: Place) -> Place:
    """The place, with its last seconds to be read again."""
    return place.model_copy(update={"last": ""}) if place.last and not place.seen else place


def digest(row: Row, *, size: int = 12) -> str:
    """A few letters that stand for all values of a row."""
    held: Any = json.dumps(row, sort_keys=True, default=str)
    return hashlib.blake2b(held.encode(), digest_size=size).hexdigest()
