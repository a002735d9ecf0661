"""Calendars: business time that can be added and measured.

Instants and spans are microseconds; datetimes are aware. A target of ``length`` that began at
``start`` is due at ``add(start, length)`` and missed once ``elapsed(start, now) > length``, that
is after ``limit(start, length)``: answered at 20:00, a case that was due when the office closed
at 18:00 is met.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from upheld.calendar.holiday import resolved
from upheld.calendar.hours import CalendarError, Hours
from upheld.calendar.instant import DAY, MINUTE, Instant, Span, instant, moment, span
from upheld.calendar.spec import CalendarSpec
from upheld.calendar.wall import zone_named
from upheld.calendar.week import Week, read_week


@dataclass(frozen=True)
class Calendar:
    """When business time runs. ``version`` is a hash of the content; ``day`` the length of a
    business day, None where weekdays differ and none was given."""

    name: str
    version: str
    day: Span | None
    _hours: Hours | None = field(default=None, repr=False, compare=False)  # None: never closed

    def add(self, start: Instant, length: Span) -> Instant:
        """The earliest instant at which ``length`` has elapsed since ``start``.

        A ``length`` of 0 gives the first open instant at or after ``start``. ``ValueError`` for
        less than 0, ``CalendarError`` where there is not so much open time.
        """
        _check(length)
        return self._hours.add(start, length) if self._hours else start + length

    def limit(self, start: Instant, length: Span) -> Instant:
        """The latest instant at which no more than ``length`` has elapsed since ``start``.

        Differs from ``add`` where ``length`` is full exactly at closing time: then it is the next
        opening. Errors as ``add``.
        """
        _check(length)
        return self._hours.limit(start, length) if self._hours else start + length

    def back(self, end: Instant, length: Span) -> Instant:
        """The latest instant from which ``length`` elapses until ``end``. Errors as ``add``."""
        _check(length)
        return self._hours.back(end, length) if self._hours else end - length

    def elapsed(self, start: Instant, end: Instant) -> Span:
        """Business time from ``start`` until ``end``; 0 where ``end`` is not later.

        ``CalendarError`` where more than 200 years lie between them.
        """
        if self._hours:
            return self._hours.elapsed(start, end)
        return max(0, end - start)

    def opens(self, at: Instant) -> Instant:
        """The first open instant at or after ``at``."""
        return self.add(at, 0)

    def closes(self, at: Instant) -> Instant | None:
        """When it closes that is open at ``at``, or opens next; None for 24x7.

        ``CalendarError`` where it is open for ten years and more.
        """
        return self._hours.closes(at) if self._hours else None

    def day_after(self, start: Instant, days: int, *, close: bool = False) -> Instant:
        """The same wall time so many open days later (the first open instant from then on), or when
        that day closes. Not what ``2 business days`` are, which is a length: see ``day``."""
        if self._hours:
            return self._hours.day_after(start, days, close=close)
        return (start // DAY + days + 1) * DAY if close else start + days * DAY

    def is_open(self, at: Instant) -> bool:
        """Whether business time runs at ``at``; the closing instant itself is closed."""
        return self.elapsed(at, at + 1) == 1

    def due(self, start: datetime, length: timedelta) -> datetime:
        """``add`` for aware datetimes; the answer is in UTC. Naive ones raise ``ValueError``."""
        return moment(self.add(instant(start), span(length)))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """``elapsed`` for aware datetimes. Naive ones raise ``ValueError``."""
        return timedelta(microseconds=self.elapsed(instant(start), instant(end)))


def compile_calendar(spec: CalendarSpec) -> Calendar:
    """The calendar of a spec; ``ConfigError`` where the text is wrong or nothing is ever open.

    Holidays by country are those that this program knows; a feed must have been read before.
    """
    spec = resolved(spec)
    zone, week = zone_named(spec.zone), read_week(spec)
    if not any(week.days) and not week.extra:
        raise CalendarError(
            f"calendar {spec.name!r} is never open",
            do_next='give it hours: week: {mon-fri: "08:00-17:00"}, or hours: 24x7',
        )
    minutes = week.day_length()
    day = spec.day if spec.day is not None else minutes and minutes * MINUTE
    never_closed = spec.always and not (week.holidays or week.extra or week.closed)
    hours = None if never_closed else Hours(spec.name, week, zone)
    return Calendar(spec.name, _version("" if never_closed else spec.zone, week, day), day, hours)


def _version(zone: str, week: Week, day: Span | None) -> str:
    """Equal for equal hours, however they are written."""
    content = {
        "zone": zone,
        "week": week.days,
        "holidays": sorted(day.isoformat() for day in week.holidays),
        "extra": {day.isoformat(): hours for day, hours in week.extra.items()},
        "closed": {day.isoformat(): hours for day, hours in week.closed.items()},
        "day": day,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check(length: Span) -> None:
    if length < 0:
        raise ValueError(f"a length of {length} microseconds is less than nothing")


ALWAYS: Final = Calendar("always", "24x7", DAY)
