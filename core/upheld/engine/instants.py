"""When a promised instant is: ``close of next business day``, ``open hour after 7 days``."""

from __future__ import annotations

from datetime import date

from upheld.calendar.days import Days
from upheld.calendar.instant import Instant
from upheld.calendar.wall import MINUTES_A_DAY
from upheld.policy.times import ByInstant, DayEdge, OpenAfter


def promised(by: ByInstant, days: Days, start: Instant) -> Instant:
    """The instant that follows from the start of a clock; never one before it."""
    if isinstance(by, OpenAfter):
        after = start + by.span if by.days is None else days.after(start, by.days)
        return days.calendar.opens(after)
    cut_off = MINUTES_A_DAY if by.cut_off is None else by.cut_off
    day = days.later(days.of(start, cut_off=cut_off), by.days)
    at = _edge(by, days, day)
    # What begins when the office has closed belongs to the next day.
    return at if at > start else _edge(by, days, days.later(day, 1))


def _edge(by: DayEdge, days: Days, day: date) -> Instant:
    match by.edge:
        case int(minutes):
            return days.at(day, minutes)
        case "open":
            return days.opens(day)
        case _:
            return days.closes(day)
