"""The days that a calendar passes over, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from upheld.calendar import CalendarSpec, HolidaySource
from upheld.calendar.instant import Instant, instant
from upheld.calendar.skipped import Skipped, skipped

OFFICE = CalendarSpec(
    "office",
    zone="Europe/Prague",
    week={"mon-fri": ("08:00-17:00",)},
    holidays=("2026-12-24", "2026-12-26", "2026-12-30"),
    names={"2026-12-24": "Christmas Eve"},
)


def wall(text: str) -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Prague")))


def days(spec: CalendarSpec, begins: str, ends: str) -> list[tuple[str, str]]:
    return [(each.day, each.name) for each in skipped(spec, wall(begins), wall(ends))]


def test_holidays_in_between_are_named_and_a_weekend_is_not_one() -> None:
    assert days(OFFICE, "2026-12-23 16:00", "2026-12-31 09:00") == [
        ("2026-12-24", "Christmas Eve"),
        ("2026-12-30", ""),  # nobody said what it is
    ]  # the 26th is a Saturday, closed anyhow


@pytest.mark.parametrize(
    ("begins", "ends", "found"),
    [
        ("2026-12-24 10:00", "2026-12-25 10:00", True),  # it begins on it
        ("2026-12-23 10:00", "2026-12-24 00:30", True),  # it ends on it, by the clocks of the zone
        ("2026-12-23 10:00", "2026-12-23 23:59", False),
        ("2026-12-25 00:00", "2026-12-29 10:00", False),
    ],
)
def test_the_days_of_both_ends_count_in_the_zone_of_the_calendar(
    begins: str, ends: str, *, found: bool
) -> None:
    assert bool(days(OFFICE, begins, ends)) is found


def test_an_extra_working_day_is_not_skipped() -> None:
    open_ = replace(OFFICE, extra={"2026-12-24": ()})
    assert days(open_, "2026-12-23 10:00", "2026-12-25 10:00") == []


def test_the_days_of_a_country_have_their_names() -> None:
    czech = replace(OFFICE, holidays=(), names={}, holiday_source=HolidaySource(country="CZ"))
    found = dict(days(czech, "2026-12-23 10:00", "2026-12-31 10:00"))
    assert list(found) == ["2026-12-24", "2026-12-25"]
    assert found["2026-12-25"] == "Christmas Day"


def test_a_day_that_is_closed_in_part_tells_its_hours() -> None:
    short = replace(OFFICE, holidays=(), closed={"2026-12-31": ("12:00-17:00",)})
    assert skipped(short, wall("2026-12-30 10:00"), wall("2027-01-04 10:00")) == (
        Skipped("2026-12-31", "", "12:00-17:00"),
    )
