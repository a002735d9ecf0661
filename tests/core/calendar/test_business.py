"""Calendars: closing time, nights, holidays, versions, what is refused."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from time import perf_counter_ns
from zoneinfo import ZoneInfo

import pytest

from upheld.calendar import ALWAYS, Calendar, CalendarError, CalendarSpec, compile_calendar
from upheld.calendar.instant import DAY, HOUR, MINUTE, iso, parse
from upheld.errors import ConfigError

OFFICE = CalendarSpec("office", zone="Europe/Prague", week={"mon-fri": ("08:00-18:00",)})


@pytest.fixture
def office() -> Calendar:
    return compile_calendar(OFFICE)


# --- closing time -------------------------------------------------------------------------------


def test_what_fills_at_closing_time_is_due_when_it_closes(office: Calendar) -> None:
    friday = parse("2026-11-27T16:00:00+01:00")
    assert office.add(friday, 2 * HOUR) == parse("2026-11-27T18:00:00+01:00")


def test_answered_the_same_evening_it_is_not_missed(office: Calendar) -> None:
    friday = parse("2026-11-27T16:00:00+01:00")
    assert office.elapsed(friday, parse("2026-11-27T20:00:00+01:00")) == 2 * HOUR
    assert office.limit(friday, 2 * HOUR) == parse("2026-11-30T08:00:00+01:00")


def test_the_closing_instant_is_closed_and_the_opening_one_open(office: Calendar) -> None:
    assert not office.is_open(parse("2026-11-27T18:00:00+01:00"))
    assert office.is_open(parse("2026-11-27T18:00:00+01:00") - 1)
    assert office.is_open(parse("2026-11-30T08:00:00+01:00"))
    assert not office.is_open(parse("2026-11-30T08:00:00+01:00") - 1)


def test_two_business_hours_before_an_early_due_time_is_yesterday(office: Calendar) -> None:
    monday = parse("2026-11-30T09:00:00+01:00")
    assert office.back(monday, 2 * HOUR) == parse("2026-11-27T17:00:00+01:00")
    assert office.back(monday, HOUR) == parse("2026-11-30T08:00:00+01:00")
    assert office.back(monday, 0) == monday


# --- nights, holidays, extra days ---------------------------------------------------------------


def test_a_night_runs_into_the_morning() -> None:
    night = compile_calendar(CalendarSpec("night", week={"fri": ("22:00-06:00",)}))
    assert night.opens(parse("2026-11-25T00:00Z")) == parse("2026-11-27T22:00Z")
    assert night.add(parse("2026-11-27T22:00Z"), 8 * HOUR) == parse("2026-11-28T06:00Z")


def test_a_holiday_is_the_whole_local_day_and_nothing_else() -> None:
    spec = CalendarSpec("night", week={"mon-sun": ("22:00-06:00",)}, holidays=("2026-12-25",))
    night = compile_calendar(spec)
    assert night.elapsed(parse("2026-12-24T12:00Z"), parse("2026-12-26T00:00Z")) == 2 * HOUR
    assert night.opens(parse("2026-12-25T00:00Z")) == parse("2026-12-26T22:00Z")


def test_a_holiday_follows_the_clocks_of_its_zone() -> None:
    spec = CalendarSpec("tokyo", always=True, zone="Asia/Tokyo", holidays=("2026-01-01",))
    tokyo = compile_calendar(spec)
    assert not tokyo.is_open(parse("2025-12-31T15:00Z"))
    assert tokyo.opens(parse("2025-12-31T15:00Z")) == parse("2026-01-01T15:00Z")


def test_round_the_clock_with_holidays_counts_real_seconds_else() -> None:
    spec = CalendarSpec("all", always=True, zone="Europe/Berlin", holidays=("2016-12-25",))
    calendar = compile_calendar(spec)
    start, end = parse("2016-03-26T22:24:39+01:00"), parse("2016-03-28T23:24:39+02:00")
    assert calendar.elapsed(start, end) == 48 * HOUR


def test_an_extra_day_is_worked() -> None:
    spec = replace(OFFICE, extra={"2026-11-28": ("10:00-12:00",)})
    saturday = compile_calendar(spec)
    friday = parse("2026-11-27T17:00:00+01:00")
    assert saturday.add(friday, 2 * HOUR) == parse("2026-11-28T11:00:00+01:00")


def test_hours_inside_the_skipped_hour_are_dropped() -> None:
    spec = CalendarSpec("gap", zone="Europe/Berlin", week={"sun": ("02:30-03:15",)})
    gap = compile_calendar(spec)
    assert gap.opens(parse("2026-03-28T00:00Z")) == parse("2026-04-05T00:30Z")


def test_a_day_that_never_was_has_no_hours() -> None:
    samoa = compile_calendar(
        CalendarSpec("samoa", zone="Pacific/Apia", week={"mon-fri": ("08:00-16:00",)})
    )
    thursday, monday = parse("2011-12-29T20:00:00-10:00"), parse("2012-01-02T08:00:00+14:00")
    assert samoa.opens(thursday) == monday


# --- round the clock ----------------------------------------------------------------------------


def test_round_the_clock_every_second_counts() -> None:
    start = parse("2016-03-27T00:30:00Z")
    assert ALWAYS.add(start, HOUR) == ALWAYS.limit(start, HOUR) == start + HOUR
    assert ALWAYS.back(start, HOUR) == start - HOUR
    assert ALWAYS.opens(start) == start
    assert ALWAYS.is_open(start)
    assert ALWAYS.elapsed(start, start + 5) == 5
    assert ALWAYS.elapsed(start, start - 5) == 0


def test_a_spec_of_24x7_is_round_the_clock() -> None:
    calendar = compile_calendar(CalendarSpec("mine", always=True))
    assert calendar.name == "mine"
    assert calendar.day == DAY
    assert calendar.add(0, 7 * DAY) == 7 * DAY


# --- the length of a day ------------------------------------------------------------------------


def test_equal_weekdays_give_the_day_its_length(office: Calendar) -> None:
    assert office.day == 10 * HOUR


def test_a_given_day_length_wins() -> None:
    assert compile_calendar(replace(OFFICE, day=9 * HOUR)).day == 9 * HOUR


def test_where_weekdays_differ_a_day_has_no_length_of_itself() -> None:
    week = {"mon-thu": ("08:00-17:00",), "fri": ("08:00-15:00",)}
    assert compile_calendar(replace(OFFICE, week=week)).day is None


# --- versions -----------------------------------------------------------------------------------


def test_the_version_is_that_of_the_content(office: Calendar) -> None:
    one_by_one = dict.fromkeys(("mon", "tue-thu", "fri"), ("08:00-12:00", "12:00-18:00"))
    assert compile_calendar(replace(OFFICE, name="x", week=one_by_one)).version == office.version


@pytest.mark.parametrize(
    "other",
    [
        replace(OFFICE, zone="Europe/Berlin"),
        replace(OFFICE, week={"mon-fri": ("08:00-17:59",)}),
        replace(OFFICE, holidays=("2026-12-25",)),
        replace(OFFICE, extra={"2026-12-26": ("08:00-09:00",)}),
        replace(OFFICE, day=9 * HOUR),
        CalendarSpec("office", always=True),
    ],
)
def test_another_content_is_another_version(office: Calendar, other: CalendarSpec) -> None:
    assert compile_calendar(other).version != office.version


def test_asking_changes_neither_version_nor_equality(office: Calendar) -> None:
    fresh = compile_calendar(OFFICE)
    office.add(parse("1999-01-01T00:00Z"), 400 * DAY)
    assert office == fresh
    assert office.version == fresh.version


def test_a_calendar_is_frozen(office: Calendar) -> None:
    with pytest.raises(FrozenInstanceError):
        office.name = "other"  # type: ignore[misc]


# --- what is refused ----------------------------------------------------------------------------


def test_a_calendar_that_is_never_open_is_refused() -> None:
    with pytest.raises(CalendarError, match="'empty' is never open") as caught:
        compile_calendar(CalendarSpec("empty"))
    assert "24x7" in caught.value.do_next


def test_an_unknown_zone_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="'Europe/Prag'") as caught:
        compile_calendar(replace(OFFICE, zone="Europe/Prag"))
    assert "Europe/Prague" in caught.value.do_next


@pytest.mark.parametrize("zone", ["", "../../etc/passwd", "Europe", "Mars/Phobos\0"])
def test_what_can_be_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(ConfigError, match="no time zone"):
        compile_calendar(replace(OFFICE, zone=zone))


def test_a_length_below_zero_is_refused(office: Calendar) -> None:
    for ask in (office.add, office.limit, office.back, ALWAYS.add):
        with pytest.raises(ValueError, match="less than nothing"):
            ask(0, -1)


def test_a_calendar_that_runs_out_says_so_and_where() -> None:
    once = compile_calendar(CalendarSpec("once", extra={"2026-12-24": ("08:00-12:00",)}))
    start = parse("2026-12-01T00:00Z")
    assert iso(once.add(start, 3 * HOUR)) == "2026-12-24T11:00:00Z"
    with pytest.raises(CalendarError, match=r"'once' has too little open time after 2026-12-01"):
        once.add(start, 5 * HOUR)
    with pytest.raises(CalendarError, match="too little open time before"):
        once.back(start, HOUR)


def test_a_sparse_calendar_is_searched_for_years() -> None:
    leap = compile_calendar(CalendarSpec("sparse", extra={"2090-02-28": ("08:00-08:01",)}))
    assert leap.opens(parse("2026-01-01T00:00Z")) == parse("2090-02-28T08:00Z")


# --- datetimes ----------------------------------------------------------------------------------


def test_datetimes_may_be_in_any_zone(office: Calendar) -> None:
    start = datetime(2026, 11, 27, 10, 0, tzinfo=ZoneInfo("America/New_York"))
    due = office.due(start, timedelta(hours=2, microseconds=1))
    assert due == datetime(2026, 11, 27, 17, 0, tzinfo=UTC) + timedelta(
        days=2, hours=14, microseconds=1
    )
    assert due.tzinfo is UTC
    assert office.between(start, due) == timedelta(hours=2, microseconds=1)


def test_naive_datetimes_are_refused(office: Calendar) -> None:
    aware = datetime(2026, 1, 1, tzinfo=UTC)
    naive = aware.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"):
        office.due(naive, timedelta(hours=1))
    with pytest.raises(ValueError, match="no time zone"):
        office.between(aware, naive)


# --- growing, threads, speed --------------------------------------------------------------------


def test_ten_years_and_more_are_compiled_as_they_are_asked_for(office: Calendar) -> None:
    start = parse("2026-01-05T08:00:00+01:00")
    ten_years = office.elapsed(start, parse("2036-01-05T08:00:00+01:00"))
    assert office.add(start, ten_years) == parse("2036-01-04T18:00:00+01:00")
    assert office.elapsed(parse("1970-06-01T00:00Z"), start) > 5 * ten_years


def test_the_far_ends_of_time_give_an_answer_or_an_error(office: Calendar) -> None:
    assert office.elapsed(parse("0003-01-01T00:00Z"), parse("0003-01-08T00:00Z")) == 50 * HOUR
    assert office.elapsed(parse("9990-01-01T00:00Z"), parse("9990-01-08T00:00Z")) == 50 * HOUR
    with pytest.raises(CalendarError):
        office.add(parse("9990-01-01T00:00Z"), 9000 * DAY)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("1601-01-01T00:00Z", "2026-01-01T00:00Z"),
        ("2026-01-01T00:00Z", "9999-12-31T00:00Z"),
        ("0001-01-01T00:00Z", "0001-01-08T00:00Z"),
        ("9999-12-01T00:00Z", "9999-12-31T00:00Z"),
    ],
)
def test_a_stray_date_is_an_error_not_a_long_wait(office: Calendar, start: str, end: str) -> None:
    with pytest.raises(CalendarError, match="can't tell what is open from"):
        office.elapsed(parse(start), parse(end))
    assert ALWAYS.elapsed(parse(start), parse(end)) == parse(end) - parse(start)


def test_after_a_far_date_near_ones_are_right(office: Calendar) -> None:
    start = parse("2026-11-27T16:00:00+01:00")
    due = office.add(start, 20 * HOUR)
    assert office.opens(parse("1850-01-01T00:00Z")) > parse("1850-01-01T00:00Z")
    assert office.add(start, 20 * HOUR) == due


def test_threads_share_a_calendar(office: Calendar) -> None:
    start = parse("2026-01-05T08:00:00+01:00")
    fresh = compile_calendar(OFFICE)
    wanted = {n: fresh.add(start + n * DAY, abs(n) * HOUR) for n in range(-2000, 2000, 37)}
    wrong: list[int] = []

    def ask(numbers: list[int]) -> None:
        wrong.extend(n for n in numbers if office.add(start + n * DAY, abs(n) * HOUR) != wanted[n])

    numbers = list(wanted)
    threads = [threading.Thread(target=ask, args=(numbers[k::4],)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def _median(call: Callable[[], object]) -> float:
    """Microseconds of a call."""

    def once() -> int:
        begun = perf_counter_ns()
        call()
        return perf_counter_ns() - begun

    return statistics.median(once() for _ in range(2000)) / 1000


def test_ten_years_take_as_long_as_a_day(office: Calendar) -> None:
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    day, decade = timedelta(hours=10), timedelta(hours=10) * 2600
    late = office.due(start, decade)
    times = {
        "a day": _median(lambda: office.due(start, day)),
        "ten years": _median(lambda: office.due(start, decade)),
        "measured": _median(lambda: office.between(start, late)),
    }
    # Ten times what is wanted of an idle machine: this one is shared.
    assert max(times.values()) < 100, times
    assert times["ten years"] < 5 * times["a day"], times


def test_minutes_add_up_over_a_year(office: Calendar) -> None:
    start = parse("2026-01-01T00:00:00+01:00")
    assert office.elapsed(start, parse("2027-01-01T00:00:00+01:00")) == 261 * 600 * MINUTE
