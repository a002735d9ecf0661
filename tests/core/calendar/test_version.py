"""Calendar versions: named by what they hold, and carried on without touching the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.calendar.strategies import specs
from upheld.calendar import CalendarSpec, HolidaySource, compile_calendar
from upheld.calendar.holiday import FeedDays
from upheld.calendar.instant import DAY, HOUR, Instant, parse
from upheld.calendar.version import (
    Calendars,
    carried,
    changes,
    ends_soon,
    list_days,
    read_calendars,
)

NOW = parse("2026-11-26T12:00Z")
OFFICE = CalendarSpec(
    "office", zone="Europe/Prague", week={"mon-fri": ("08:00-17:00",)}, day=9 * HOUR
)


def only(spec: CalendarSpec) -> Calendars:
    return Calendars({spec.name: spec})


def closed(*days: str, **names: str) -> Calendars:
    return only(replace(OFFICE, holidays=days, names=names))


# --- what a version is -------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(specs(), st.none() | st.integers(1, DAY))
def test_what_is_kept_is_read_back(spec: CalendarSpec, day: int | None) -> None:
    kept = only(replace(spec, day=day, names=dict.fromkeys(spec.holidays, "Näme")))
    back = read_calendars(kept.source)
    assert (back, back.version) == (kept, kept.version)


def test_a_version_is_of_hours_and_days_whatever_they_are_called() -> None:
    named = replace(OFFICE, holidays=("2026-12-24",), names={"2026-12-24": "Christmas Eve"})
    assert only(named).version == closed("2026-12-24").version
    assert only(named).version.startswith("calendar-")
    others = [
        closed(),
        closed("2026-12-23"),
        only(replace(named, zone="Europe/Berlin")),
        only(replace(named, day=8 * HOUR)),
        only(replace(named, closed={"2026-12-23": ("12:00-24:00",)})),
        only(replace(named, name="other")),
    ]
    assert len({each.version for each in (only(named), *others)}) == 7


def test_listed_days_have_no_source_and_the_same_version_on_any_day() -> None:
    written = replace(OFFICE, holiday_source=HolidaySource("CZ", feed="office.ics"))
    feed = FeedDays({"2026-12-23": "Inventory"})
    once = list_days({"office": written}, {"office": feed})
    assert once.specs["office"].holiday_source is None
    assert once.version == list_days({"office": written}, {"office": feed}).version
    assert once.version != list_days({"office": written}, {"office": FeedDays()}).version


# --- carried on --------------------------------------------------------------------------------


def test_days_to_come_change_and_past_ones_do_not() -> None:
    before = closed("2026-11-20", "2026-11-26", "2026-12-24", "2026-12-25")
    news = closed("2026-11-19", "2026-12-23", "2026-12-25")
    after = carried(before, news, NOW)
    assert after.specs["office"].holidays == (
        "2026-11-20",
        "2026-11-26",
        "2026-12-23",
        "2026-12-25",
    )
    assert list(changes(before, after)) == [
        "office: closed on 2026-12-23",
        "office: as its weekday on 2026-12-24",
    ]


def test_today_is_the_calendars_own() -> None:
    """At 23:30 UTC it is tomorrow in Prague: that day has begun and stays as it is."""
    late = parse("2026-11-26T23:30Z")
    assert carried(closed(), closed("2026-11-27"), late) == closed()
    utc = replace(OFFICE, zone="UTC")
    after = carried(only(utc), only(replace(utc, holidays=("2026-11-27",))), late)
    assert after.specs["office"].holidays == ("2026-11-27",)


def test_worked_days_and_closed_hours_are_carried_too() -> None:
    news = only(
        replace(
            OFFICE,
            extra={"2026-11-28": ("09:00-12:00",), "2026-11-21": ("09:00-12:00",)},
            closed={"2026-12-23": ("12:00-24:00",)},
        )
    )
    after = carried(closed(), news, NOW)
    assert list(changes(closed(), after)) == [
        "office: open 09:00-12:00 on 2026-11-28",
        "office: closed 12:00-24:00 on 2026-12-23",
    ]


def test_hours_zone_and_day_stay_those_of_the_policy() -> None:
    news = CalendarSpec(
        "office", zone="UTC", week={"sat": ("10:00-11:00",)}, holidays=("2026-12-23",)
    )
    after = carried(closed(), only(news), NOW).specs["office"]
    assert after == replace(OFFICE, holidays=("2026-12-23",))


def test_a_calendar_that_is_gone_stays_and_one_that_is_new_is_not_taken() -> None:
    other = Calendars({"lab": replace(OFFICE, name="lab")})
    assert carried(closed("2026-12-24"), other, NOW) == closed("2026-12-24")
    assert list(changes(closed(), other)) == ["lab: new"]


def test_what_a_day_is_called_is_told() -> None:
    news = only(replace(OFFICE, holidays=("2026-12-23",), names={"2026-12-23": "Inventory"}))
    after = carried(closed(), news, NOW)
    assert list(changes(closed(), after)) == ["office: closed on 2026-12-23 (Inventory)"]


@settings(deadline=None, max_examples=25)
@given(specs(), specs(), st.integers(parse("2010-01-01T00:00Z"), parse("2017-01-01T00:00Z")))
def test_no_minute_of_the_past_changes(
    before: CalendarSpec, news: CalendarSpec, now: Instant
) -> None:
    after = carried(only(before), only(replace(news, name=before.name)), now).specs[before.name]
    old, new = compile_calendar(before), compile_calendar(after)
    begin = parse("2009-02-01T00:00Z")
    assert old.elapsed(begin, now) == new.elapsed(begin, now)


@settings(deadline=None, max_examples=25)
@given(specs(), specs())
def test_carried_twice_is_carried_once(before: CalendarSpec, news: CalendarSpec) -> None:
    newer = only(replace(news, name=before.name))
    now = parse("2013-06-01T00:00Z")
    once = carried(only(before), newer, now)
    assert carried(once, newer, now).version == once.version
    assert list(changes(once, once)) == []


# --- lists that end ----------------------------------------------------------------------------

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("last", "told"),
    [("2026-01-01", True), ("2026-12-26", True), ("2027-05-25", True), ("2027-05-26", False)],
)
def test_a_list_that_ends_within_half_a_year_is_told(last: str, told: bool) -> None:
    spec = replace(OFFICE, holidays=("2020-01-01", last))
    found = ends_soon(spec, TODAY)
    assert bool(found) == told
    assert (
        not told
        or found == f"calendar 'office': its last holiday is {last}; after that it knows none"
    )


def test_a_country_goes_on_and_a_calendar_without_holidays_has_none_to_end() -> None:
    assert ends_soon(OFFICE, TODAY) is None
    country = replace(OFFICE, holiday_source=HolidaySource("CZ"))
    assert ends_soon(country, TODAY) is None
    assert ends_soon(country, date(2049, 8, 1)) is not None


def test_a_feed_is_told_of_once_it_was_read() -> None:
    written = replace(OFFICE, holiday_source=HolidaySource(feed="office.ics"))
    assert ends_soon(written, TODAY) is None
    listed = list_days({"office": written}, {"office": FeedDays({"2026-12-24": ""})})
    assert ends_soon(listed.specs["office"], TODAY, within=timedelta(days=30)) is not None
