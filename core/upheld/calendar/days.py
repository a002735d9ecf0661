"""A calendar by its days: which of them are worked, and when they open and close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from upheld.calendar.business import Calendar
from upheld.calendar.hours import CalendarError
from upheld.calendar.instant import DAY, Instant, instant, moment
from upheld.calendar.wall import MINUTES_A_DAY, from_wall, local_day

#: Without a working day for so long, there is none.
_LONGEST: Final = 3660


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a calendar in its zone. A night shift belongs to the day on which it began."""

    calendar: Calendar
    zone: ZoneInfo

    def working(self, day: date) -> bool:
        """Whether anything opens on a day."""
        return self.calendar.elapsed(self._morning(day), self._midnight(day, 1)) > 0

    def closes(self, day: date) -> Instant:
        """When a working day is over; midnight where it never closes."""
        night, midnight = self._morning(day + timedelta(days=1)), self._midnight(day, 1)
        return night if night > midnight else self.calendar.back(midnight, 1) + 1

    def opens(self, day: date) -> Instant:
        """When a working day begins."""
        return self.calendar.opens(self._morning(day))

    def at(self, day: date, minutes: int) -> Instant:
        """The instant at which the wall clock shows so many minutes past midnight."""
        return from_wall(day, minutes, self.zone)

    def of(self, at: Instant, *, cut_off: int = MINUTES_A_DAY) -> date:
        """The day to which an instant belongs; what comes at ``cut_off`` (minutes) or later belongs
        to the next working day, and so does, where there is a cut-off, what comes on a free day."""
        day = local_day(at, self.zone)
        if cut_off == MINUTES_A_DAY or (self.working(day) and at < self.at(day, cut_off)):
            return day
        return self.later(day, 1)

    def later(self, day: date, count: int) -> date:
        """The ``count``-th working day after a day; for 0 the day itself, or the next that is one.

        ``CalendarError`` where there is none for ten years.
        """
        found = day
        for _ in range(_LONGEST):
            if count == 0 and self.working(found):
                return found
            found += timedelta(days=1)
            count -= count > 0 and self.working(found)
        raise CalendarError(
            f"calendar {self.calendar.name!r} has no working day after {day}",
            do_next="give it weekly hours",
        )

    def after(self, at: Instant, days: int) -> Instant:
        """The same wall time so many calendar days later."""
        wall = moment(at).astimezone(self.zone).replace(tzinfo=None) + timedelta(days=days)
        return instant(datetime.combine(wall.date(), wall.time(), tzinfo=self.zone))

    def _midnight(self, day: date, later: int = 0) -> Instant:
        return from_wall(day, later * MINUTES_A_DAY, self.zone)

    def _morning(self, day: date) -> Instant:
        """When the night of the day before is over: midnight, unless its shift runs on."""
        midnight = self._midnight(day)
        if not self.calendar.is_open(midnight) or not self.calendar.is_open(midnight - 1):
            return midnight
        low, high = midnight, midnight + DAY
        if self.calendar.elapsed(low, high) == DAY:  # it never closes: days end at midnight
            return midnight
        while high - low > 1:
            middle = (low + high) // 2
            runs_on = self.calendar.elapsed(midnight, middle) == middle - midnight
            low, high = (middle, high) if runs_on else (low, middle)
        return low
