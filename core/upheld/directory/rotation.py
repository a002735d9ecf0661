"""Rotations: whose turn it is. Hand-over is at a wall time of the rotation's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import Instant
from upheld.calendar.wall import from_wall, local_day

# A Monday, from which turns are counted where a rotation says no first day.
_FIRST_MONDAY: Final = date(1970, 1, 5)


@dataclass(frozen=True, slots=True)
class Rotation:
    """People take turns of ``every`` days (1 or 7), handing over ``minutes`` past midnight.

    ``first`` is the day on which the first person's turn begins.
    """

    name: str
    people: tuple[str, ...]
    every: int
    minutes: int
    zone: str
    first: date = _FIRST_MONDAY

    def on_duty(self, at: Instant) -> str:
        """The id of the person whose turn it is."""
        turn = (self.begun(at) - self.first).days // self.every
        return self.people[turn % len(self.people)]

    def until(self, at: Instant) -> Instant:
        """When the turn that runs at ``at`` is handed over."""
        return self._handover(self.begun(at) + timedelta(days=self.every))

    def begun(self, at: Instant) -> date:
        """The local day on which the turn that runs at ``at`` began."""
        today = local_day(at, ZoneInfo(self.zone))
        day = today - timedelta(days=(today - self.first).days % self.every)
        return day if self._handover(day) <= at else day - timedelta(days=self.every)

    def _handover(self, day: date) -> Instant:
        return from_wall(day, self.minutes, ZoneInfo(self.zone))


def first_day(weekday: int, starts: date | None) -> date:
    """The first day of turns that begin on ``weekday`` (Monday 0), on or after ``starts``."""
    anchor = starts or _FIRST_MONDAY
    return anchor + timedelta(days=(weekday - anchor.weekday()) % 7)
