"""When something that is planned takes place: once, or again and again by the wall of a zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import Instant, instant, moment
from upheld.calendar.recurrence import comes, followed
from upheld.calendar.wall import zone_named

#: As far as a recurrence is followed, on whatever wall.
_LAST: Final = datetime(2049, 12, 31, 23, 59)  # noqa: DTZ001
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time: from ``begins`` (included) to ``ends`` (not)."""

    begins: Instant
    ends: Instant

    def covers(self, at: Instant) -> bool:
        """Whether an instant lies in it."""
        return self.begins <= at < self.ends


@dataclass(frozen=True, slots=True)
class Occurrences:
    """All times of it. ``first`` is exact; the others show the same hours on the wall of ``zone``, as
    ``rule`` (an RRULE of RFC 5545; "" is once) has them.

    A beginning or an end that the clocks skip in spring comes so much later; one that they show twice in
    autumn is the first.
    """

    first: Occurrence
    zone: str = "UTC"
    rule: str = ""

    def after(self, at: Instant) -> Iterator[Occurrence]:
        """Those that are not over by ``at``, in order."""
        if self.first.ends > at:
            yield self.first
        if self.rule:
            yield from self._again(at)

    def at(self, at: Instant) -> Occurrence | None:
        """The one in which an instant lies."""
        found = next(self.after(at), None)
        return found if found is not None and found.covers(at) else None

    def _again(self, at: Instant) -> Iterator[Occurrence]:
        zone = zone_named(self.zone)
        first, length = _wall(self.first.begins, zone), self._length(zone)
        since = max(_wall(at, zone) - length - _DAY, first)
        for begins in _rule(self.rule, first, self.zone).xafter(since, inc=False):
            found = self._on(begins, length, zone)
            if found.ends > at:
                yield found

    def _on(self, begins: datetime, length: timedelta, zone: ZoneInfo) -> Occurrence:
        since = instant(begins.replace(tzinfo=zone))
        until = instant((begins + length).replace(tzinfo=zone))
        # All of its hours may be skipped: then it is as long as it was the first time.
        lasts = self.first.ends - self.first.begins
        return Occurrence(since, until if until > since else since + lasts)

    def _length(self, zone: ZoneInfo) -> timedelta:
        return _wall(self.first.ends, zone) - _wall(self.first.begins, zone)


def checked(first: Occurrence, zone: str, rule: str) -> Occurrences:
    """The times of a rule that a person wrote; ``ValueError`` says why they make no sense."""
    found = Occurrences(first, zone, rule)
    begins = _wall(first.begins, zone_named(zone))
    if not rule:
        return found
    if not _rule(rule, begins, zone).after(begins, inc=True) == begins:
        raise ValueError(f"it does not come at its first time, {begins:%A %Y-%m-%d}")
    second = next((each for each in found.after(first.ends)), None)
    if second is not None and second.begins < first.ends:
        raise ValueError("it comes again before it is over")
    return found


@lru_cache(maxsize=256)  # a window is asked about at every reading that fails
def _rule(text: str, first: datetime, zone: str) -> Any:
    from dateutil.rrule import rrule
    from icalendar import vRecur

    read: Any = vRecur.from_ical(text)
    if "FREQ" not in read:
        raise ValueError("it has no FREQ")
    if not comes(read, first.date(), _LAST.date()):
        return rrule(freq=0, dtstart=first, count=0)
    return followed(read, first, zone_named(zone), _LAST)


def _wall(at: Instant, zone: ZoneInfo) -> datetime:
    return moment(at).astimezone(zone).replace(tzinfo=None)
