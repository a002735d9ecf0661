"""Reading what stands in a calendar."""

from __future__ import annotations

from datetime import date

import pytest

from upheld.calendar import CalendarSpec
from upheld.calendar.week import Stretch, joined, read_days, read_stretch, read_week, without
from upheld.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("sat", (5,)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("Mon,Wed", (0, 2)),
        ("mon-wed, fri", (0, 1, 2, 4)),
        ("sat-mon", (5, 6, 0)),
        ("sun-thu", (6, 0, 1, 2, 3)),
    ],
)
def test_weekdays_are_read(text: str, numbers: tuple[int, ...]) -> None:
    assert read_days(text) == numbers


@pytest.mark.parametrize("text", ["", "monday", "mon-", "mon-fry", "1-5", "mon;tue", "mon-wed-fri"])
def test_other_words_are_no_weekdays(text: str) -> None:
    with pytest.raises(ConfigError, match="is no weekday") as caught:
        read_days(text)
    assert "mon-fri" in caught.value.do_next


@pytest.mark.parametrize(
    ("text", "stretch"),
    [
        ("08:00-17:00", (480, 1020)),
        ("8:00 - 17:30", (480, 1050)),
        ("00:00-24:00", (0, 1440)),
        ("22:00-06:00", (1320, 1800)),
        ("22:00-24:00", (1320, 1440)),
        ("22:00-00:00", (1320, 1440)),
    ],
)
def test_intervals_are_read(text: str, stretch: tuple[int, int]) -> None:
    assert read_stretch(text) == stretch


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("8-17", "is no interval"),
        ("08:00", "is no interval"),
        ("08:60-17:00", "is no interval"),
        ("08:00-24:01", "passes 24:00"),
        ("24:00-06:00", "passes 24:00"),
        ("08:00-25:00", "passes 24:00"),
        ("08:00-08:00", "is empty"),
    ],
)
def test_other_texts_are_no_intervals(text: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        read_stretch(text)
    assert caught.value.do_next


def test_what_overlaps_or_touches_is_one() -> None:
    assert joined([(600, 700), (480, 600), (650, 660), (800, 900)]) == ((480, 700), (800, 900))


def test_intervals_of_a_day_may_overlap() -> None:
    week = read_week(CalendarSpec("c", week={"mon": ("08:00-12:00", "11:00-17:00")}))
    assert week.days[0] == ((480, 1020),)


def test_two_keys_may_add_hours_to_a_day() -> None:
    week = read_week(
        CalendarSpec("c", week={"mon-fri": ("08:00-12:00",), "mon-thu": ("13:00-17:00",)})
    )
    assert week.days[0] == ((480, 720), (780, 1020))
    assert week.days[4] == ((480, 720),)


def test_two_keys_whose_hours_overlap_are_refused() -> None:
    spec = CalendarSpec("c", week={"mon-fri": ("08:00-17:00",), "fri": ("08:00-15:00",)})
    with pytest.raises(ConfigError, match="fri stands twice"):
        read_week(spec)


def test_an_extra_day_wins_over_a_holiday_and_the_week() -> None:
    spec = CalendarSpec(
        "c",
        week={"mon-fri": ("08:00-17:00",)},
        holidays=("2026-12-24", "2026-12-25"),
        extra={"2026-12-24": ("09:00-12:00",), "2026-12-26": ("10:00-11:00",)},
    )
    week = read_week(spec)
    assert week.on(date(2026, 12, 24)) == ((540, 720),)
    assert week.on(date(2026, 12, 25)) == ()
    assert week.on(date(2026, 12, 26)) == ((600, 660),)
    assert [week.is_holiday(date(2026, 12, day)) for day in (24, 25, 26)] == [False, True, False]


def test_an_extra_day_without_hours_has_those_of_its_weekday() -> None:
    spec = CalendarSpec(
        "c", week={"thu": ("08:00-17:00",)}, holidays=("2026-12-24",), extra={"2026-12-24": ()}
    )
    assert read_week(spec).on(date(2026, 12, 24)) == ((480, 1020),)


def test_an_extra_day_without_hours_on_a_closed_weekday_is_refused() -> None:
    spec = CalendarSpec("c", week={"mon": ("08:00-17:00",)}, extra={"2026-12-24": ()})
    with pytest.raises(ConfigError, match="extra day 2026-12-24 has no hours"):
        read_week(spec)


@pytest.mark.parametrize("text", ["2026-13-01", "24.12.2026", "christmas"])
def test_a_holiday_is_a_day(text: str) -> None:
    with pytest.raises(ConfigError, match="is no day"):
        read_week(CalendarSpec("c", week={"mon": ("08:00-17:00",)}, holidays=(text,)))


@pytest.mark.parametrize(
    ("closed", "left"),
    [
        ([], ((480, 720), (780, 1020))),
        ([(0, 1440)], ()),
        ([(720, 1440)], ((480, 720),)),
        ([(600, 840)], ((480, 600), (840, 1020))),
        ([(500, 520), (510, 540)], ((480, 500), (540, 720), (780, 1020))),
        ([(720, 780)], ((480, 720), (780, 1020))),
    ],
)
def test_what_is_closed_is_taken_off(closed: list[Stretch], left: tuple[Stretch, ...]) -> None:
    assert without([(480, 720), (780, 1020)], closed) == left


def test_hours_may_be_closed_of_a_day_of_the_week_and_never_of_an_extra_one() -> None:
    spec = CalendarSpec(
        "c",
        week={"mon-sun": ("20:00-04:00",)},
        extra={"2026-12-30": ("20:00-04:00",)},
        closed=dict.fromkeys(("2026-12-24", "2026-12-30"), ("00:00-02:00", "21:00-24:00")),
    )
    week = read_week(spec)
    assert week.on(date(2026, 12, 23)) == (
        (1200, 1440),
        (1560, 1680),
    )  # its night runs into the 24th
    assert week.on(date(2026, 12, 24)) == ((1200, 1260), (1440, 1680))
    assert week.on(date(2026, 12, 29)) == week.on(date(2026, 12, 30)) == ((1200, 1680),)
