"""Where reading stands. Pure.

Issues come in the order of their last change, of which Jira's queries know the minute and no more. So
the minute in which we stand is asked for again, and so is a while before it: Jira's index shows late
what it dated early. What was handed over is known by what it looked like, and left out while it looks
the same.

A page that is full within one minute can't be stepped over by time: then the next one is asked for by
the token (Cloud) or the offset (Data Center) that follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

#: As long as the index may lag behind (facts: seconds to minutes on the cloud).
OVERLAP: Final = timedelta(minutes=5)
#: Further ahead than clocks differ: another site was further on, this one was restored.
_AHEAD: Final = timedelta(minutes=15)
_MINUTE: Final = timedelta(minutes=1)
_SEPARATOR: Final = "/"
#: A row as it is remembered. Ten thousand issues that were imported within one minute are carried from
#: page to page: so they stay the texts that they are, but where a minute ends.
Seen = Annotated[str, Field(pattern=r"^[^/]*/\d{1,14}/[^/]*$")]


class Row(NamedTuple):
    """An issue of a listing: its id, its last change, a digest of what it looks like."""

    id: str
    at: datetime
    looks: str

    @property
    def told(self) -> str:
        """As it is remembered; the time in milliseconds."""
        return _SEPARATOR.join((self.id, str(_milliseconds(self.at)), self.looks))


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: datetime | None
    token: str | None = None
    offset: int = 0
    last: str | None = None
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Ask from ``since`` on (None: from the beginning), behind the page that ``token`` or ``offset``
    follows, whose last issue was ``last``; leave out what was ``seen``."""

    since: datetime | None = None
    token: str | None = None
    offset: int = 0
    last: str | None = None
    seen: frozenset[str] = frozenset()

    @classmethod
    def read(cls, text: str | None, now: datetime) -> Cursor:
        """The cursor in a text; one that can't be read, or is from a future, is the beginning."""
        try:
            found = _Written.model_validate_json(text or "")
        except ValidationError:
            return cls()
        since = found.since
        if since is not None and (since.tzinfo is None or since > now + _AHEAD):
            return cls()
        return cls(since, found.token, max(found.offset, 0), found.last, frozenset(found.seen))

    def written(self) -> str:
        """The text that `read` reads."""
        return _Written(
            since=self.since,
            token=self.token,
            offset=self.offset,
            last=self.last,
            seen=tuple(sorted(self.seen)),
        ).model_dump_json(exclude_defaults=True, exclude={"since"} if self.since is None else None)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page as Jira gave it: ``token`` leads to the next one; ``ends``: there is none."""

    rows: Sequence[Row]
    ends: bool
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What to hand over now, where to stand then, and whether there is more to be had at once."""

    fresh: tuple[Row, ...]
    cursor: Cursor
    more: bool


def step(cursor: Cursor, page: Listed) -> Step:
    """What follows from a page. Every step leads on, or ends: no page is asked for twice over."""
    if _drifted(cursor, page):
        return Step((), replace(cursor, token=None, offset=0, last=None), more=True)
    fresh = tuple(row for row in page.rows if row.told not in cursor.seen)
    seen = cursor.seen | {row.told for row in fresh}
    if page.ends or not page.rows or (page.token is not None and page.token == cursor.token):
        return Step(fresh, _at_rest(cursor, seen), more=False)
    return Step(fresh, _onward(cursor, page, seen), more=True)


def _drifted(cursor: Cursor, page: Listed) -> bool:
    """Whether issues moved on while they were paged by offset: a page begins with the last issue of the
    one before, or something was skipped."""
    by_offset = cursor.token is None and cursor.offset > 0
    return by_offset and (not page.rows or page.rows[0].id != cursor.last)


def _onward(cursor: Cursor, page: Listed, seen: frozenset[str]) -> Cursor:
    last = page.rows[-1]
    minute = to_the_minute(last.at)
    if cursor.since is None or minute > cursor.since:
        # A new minute: what was seen before it can't come again in this reading.
        return Cursor(minute, seen=_kept(seen, minute - OVERLAP))
    offset = cursor.offset + len(page.rows) - 1
    return Cursor(cursor.since, page.token, max(offset, 1), last.id, seen)


def _at_rest(cursor: Cursor, seen: frozenset[str]) -> Cursor:
    if not seen:
        return Cursor(cursor.since)
    latest = datetime.fromtimestamp(max(map(_when, seen)) / 1000, UTC)
    since = to_the_minute(latest - OVERLAP)
    return Cursor(since, seen=_kept(seen, since))


def _kept(seen: frozenset[str], since: datetime) -> frozenset[str]:
    earliest = _milliseconds(since)
    return frozenset(told for told in seen if _when(told) >= earliest)


def to_the_minute(at: datetime) -> datetime:
    """As exact as Jira's queries are."""
    return at.replace(second=0, microsecond=0)


def _when(told: str) -> int:
    return int(told.split(_SEPARATOR)[1])


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
