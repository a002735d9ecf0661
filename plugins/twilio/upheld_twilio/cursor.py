"""Where the reading of Twilio's lists stands. Pure.

Lists are sorted by when a message went out, dates have whole seconds, and an outgoing message changes
for hours after it came. So a reading begins a while before the last one ended, or at the oldest
message of which more is to come, and what was handed over before is told by id and status.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from upheld_twilio.incoming import Listed

#: How far back a first reading goes: answers to what nobody here remembers help nobody.
FIRST: Final = timedelta(days=1)
_OVERLAP: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Cursor:
    """From when on lists are read, and what was handed over of that."""

    since: datetime
    seen: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return json.dumps([self.since.isoformat(), sorted(self.seen)])

    @classmethod
    def parse(cls, text: str | None, now: datetime) -> Cursor:
        """A cursor as it was written; one that can't be read, or of the future, begins anew."""
        try:
            since, seen = json.loads(text or "")
            at = datetime.fromisoformat(since).astimezone(UTC)
            return cls(at, frozenset(map(str, seen))) if at <= now else cls(now - FIRST)
        except (ValueError, TypeError, OverflowError):
            return cls(now - FIRST)

    def reaches(self, page: Sequence[Listed]) -> bool:
        """Whether anything of a page is within; else the pages behind it are not either."""
        return any(map(self._within, page))

    def news(self, listed: Sequence[Listed]) -> list[Listed]:
        """What was not handed over yet, oldest first; ``listed`` has the newest first."""
        fresh = [each for each in listed if each.tag not in self.seen and self._within(each)]
        fresh.reverse()  # of one second, the order is the list's
        return sorted(fresh, key=lambda each: each.created or self.since)

    def after(self, listed: Sequence[Listed], longest: timedelta) -> Cursor:
        """Where the next reading begins; ``longest`` is how old a message is waited for at most."""
        dates = [each.created for each in listed if each.created is not None]
        newest = max([*dates, self.since + _OVERLAP])
        waiting = [each.created for each in listed if each.found is not None and each.found.open]
        oldest = [each for each in waiting if each is not None and each >= newest - longest]
        since = min([newest - _OVERLAP, *oldest])
        within = Cursor(since).news(listed)
        return Cursor(since, frozenset(each.tag for each in within))

    def _within(self, each: Listed) -> bool:
        return each.created is None or each.created >= self.since
