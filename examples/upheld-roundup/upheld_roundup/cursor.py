"""Where reading stands. Pure.

Items come in the order of their last activity, which Roundup tells to the second, by its own clock.
So the second in which we stand is listed again, and so is a minute before it: a transaction may
show late what it dated early. What was handed over is known by its row of the listing, all its
properties in it, and left out for as long as the row stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from upheld_roundup.mapping import instant

#: Items that are handed over at once, and rows that are listed at once.
BATCH: Final = 50
LISTED: Final = 100
OVERLAP: Final = timedelta(seconds=60)
_BEGINNING: Final = datetime(1990, 1, 1, tzinfo=UTC)

#: An item's id, its last activity as Roundup shows it, and a digest of its row.
Seen = tuple[str, str, str]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: datetime
    size: int
    seen: list[Seen]


@dataclass(frozen=True, slots=True)
class Cursor:
    """List from ``since`` on, ``size`` rows at a time, without those that were ``seen``."""

    since: datetime = _BEGINNING
    size: int = LISTED
    seen: frozenset[Seen] = frozenset()

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """The cursor in a text; one that can't be read is the beginning: nothing is missed."""
        try:
            found = _Written.model_validate_json(text or "")
            whole = found.since.tzinfo is not None and found.size >= LISTED
            _ = [instant(at) for _, at, _ in found.seen]
        except (ValidationError, ValueError):
            return cls()
        return cls(found.since, found.size, frozenset(found.seen)) if whole else cls()

    def written(self) -> str:
        """The text that `read` reads."""
        whole = _Written(since=self.since, size=self.size, seen=sorted(self.seen))
        return whole.model_dump_json()

    def at(self, now: datetime | None) -> Cursor:
        """The beginning, where this is from a future: the server was restored, or its clock set."""
        ahead = now is not None and self.since > now + OVERLAP
        return Cursor() if ahead else self


@dataclass(frozen=True, slots=True)
class Step:
    """What to hand over now, where to stand then, and whether there is more to be had at once."""

    batch: tuple[Seen, ...]
    cursor: Cursor
    more: bool


def step(cursor: Cursor, rows: list[Seen]) -> Step:
    """What follows from a listing of ``rows`` in the order of their activity."""
    fresh = [row for row in rows if row not in cursor.seen]
    batch = tuple(fresh[:BATCH])
    seen = cursor.seen | set(batch)
    if len(fresh) > BATCH:
        return Step(batch, _standing(instant(batch[-1][1]), cursor.size, seen), more=True)
    if len(rows) >= cursor.size:
        since = instant(rows[-1][1])
        # More items of one second than were listed: that is no step ahead, so list more.
        size = cursor.size * 2 if since == cursor.since else LISTED
        return Step(batch, _standing(since, size, seen), more=True)
    since = instant(rows[-1][1]) - OVERLAP if rows else cursor.since
    return Step(batch, _standing(since, LISTED, seen), more=False)


def _standing(since: datetime, size: int, seen: frozenset[Seen]) -> Cursor:
    # At the end we go back by the overlap: what was seen so far back is not to come twice.
    kept = frozenset(row for row in seen if instant(row[1]) >= since - OVERLAP)
    return Cursor(since, size, kept)
