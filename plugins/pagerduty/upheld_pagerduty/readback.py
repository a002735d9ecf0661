"""Reads back what came of pages: whom PagerDuty notified, who acknowledged, what was resolved.

Log entries come newest first and a moment late, so a reading begins a little before the last one ended,
and what was seen there is left out. A cursor is a JSON object: that instant, and the entries since.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from upheld.plugin import Page, Receipt
from upheld_pagerduty.incident import from_entry, tells
from upheld_pagerduty.mapping import timestamp
from upheld_pagerduty.rest import RestClient

#: How far back the first reading goes: further back nobody waits for an answer.
FIRST: Final = timedelta(days=1)
_LATE: Final = timedelta(minutes=2)
_PAGE: Final = 100
#: PagerDuty refuses to page on beyond this.
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next reading begins, and what was seen from there on."""

    since: datetime
    seen: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return json.dumps({"since": timestamp(self.since), "seen": sorted(self.seen)})

    @classmethod
    def parse(cls, text: str | None, now: datetime) -> Cursor:
        """One that can't be read, or is from the future, begins a day ago: the core knows what it has."""
        try:
            found = json.loads(text or "")
            since, seen = datetime.fromisoformat(found["since"]), frozenset(map(str, found["seen"]))
        except (ValueError, TypeError, KeyError):
            return cls(now - FIRST)
        return cls(since, seen) if since.tzinfo and since <= now else cls(now - FIRST)


def read_back(
    client: RestClient,
    cursor: Cursor,
    now: datetime,
    ours: str | None,
    keys: Callable[[Mapping[str, Any]], Iterable[str]],
) -> Page:
    """Everything since the cursor, oldest first. ``keys`` tells which pages an incident is of."""
    entries = sorted(_entries(client, cursor), key=_at)
    news = [e for e in entries if str(e.get("id")) not in cursor.seen and tells(e)]
    found = (
        from_entry(each, key, ours) for each in news for key in keys(each.get("incident") or {})
    )
    receipts: list[Receipt] = [each for each in found if each is not None]
    newest = max(map(_at, entries), default=cursor.since)
    since = max(cursor.since, min(newest, now) - _LATE)
    seen = frozenset(str(each.get("id")) for each in entries if _at(each) >= since)
    return Page(tuple(receipts), str(Cursor(since, seen)), more=False, as_of=now)


def _entries(client: RestClient, cursor: Cursor) -> Iterator[Mapping[str, Any]]:
    for offset in range(0, _MOST, _PAGE):
        page = client.read(
            "/log_entries",
            since=timestamp(cursor.since),
            include_="incidents",
            limit=str(_PAGE),
            offset=str(offset),
        )
        yield from (each for each in page.get("log_entries") or () if isinstance(each, dict))
        if not page.get("more"):
            return


def _at(entry: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(entry["created_at"]))
