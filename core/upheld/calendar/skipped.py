"""The days that a calendar passes over, by name: what people ask for when a due time seems far away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from upheld.calendar.holiday import resolved
from upheld.calendar.instant import Instant
from upheld.calendar.spec import CalendarSpec
from upheld.calendar.wall import local_day, zone_named
from upheld.calendar.week import read_week


@dataclass(frozen=True, slots=True)
class Skipped:
    """An ISO ``day`` on which no business time runs though its weekday has some, what it is called (""
    where nobody said), and the ``hours`` that are closed where it is not the whole day."""

    day: str
    name: str = ""
    hours: str = ""


def skipped(spec: CalendarSpec, begins: Instant, ends: Instant) -> tuple[Skipped, ...]:
    """The holidays from the day of ``begins`` to the day of ``ends``, as the calendar's zone has them.

    A holiday on a weekday that is closed anyhow, or that is an extra working day, skips nothing.
    """
    zone = zone_named(spec.zone)
    first, last = local_day(begins, zone).isoformat(), local_day(ends, zone).isoformat()
    found = (each for each in _all(resolved(spec)) if first <= each.day <= last)
    return tuple(sorted(found, key=lambda each: each.day))


def _all(spec: CalendarSpec) -> Iterator[Skipped]:
    week = read_week(spec)
    for day in week.holidays:
        if week.is_holiday(day) and week.days[day.weekday()]:
            yield Skipped(day.isoformat(), spec.names.get(day.isoformat(), ""))
    for text, hours in spec.closed.items():
        yield Skipped(text, spec.names.get(text, ""), ", ".join(hours))
