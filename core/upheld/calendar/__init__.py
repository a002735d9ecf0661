"""Business time: compiled calendars that add and measure."""

from __future__ import annotations

from upheld.calendar.business import ALWAYS, Calendar, compile_calendar
from upheld.calendar.hours import CalendarError
from upheld.calendar.spec import CalendarSpec, HolidaySource

__all__ = [
    "ALWAYS",
    "Calendar",
    "CalendarError",
    "CalendarSpec",
    "HolidaySource",
    "compile_calendar",
]
