"""A calendar's text, read: days, intervals, holidays.

Minutes count from midnight on the wall; an interval over midnight ends after 24 * 60.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, TypeAlias

from upheld.calendar.spec import CalendarSpec
from upheld.calendar.wall import MINUTES_A_DAY
from upheld.errors import ConfigError

Stretch: TypeAlias = tuple[int, int]  # minutes on the wall: from, until

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_INTERVAL: Final = re.compile(r"(\d{1,2}):([0-5]\d)\s*(?:-|–)\s*(\d{1,2}):([0-5]\d)")
_WHOLE_DAY: Final[tuple[Stretch, ...]] = ((0, MINUTES_A_DAY),)


@dataclass(frozen=True, slots=True)
class Week:
    """Open stretches by weekday (Monday first), the days that are closed, the days of their own,
    and what is closed of other days."""

    days: tuple[tuple[Stretch, ...], ...]
    holidays: frozenset[date]
    extra: Mapping[date, tuple[Stretch, ...]]
    closed: Mapping[date, tuple[Stretch, ...]] = field(default_factory=dict)

    def on(self, day: date) -> tuple[Stretch, ...]:
        """What is open from ``day`` on; a stretch may run on into the next day."""
        if day in self.extra:
            usual = self.extra[day]
        else:
            usual = () if day in self.holidays else self.days[day.weekday()]
        return without(usual, self._closed(day)) if self.closed else usual

    def _closed(self, day: date) -> Iterator[Stretch]:
        """What is closed from ``day`` on, for what runs over midnight; an extra day is open."""
        for days in (0, 1):
            on, later = day + timedelta(days=days), days * MINUTES_A_DAY
            if on not in self.extra:
                for start, end in self.closed.get(on, ()):
                    yield start + later, end + later

    def never_closes(self) -> bool:
        """Whether the usual week has no closed minute."""
        stretches = (
            (start + day * MINUTES_A_DAY, end + day * MINUTES_A_DAY)
            for day in range(-1, 7)
            for start, end in self.days[day]
        )
        return any(a <= 0 and b >= 7 * MINUTES_A_DAY for a, b in joined(stretches))

    def is_holiday(self, day: date) -> bool:
        """Whether the whole day is closed: an extra working day wins over a holiday."""
        return day in self.holidays and day not in self.extra

    def day_length(self) -> int | None:
        """Minutes of a business day, where all open weekdays are equally long; else None."""
        lengths = {sum(end - start for start, end in joined(day)) for day in self.days if day}
        return lengths.pop() if len(lengths) == 1 else None


def read_week(spec: CalendarSpec) -> Week:
    """Read what stands in a calendar; ``ConfigError`` says which piece can't be read."""
    days = (_WHOLE_DAY,) * 7 if spec.always else _weekdays(spec.week)
    holidays = frozenset(_day(text) for text in spec.holidays)
    extra = {_day(text): _extra(text, hours, days) for text, hours in spec.extra.items()}
    closed = {_day(text): tuple(map(read_stretch, hours)) for text, hours in spec.closed.items()}
    return Week(days, holidays, extra, closed)


def joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """In order, with what overlaps or touches made one."""
    out: list[Stretch] = []
    for start, end in sorted(stretches):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return tuple(out)


def without(stretches: Iterable[Stretch], closed: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """What is left of stretches where some of it is closed."""
    left = tuple(stretches)
    for shut, opened in closed:
        parts = (
            (a, b)
            for start, end in left
            for a, b in ((start, min(end, shut)), (max(start, opened), end))
        )
        left = tuple((start, end) for start, end in parts if start < end)
    return left


def read_days(text: str) -> tuple[int, ...]:
    """``mon-fri``, ``sat``, ``mon,wed`` or a mixture as weekday numbers, Monday 0."""
    found: list[int] = []
    for part in text.lower().split(","):
        first, dash, last = part.strip().partition("-")
        start = _weekday(first, text)
        end = _weekday(last, text) if dash else start
        found += [(start + n) % 7 for n in range((end - start) % 7 + 1)]
    return tuple(found)


def read_stretch(text: str) -> Stretch:
    """``08:00-17:00`` in minutes; ``22:00-06:00`` runs over midnight; ``24:00`` ends a day."""
    match = _INTERVAL.fullmatch(text.strip())
    if not match:
        raise ConfigError(f"{text!r} is no interval", do_next="write it as 08:00-17:00")
    hour, minute, to_hour, to_minute = (int(part) for part in match.groups())
    start, end = hour * 60 + minute, to_hour * 60 + to_minute
    if start >= MINUTES_A_DAY or end > MINUTES_A_DAY:
        raise ConfigError(f"{text!r} passes 24:00", do_next="over midnight: write 22:00-06:00")
    if start == end:
        raise ConfigError(f"{text!r} is empty", do_next="for the whole day write 00:00-24:00")
    return (start, end if end > start else end + MINUTES_A_DAY)


def _weekdays(week: Mapping[str, tuple[str, ...]]) -> tuple[tuple[Stretch, ...], ...]:
    """Several keys may add hours to one day; hours that overlap are refused: which one holds?"""
    found: list[tuple[Stretch, ...]] = [()] * 7
    for days, hours in week.items():
        stretches = joined(read_stretch(text) for text in hours)
        for number in read_days(days):
            if _overlap(found[number], stretches):
                raise ConfigError(
                    f"{WEEKDAYS[number]} stands twice, and hours of {days!r} overlap the others",
                    do_next="give each weekday its hours once",
                )
            found[number] = joined((*found[number], *stretches))
    return tuple(found)


def _overlap(one: tuple[Stretch, ...], other: tuple[Stretch, ...]) -> bool:
    return any(a < d and c < b for a, b in one for c, d in other)


def _extra(
    text: str, hours: tuple[str, ...], week: tuple[tuple[Stretch, ...], ...]
) -> tuple[Stretch, ...]:
    """An extra day without hours has the usual ones of its weekday."""
    stretches = joined(read_stretch(one) for one in hours) or week[_day(text).weekday()]
    if not stretches:
        raise ConfigError(
            f"extra day {text} has no hours, and its weekday has none either",
            do_next=f'give it hours: {text}: "08:00-17:00"',
        )
    return stretches


def _weekday(text: str, whole: str) -> int:
    name = text.strip()
    if name not in WEEKDAYS:
        raise ConfigError(
            f"{whole!r}: {name!r} is no weekday",
            do_next=f"write mon-fri, sat or mon,wed, of {' '.join(WEEKDAYS)}",
        )
    return WEEKDAYS.index(name)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no day", do_next="write it as 2026-12-25") from None
