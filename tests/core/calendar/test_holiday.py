"""Holidays by country: which days, under which names, and for how long they are known."""

from __future__ import annotations

import pytest

from upheld.calendar import CalendarSpec, HolidaySource, compile_calendar
from upheld.calendar.holiday import FeedDays, of_country, resolved
from upheld.calendar.instant import HOUR, parse
from upheld.errors import ConfigError


def office(source: HolidaySource, **more: object) -> CalendarSpec:
    week = {"mon-fri": ("08:00-17:00",)}
    return CalendarSpec("office", week=week, holiday_source=source, **more)  # type: ignore[arg-type]


def days_of(
    year: int, country: str, part: str | None = None, *, observed: bool = True
) -> dict[str, str]:
    found = of_country(HolidaySource(country, part, observed=observed))
    return {day[5:]: name for day, name in found.items() if day.startswith(str(year))}


def test_the_days_of_a_country_have_names() -> None:
    assert days_of(2026, "CZ")["04-06"] == "Easter Monday"
    assert days_of(2026, "CZ")["07-06"] == "Jan Hus Day"
    assert "05-01" not in days_of(2026, "US")


@pytest.mark.parametrize(
    ("day", "closed_in"),
    [
        ("01-02", {"SCT"}),
        ("03-17", {"NIR"}),
        ("04-06", {"ENG", "NIR"}),  # Easter Monday
        ("07-13", {"NIR"}),  # for 12 July, a Sunday
        ("11-30", {"SCT"}),
        ("12-25", {"ENG", "NIR", "SCT"}),
    ],
)
def test_england_scotland_and_northern_ireland_differ(day: str, closed_in: set[str]) -> None:
    assert {part for part in ("ENG", "NIR", "SCT") if day in days_of(2026, "GB", part)} == closed_in


def test_a_part_may_be_called_by_its_name() -> None:
    assert days_of(2026, "GB", "Scotland") == days_of(2026, "GB", "SCT")


def test_whether_observed_days_are_closed_is_a_choice() -> None:
    """Boxing Day of 2026 is a Saturday; Monday stands in for it."""
    closed = compile_calendar(office(HolidaySource("GB", "ENG")))
    opened = compile_calendar(office(HolidaySource("GB", "ENG", observed=False)))
    assert "12-28" in days_of(2026, "GB", "ENG")
    assert "12-28" not in days_of(2026, "GB", "ENG", observed=False)
    monday = parse("2026-12-28T09:00Z")
    assert (closed.is_open(monday), opened.is_open(monday)) == (False, True)


def test_a_calendar_of_a_country_is_closed_on_its_days() -> None:
    calendar = compile_calendar(office(HolidaySource("CZ")))
    eve = parse("2026-12-23T16:00Z")
    assert calendar.add(eve, 2 * HOUR) == parse("2026-12-28T09:00Z")


def test_a_worked_day_wins_over_a_holiday_of_the_country() -> None:
    spec = office(HolidaySource("CZ"), extra={"2026-12-24": ("08:00-12:00",)})
    assert compile_calendar(spec).is_open(parse("2026-12-24T09:00Z"))


def test_what_is_resolved_has_no_source_and_the_same_hours() -> None:
    written = office(HolidaySource("CZ"), holidays=("2026-08-03",))
    listed = resolved(written)
    assert listed.holiday_source is None
    assert {"2026-08-03", "2026-12-24", "2049-12-26"} <= set(listed.holidays)
    assert listed.holidays[0] == "2000-01-01"
    assert compile_calendar(listed).version == compile_calendar(written).version
    assert resolved(listed) is listed


def test_a_name_of_the_policy_wins_and_a_day_without_one_takes_the_countrys() -> None:
    days = ("2026-12-24", "2026-12-25", "2026-12-31")
    listed = resolved(office(HolidaySource("CZ"), holidays=days, names={"2026-12-24": "Our party"}))
    assert [listed.names.get(day) for day in days] == ["Our party", "Christmas Day", None]


def test_a_feed_is_laid_over_the_country() -> None:
    feed = FeedDays({"2026-08-03": "Moving house"}, {"2026-08-04": ("12:00-24:00",)})
    listed = resolved(office(HolidaySource("CZ", feed="office.ics")), feed)
    assert {"2026-08-03", "2026-12-24"} <= set(listed.holidays)
    assert listed.names["2026-08-03"] == "Moving house"
    calendar = compile_calendar(listed)
    assert calendar.elapsed(parse("2026-08-03T00:00Z"), parse("2026-08-05T00:00Z")) == 4 * HOUR


def test_hours_that_a_feed_closes_of_a_holiday_are_not_told_twice() -> None:
    feed = FeedDays({}, {"2026-12-24": ("12:00-24:00",)})
    assert resolved(office(HolidaySource("CZ", feed="x.ics")), feed).closed == {}


def test_a_feed_that_was_not_read_is_an_error_not_an_open_office() -> None:
    with pytest.raises(ConfigError, match=r"its feed office\.ics has not been read"):
        compile_calendar(office(HolidaySource("CZ", feed="office.ics")))


@pytest.mark.parametrize("country", ["England", "ZZ", "", "HolidayBase", "cz", "C\0"])
def test_a_country_that_there_is_not_is_refused(country: str) -> None:
    with pytest.raises(ConfigError, match="no holidays are known of") as caught:
        of_country(HolidaySource(country))
    assert "ISO code" in caught.value.do_next


def test_a_country_without_parts_says_so() -> None:
    with pytest.raises(ConfigError, match="has no part") as caught:
        of_country(HolidaySource("CZ", "Moravia"))
    assert "leave `subdivision` out" in caught.value.do_next


def test_feasts_that_are_known_for_fewer_years_are_no_noise() -> None:
    """Of India, the library knows those that follow the moon until 2035, and warns beyond it."""
    assert days_of(2030, "IN")["10-26"].startswith("Diwali")
    assert days_of(2049, "IN")
