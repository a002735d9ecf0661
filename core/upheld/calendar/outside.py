"""The time outside business hours: nights, weekends, holidays. A calendar like any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from upheld.calendar.business import Calendar
from upheld.calendar.hours import CalendarError, Hours
from upheld.calendar.wall import from_wall
from upheld.calendar.week import Stretch


class _Outside(Hours):
    """What lies between the open hours of another."""

    def __init__(self, name: str, hours: Hours) -> None:
        super().__init__(name, hours._week, hours._zone)  # noqa: SLF001  hours like these
        self._opened = hours._intervals  # noqa: SLF001

    def _intervals(self, first: date, until: date) -> tuple[Stretch, ...]:
        bounds = (from_wall(first, 0, self._zone), from_wall(until, 0, self._zone))
        return tuple(_between(self._opened(first, until), *bounds))


def outside(calendar: Calendar) -> Calendar:
    """The calendar that is open whenever ``calendar`` is closed.

    ``CalendarError`` for one that never closes: there is no such time.
    """
    hours = calendar._hours  # noqa: SLF001  the same room
    if hours is None:
        raise CalendarError(
            f"calendar {calendar.name!r} never closes, so nothing lies outside its hours",
            do_next="leave `outside_hours` out, or name a calendar with hours",
        )
    name = f"outside {calendar.name}"
    return Calendar(name, f"~{calendar.version}", None, _Outside(name, hours))


def _between(opened: tuple[Stretch, ...], begin: int, end: int) -> Iterator[Stretch]:
    for start, until in opened:
        if begin < start:
            yield begin, start
        begin = until
    if begin < end:
        yield begin, end
