"""Reads back what came of pages: whom PagerDuty notified, who acknowledged, what was resolved.

Log entries come newest first and a moment late, so a reading begins a little before the last one ended,
and what was seen there is left out. A cursor is a JSON object: that instant, and the entries since.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from upheld.plugin import Page, Receipt
from upheld_pagerduty.alerts import Alerts
from upheld_pagerduty.desk import Desk
from upheld_pagerduty.incident import from_entry, tells
from upheld_pagerduty.mapping import timestamp
from upheld_pagerduty.rest import RestClient

#: How far back the first reading goes: further back nobody waits for an answer.
FIRST: Final = timedelta(days=1)
_LATE: Final = timedelta(minutes=2)
_PAGE: Final = 100
#: PagerDuty refuses to page on beyond this.
_MOST: Final = 10_000
#: A page ends after so long, or after so many incidents were asked for their alerts: the core takes a
#: call of 90 seconds for one that hangs, and keeps nothing of it.
SECONDS: Final = 45.0
ASKED: Final = 200


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


@dataclass(frozen=True, slots=True)
class Budget:
    """What a page may cost: until when, and up to how many askings."""

    alerts: Alerts
    clock: Callable[[], float]
    until: float
    most: int

    def spent(self) -> bool:
        """Whether the page has to end."""
        return self.clock() >= self.until or self.alerts.asked >= self.most


def read_back(
    desk: Desk,
    cursor: Cursor,
    now: datetime,
    ours: str | None,
    clock: Callable[[], float] = monotonic,
) -> Page:
    """Everything since the cursor, oldest first; a part of it where it would take too long."""
    budget = Budget(desk.alerts, clock, clock() + SECONDS, desk.alerts.asked + ASKED)
    entries = sorted(_entries(desk.client, cursor), key=_at)
    receipts: list[Receipt] = []
    handled = set(cursor.seen)
    newest, more = cursor.since, False
    for each in entries:
        is_news = _id(each) not in cursor.seen and tells(each)
        # One entry at least, however late it is: else the next page would be this one again.
        more = is_news and len(handled) > len(cursor.seen) and budget.spent()
        if more:
            break
        receipts += _receipts(desk, each, ours) if is_news else ()
        handled.add(_id(each))
        newest = _at(each)
    since = max(cursor.since, min(newest, now) - _LATE)
    seen = frozenset(_id(each) for each in entries if _at(each) >= since) & handled
    return Page(tuple(receipts), str(Cursor(since, seen)), more=more, as_of=now)


def _receipts(desk: Desk, entry: Mapping[str, Any], ours: str | None) -> Iterator[Receipt]:
    """What an entry says of the pages that its incident was of when it was written."""
    for key in desk.keys(entry.get("incident") or {}, _at(entry)):
        found = from_entry(entry, key, ours)
        if found is not None:
            yield found


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


def _id(entry: Mapping[str, Any]) -> str:
    return str(entry.get("id"))
