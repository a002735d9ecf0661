"""Open hours compiled to instants: sorted intervals and the time open up to the end of each.

Adding and measuring are two bisections. What is compiled grows by years as it is asked for, in
both directions; a reader always sees one whole compiled piece, so threads may share a calendar.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import Instant, Span, iso, moment
from upheld.calendar.wall import from_wall
from upheld.calendar.week import Stretch, Week, joined
from upheld.errors import ConfigError

# How far a search goes before a calendar counts as too sparse, and how far apart two instants may
# be: a stray date (1601, 9999) must not compile centuries.
_YEARS: Final = 200
# Years so far from all that is compiled start anew: one stray date must not compile centuries.
_FAR: Final = 60
# An office that is open for longer counts as one that never closes.
_LONG: Final = 10
# A year is compiled with the last day before it (its night runs on) and the first after it.
_FIRST_YEAR: Final = 2
_LAST_YEAR: Final = 9997


class CalendarError(ConfigError):
    """A calendar has no open time, or too little to fit what was asked."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Years ``first`` to ``last``; ``filled[i]`` is the time open from ``begin`` to ``ends[i]``."""

    first: int
    last: int
    begin: Instant
    end: Instant
    starts: list[Instant]
    ends: list[Instant]
    filled: list[Span]

    def reading(self, at: Instant) -> Span:
        """The time open from ``begin`` until ``at``."""
        i = bisect_right(self.starts, at) - 1
        if i < 0:
            return 0
        left = self.ends[i] - at
        return self.filled[i] - left if left > 0 else self.filled[i]

    def earliest(self, reading: Span) -> Instant:
        i = bisect_left(self.filled, reading)
        return self.ends[i] - (self.filled[i] - reading)

    def latest(self, reading: Span) -> Instant:
        i = bisect_right(self.filled, reading)
        return self.ends[i] - (self.filled[i] - reading)

    def closing(self, at: Instant) -> Instant:
        """When what is open at ``at`` closes."""
        return self.ends[bisect_right(self.starts, at) - 1]

    @property
    def total(self) -> Span:
        return self.filled[-1] if self.filled else 0


class Hours:
    """The open hours of a week in a zone, as instants. Spans and instants are microseconds."""

    def __init__(self, name: str, week: Week, zone: ZoneInfo) -> None:
        self._name, self._week, self._zone = name, week, zone
        self._years: dict[int, tuple[Stretch, ...]] = {}
        self._compiled: _Compiled | None = None

    def elapsed(self, start: Instant, end: Instant) -> Span:
        """Open time from ``start`` until ``end``; 0 where ``end`` is not after ``start``.

        ``CalendarError`` where they are centuries apart.
        """
        if end <= start:
            return 0
        compiled = self._covering(start, end)
        return compiled.reading(end) - compiled.reading(start)

    def add(self, start: Instant, length: Span) -> Instant:
        """The earliest instant at which ``length`` has run; 0 is the first open one."""
        if length == 0:
            return self.limit(start, 0)
        compiled, reading = self._ahead(start, length)
        return compiled.earliest(reading)

    def limit(self, start: Instant, length: Span) -> Instant:
        """The latest instant at which no more than ``length`` has run."""
        compiled, reading = self._ahead(start, length)
        return compiled.latest(reading)

    def back(self, end: Instant, length: Span) -> Instant:
        """The latest instant from which ``length`` runs until ``end``."""
        if length == 0:
            return end
        compiled = self._covering(end, end)
        while (reading := compiled.reading(end) - length) < 0:
            compiled = self._reach(compiled, end, length, ahead=False)
        return compiled.latest(reading)

    def closes(self, at: Instant) -> Instant:
        """When the stretch ends that is open at ``at``, or the next one; ``CalendarError`` where that is
        years away."""
        at = self.limit(at, 0)
        compiled, year = self._covering(at, at), moment(at).year
        while compiled.closing(at) >= compiled.end:
            if compiled.last > year + _LONG:
                raise CalendarError(f"calendar {self._name!r} does not close after {iso(at)}")
            compiled = self._reach(compiled, at, 0, ahead=True)
        return compiled.closing(at)

    def open(self, at: Instant) -> bool:
        """Whether it is open at ``at``; at closing time it no longer is."""
        return self.limit(at, 0) == at

    def edge(self, at: Instant) -> Instant:
        """When next it opens or closes after ``at``. Errors as ``closes``."""
        return self.closes(at) if self.open(at) else self.limit(at, 0)

    def day_after(self, start: Instant, days: int, *, close: bool) -> Instant:
        """The wall time of ``start`` so many open days later, then the first open instant; or when
        that day closes. Days without any hours don't count."""
        wall = moment(start).astimezone(self._zone)
        day, left = wall.date(), days
        while left:
            day += timedelta(days=1)
            left -= bool(self._week.on(day))
            if day.year > wall.year + _YEARS:
                raise self._too_sparse(start, 0, "after")
        if close:
            return max((end for _, end in self._day(day)), default=self.limit(start, 0))
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0, fold=0, tzinfo=None)
        past = wall.replace(tzinfo=None) - midnight
        minutes, rest = divmod(past, timedelta(minutes=1))
        return self.limit(
            from_wall(day, minutes, self._zone) + rest // timedelta(microseconds=1), 0
        )

    def _ahead(self, start: Instant, length: Span) -> tuple[_Compiled, Span]:
        """What is compiled far enough to hold more than ``length`` after ``start``."""
        compiled = self._covering(start, start)
        while (reading := compiled.reading(start) + length) >= compiled.total:
            compiled = self._reach(compiled, start, length, ahead=True)
        return compiled, reading

    def _reach(self, compiled: _Compiled, at: Instant, length: Span, *, ahead: bool) -> _Compiled:
        """Double what is compiled, in one direction, within bounds."""
        year, more = moment(at).year, compiled.last - compiled.first + 1
        first = compiled.first if ahead else max(compiled.first - more, year - _YEARS, _FIRST_YEAR)
        last = min(compiled.last + more, year + _YEARS, _LAST_YEAR) if ahead else compiled.last
        if first >= compiled.first and last <= compiled.last:
            raise self._too_sparse(at, length, "after" if ahead else "before")
        return self._widened(first, last)

    def _covering(self, start: Instant, end: Instant) -> _Compiled:
        compiled = self._compiled
        if compiled and compiled.begin <= start and end < compiled.end:
            return compiled
        first, last = moment(start).year - 1, moment(end).year + 1  # wherever the zone is
        if last - first > _YEARS + 2 or first < _FIRST_YEAR or last > _LAST_YEAR:
            raise CalendarError(
                f"calendar {self._name!r} can't tell what is open from {iso(start)} to {iso(end)}",
                do_next=f"look at both: calendars reach {_YEARS} years, from {_FIRST_YEAR} on",
            )
        return self._widened(first, last)

    def _widened(self, first: int, last: int) -> _Compiled:
        known = self._compiled
        if known and first <= known.last + _FAR and last >= known.first - _FAR:
            first, last = min(first, known.first), max(last, known.last)
        self._compiled = compiled = self._compile(first, last)
        return compiled

    def _compile(self, first: int, last: int) -> _Compiled:
        stretches = joined(s for year in range(first, last + 1) for s in self._year(year))
        return _Compiled(
            first,
            last,
            from_wall(date(first, 1, 1), 0, self._zone),
            from_wall(date(last + 1, 1, 1), 0, self._zone),
            [start for start, _ in stretches],
            [end for _, end in stretches],
            list(_sums(end - start for start, end in stretches)),
        )

    def _year(self, year: int) -> tuple[Stretch, ...]:
        """The open intervals of a local year, kept: years are compiled once."""
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = self._intervals(date(year, 1, 1), date(year + 1, 1, 1))
        return known

    def _intervals(self, first: date, until: date) -> tuple[Stretch, ...]:
        """Open intervals from midnight to midnight; the night before ``first`` may run into it."""
        days = (first + timedelta(days=n) for n in range(-1, (until - first).days))
        opened = joined(interval for day in days for interval in self._day(day))
        bounds = (from_wall(first, 0, self._zone), from_wall(until, 0, self._zone))
        return tuple(_clipped(opened, *bounds))

    def _day(self, day: date) -> Iterator[Stretch]:
        """What opens on ``day``, as instants; what would run into a holiday ends at midnight."""
        stretches = self._week.on(day)
        if not stretches:
            return
        midnight, next_midnight = from_wall(day, 0, self._zone), from_wall(day, 1440, self._zone)
        if midnight >= next_midnight:  # a zone that skipped a whole day: it has no hours
            return
        shut = self._week.is_holiday(day + timedelta(days=1))
        for start, end in stretches:
            opens, closes = from_wall(day, start, self._zone), from_wall(day, end, self._zone)
            closes = min(closes, next_midnight) if shut else closes
            if opens < closes:  # else it lies in the hour that spring skips
                yield opens, closes

    def _too_sparse(self, at: Instant, length: Span, side: str) -> CalendarError:
        return CalendarError(
            f"calendar {self._name!r} has too little open time {side} {iso(at)} "
            f"for {timedelta(microseconds=length)}",
            do_next="give it weekly hours, or ask for less time",
        )


def _sums(lengths: Iterable[Span]) -> Iterator[Span]:
    total = 0
    for length in lengths:
        total += length
        yield total


def _clipped(stretches: Iterable[Stretch], begin: Instant, end: Instant) -> Iterator[Stretch]:
    for start, until in stretches:
        if start < end and until > begin:
            yield max(start, begin), min(until, end)
