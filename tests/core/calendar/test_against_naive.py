"""The compiled calendar beside one that walks every minute and knows nothing of ``fold``."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.calendar.strategies import ZONES, hours_of_a_day, specs
from upheld.calendar import CalendarSpec, compile_calendar
from upheld.calendar.instant import MINUTE, instant, parse
from upheld.calendar.wall import from_wall, zone_named
from upheld.calendar.week import read_days, read_stretch

_DAYS = 6
_EPOCH = date(1970, 1, 1)


@cache
def _shown(zone: str, first: date) -> dict[int, int]:
    """For each wall minute (since 1970) around ``first`` the UTC minute that shows it first."""
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=4)
    found: dict[int, int] = {}
    for n in range((_DAYS + 8) * 1440):
        at = begin + timedelta(minutes=n)
        wall = at.astimezone(ZoneInfo(zone))
        shown = (wall.date() - _EPOCH).days * 1440 + wall.hour * 60 + wall.minute
        found.setdefault(shown, instant(at) // MINUTE)
    return found


def _minute(zone: str, first: date, day: date, minutes: int) -> int:
    """The first minute that shows a wall time; one that is skipped moves on by what is skipped."""
    shown = _shown(zone, first)
    wall = (day - _EPOCH).days * 1440 + minutes
    if wall in shown:
        return shown[wall]
    before = next(w for w in range(wall, wall - 1500, -1) if w in shown)
    after = next(w for w in range(wall, wall + 1500) if w in shown)
    return shown[wall + (after - before - 1)]


def _open_minutes(spec: CalendarSpec, first: date) -> set[int]:
    """All minutes that are open from ``first`` on, for some days, at least."""
    found: set[int] = set()
    for n in range(-1, _DAYS + 1):
        day = first + timedelta(days=n)
        midnight, tomorrow = (_minute(spec.zone, first, day, m) for m in (0, 1440))
        shut = _is_holiday(spec, day + timedelta(days=1))
        for start, end in _runs(spec, day) if midnight < tomorrow else ():
            opens, closes = (_minute(spec.zone, first, day, m) for m in (start, end))
            found.update(range(opens, min(closes, tomorrow) if shut else closes))
    return found


def _runs(spec: CalendarSpec, day: date) -> list[tuple[int, int]]:
    """Runs of minutes on the wall that are open from a day on: what overlaps or touches is one."""
    minutes = {minute for text in _hours(spec, day) for minute in range(*read_stretch(text))}
    for later in (0, 1):
        name = (day + timedelta(days=later)).isoformat()
        for text in () if name in spec.extra else spec.closed.get(name, ()):
            minutes -= {later * 1440 + minute for minute in range(*read_stretch(text))}
    starts = sorted(minute for minute in minutes if minute - 1 not in minutes)
    ends = sorted(minute + 1 for minute in minutes if minute + 1 not in minutes)
    return list(zip(starts, ends, strict=True))


def _is_holiday(spec: CalendarSpec, day: date) -> bool:
    return day.isoformat() in spec.holidays and day.isoformat() not in spec.extra


def _hours(spec: CalendarSpec, day: date) -> tuple[str, ...]:
    if day.isoformat() in spec.extra:
        return spec.extra[day.isoformat()]
    if day.isoformat() in spec.holidays:
        return ()
    return tuple(
        text
        for name, hours in spec.week.items()
        if day.weekday() in read_days(name)
        for text in hours
    )


def _change_days(zone: str) -> list[date]:
    """Days of 2009 to 2017 on which the clocks of a zone change."""
    tz, days = ZoneInfo(zone), (date(2009, 1, 2) + timedelta(days=n) for n in range(9 * 365 - 4))
    noon = {day: datetime(day.year, day.month, day.day, 12, tzinfo=tz).utcoffset() for day in days}
    return [day for day in noon if noon.get(day - timedelta(days=1), noon[day]) != noon[day]]


_CHANGES = [(zone, day) for zone in ZONES for day in _change_days(zone)[:6]]


def test_clocks_change_in_most_of_the_zones() -> None:
    assert len({zone for zone, _ in _CHANGES}) >= 12


def _agree(spec: CalendarSpec, first: date) -> None:
    calendar = compile_calendar(spec)
    opened = sorted(_open_minutes(spec, first))
    begin = _minute(spec.zone, first, first, 0)
    end = _minute(spec.zone, first, first + timedelta(days=_DAYS), 0)
    within = [minute for minute in opened if begin <= minute < end]
    assert calendar.elapsed(begin * MINUTE, end * MINUTE) == len(within) * MINUTE
    for n, minute in enumerate(within[:: max(1, len(within) // 50)]):
        ran = within.index(minute) + 1
        assert calendar.is_open(minute * MINUTE), n
        assert calendar.add(begin * MINUTE, ran * MINUTE) == (minute + 1) * MINUTE


@settings(max_examples=60, deadline=None)
@given(specs(), st.sampled_from(_CHANGES), st.integers(0, _DAYS - 1))
def test_the_compiled_calendar_is_open_in_the_same_minutes(
    spec: CalendarSpec, change: tuple[str, date], before: int
) -> None:
    zone, day = change
    near = CalendarSpec("near", zone=zone, week=spec.week)
    _agree(near, day - timedelta(days=before))


@settings(max_examples=40, deadline=None)
@given(specs(), st.data())
def test_holidays_extra_days_and_closed_hours_too(spec: CalendarSpec, data: st.DataObject) -> None:
    zone, day = data.draw(st.sampled_from(_CHANGES))
    around = [(day + timedelta(days=n)).isoformat() for n in range(-3, 4)]
    holidays = data.draw(st.lists(st.sampled_from(around), max_size=4, unique=True))
    some = next(iter(spec.week.values()))
    worked = data.draw(st.lists(st.sampled_from(around), max_size=2, unique=True))
    extra = dict.fromkeys(worked, some)
    shut = data.draw(
        st.dictionaries(st.sampled_from(around), hours_of_a_day.map(lambda h: (h,)), max_size=3)
    )
    near = CalendarSpec("near", False, zone, spec.week, tuple(holidays), extra, closed=shut)
    _agree(near, day - timedelta(days=3))


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        ("Europe/Berlin", "2022-03-27 02:05", "2022-03-27T01:05:00Z"),  # missing: shows 03:05
        ("Europe/Berlin", "2022-10-30 02:05", "2022-10-30T00:05:00Z"),  # twice: the first
        ("Australia/Lord_Howe", "2022-10-02 02:10", "2022-10-01T15:40:00Z"),  # half an hour
        ("America/Havana", "2022-11-06 00:30", "2022-11-06T04:30:00Z"),
    ],
)
def test_missing_and_doubled_wall_times(zone: str, wall: str, expected: str) -> None:
    at = datetime.fromisoformat(wall)
    assert from_wall(at.date(), at.hour * 60 + at.minute, zone_named(zone)) == parse(expected)
