"""A calendar by its days: which are worked, when they open and close."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from tests.core.calendar.strategies import days, specs
from upheld.calendar import CalendarError, CalendarSpec, compile_calendar
from upheld.calendar.days import Days
from upheld.calendar.instant import iso, parse

NIGHTS = {"mon-thu": ("22:00-06:00",)}


def days_of(**spec: object) -> Days:
    read = CalendarSpec("office", **spec)  # type: ignore[arg-type]
    return Days(compile_calendar(read), ZoneInfo(read.zone))


PRAGUE = days_of(
    zone="Europe/Prague",
    week={"mon-fri": ("08:00-12:00", "13:00-17:00")},
    holidays=("2026-05-01",),
    extra={"2026-05-02": ("09:00-11:00",)},
)


@pytest.mark.parametrize(
    ("day", "worked"),
    [("2026-04-30", True), ("2026-05-01", False), ("2026-05-02", True), ("2026-05-03", False)],
)
def test_which_days_are_worked(day: str, worked: bool) -> None:
    assert PRAGUE.working(date.fromisoformat(day)) is worked


def test_when_a_day_opens_and_closes() -> None:
    day = date(2026, 3, 2)
    assert (iso(PRAGUE.opens(day)), iso(PRAGUE.closes(day))) == (
        "2026-03-02T07:00:00Z",
        "2026-03-02T16:00:00Z",
    )


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    nights = days_of(week=NIGHTS)
    thursday, friday = date(2026, 3, 5), date(2026, 3, 6)
    assert (nights.working(thursday), nights.working(friday)) == (True, False)
    assert iso(nights.opens(thursday)) == "2026-03-05T22:00:00Z"
    assert iso(nights.closes(thursday)) == "2026-03-06T06:00:00Z"


def test_what_never_closes_ends_its_days_at_midnight() -> None:
    always = days_of(always=True, zone="Europe/Prague")
    assert iso(always.closes(date(2026, 3, 2))) == "2026-03-02T23:00:00Z"
    around = days_of(week={"mon-fri": ("00:00-24:00",)})
    assert iso(around.closes(date(2026, 3, 2))) == "2026-03-03T00:00:00Z"
    assert iso(around.closes(date(2026, 3, 6))) == "2026-03-07T00:00:00Z"
    assert not around.working(date(2026, 3, 7))


@pytest.mark.parametrize(
    ("count", "then"),
    [(0, "2026-04-30"), (1, "2026-05-02"), (2, "2026-05-04"), (5, "2026-05-07")],
)
def test_working_days_are_counted(count: int, then: str) -> None:
    assert PRAGUE.later(date(2026, 4, 30), count) == date.fromisoformat(then)


def test_from_a_free_day_the_same_is_the_next_that_is_worked() -> None:
    assert PRAGUE.later(date(2026, 5, 1), 0) == date(2026, 5, 2)
    assert PRAGUE.later(date(2026, 5, 1), 1) == date(2026, 5, 2)


def test_where_there_is_none_for_ten_years_that_is_said() -> None:
    once = days_of(week={}, extra={"2026-03-02": ("09:00-10:00",)})
    assert once.later(date(2026, 3, 1), 1) == date(2026, 3, 2)
    with pytest.raises(CalendarError, match="'office' has no working day after 2026-03-02"):
        once.later(date(2026, 3, 2), 1)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-03-02T13:59Z", "2026-03-02"),  # one minute before three in Prague
        ("2026-03-02T14:00Z", "2026-03-03"),
        ("2026-03-02T23:30Z", "2026-03-03"),  # it is Tuesday there
        ("2026-05-01T08:00Z", "2026-05-02"),  # a holiday
    ],
)
def test_what_comes_after_the_cut_off_belongs_to_the_next_working_day(at: str, day: str) -> None:
    assert PRAGUE.of(parse(at), cut_off=15 * 60) == date.fromisoformat(day)


def test_without_a_cut_off_it_belongs_to_its_own_day() -> None:
    assert PRAGUE.of(parse("2026-03-02T23:30Z")) == date(2026, 3, 3)
    assert PRAGUE.of(parse("2026-05-01T08:00Z")) == date(2026, 5, 1)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-25T09:00Z", "2026-04-01T08:00Z"),  # ten o'clock in both
        ("2026-10-21T08:00Z", "2026-10-28T09:00Z"),
        ("2026-03-22T01:30Z", "2026-03-29T01:30Z"),  # half past two does not exist: an hour later
    ],
)
def test_days_later_the_wall_shows_the_same(start: str, end: str) -> None:
    assert PRAGUE.after(parse(start), 7) == parse(end)


@settings(max_examples=60, deadline=None)
@given(specs(), days)
def test_a_working_day_opens_before_it_closes_and_closes_in_the_open(
    spec: CalendarSpec, day: date
) -> None:
    found = Days(compile_calendar(spec), ZoneInfo(spec.zone))
    if found.working(day):
        opens, closes = found.opens(day), found.closes(day)
        assert opens < closes
        assert found.calendar.is_open(closes - 1)
