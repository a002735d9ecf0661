"""Feeds of holidays, as programs write them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upheld.calendar.feed import read_feed
from upheld.errors import ConfigError

_ZONE = "Europe/Prague"


def feed(*events: str, head: str = "") -> str:
    """An iCalendar of events, each a few lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Office//EN", *filter(None, [head])]
    for number, event in enumerate(events):
        uid = "" if "UID:" in event else f"UID:{number}\n"
        lines += ["BEGIN:VEVENT", *f"{uid}{event}".splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def days(*events: str) -> list[str]:
    found = read_feed(feed(*events), _ZONE)
    assert found.hours == {}
    return list(found.days)


# --- whole days ---------------------------------------------------------------------------------


def test_a_day_without_an_end_is_one_day_with_its_name() -> None:
    text = feed("DTSTART;VALUE=DATE:20261224\nSUMMARY:Christmas Eve\\, at home")
    assert read_feed(text, _ZONE).days == {"2026-12-24": "Christmas Eve, at home"}


@pytest.mark.parametrize("until", ["DTEND;VALUE=DATE:20270102", "DURATION:P9D"])
def test_an_event_of_several_days_closes_each_of_them(until: str) -> None:
    found = days(f"DTSTART;VALUE=DATE:20261224\n{until}")
    assert (len(found), found[0], found[-1]) == (9, "2026-12-24", "2027-01-01")


def test_a_day_comes_again_each_year_but_for_its_exceptions() -> None:
    assert days(
        "DTSTART;VALUE=DATE:20240704\nRRULE:FREQ=YEARLY;UNTIL=20280704\nEXDATE;VALUE=DATE:20250704",
    ) == ["2024-07-04", "2026-07-04", "2027-07-04", "2028-07-04"]


def test_a_day_that_comes_for_ever_comes_until_the_last_year_that_is_read() -> None:
    found = days("DTSTART;VALUE=DATE:19700501\nRRULE:FREQ=YEARLY")
    assert (found[0], found[-1], len(found)) == ("2000-05-01", "2049-05-01", 50)


def test_the_third_monday_and_days_that_are_added() -> None:
    assert days(
        "DTSTART;VALUE=DATE:20260119\nRRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=3MO;COUNT=2\n"
        "RDATE;VALUE=DATE:20260303,20260304",
    ) == ["2026-01-19", "2026-03-03", "2026-03-04", "2027-01-18"]


def test_a_leap_day_comes_in_leap_years() -> None:
    found = days("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;COUNT=2")
    assert found == ["2024-02-29", "2028-02-29"]


def test_one_of_a_series_may_be_moved_and_one_cancelled() -> None:
    assert days(
        "UID:a\nDTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=4",
        "UID:a\nRECURRENCE-ID;VALUE=DATE:20260112\nDTSTART;VALUE=DATE:20260113",
        "UID:a\nRECURRENCE-ID;VALUE=DATE:20260119\nDTSTART;VALUE=DATE:20260119\nSTATUS:CANCELLED",
    ) == ["2026-01-05", "2026-01-13", "2026-01-26"]


def test_what_is_cancelled_is_open_and_what_is_marked_free_is_closed_all_the_same() -> None:
    assert days(
        "DTSTART;VALUE=DATE:20260105\nSTATUS:CANCELLED",
        "DTSTART;VALUE=DATE:20260106\nTRANSP:TRANSPARENT",
    ) == ["2026-01-06"]


def test_the_first_name_of_a_day_counts() -> None:
    text = feed(
        "DTSTART;VALUE=DATE:20260105\nSUMMARY:Inventory", "DTSTART;VALUE=DATE:20260105\nSUMMARY:x"
    )
    assert read_feed(text, _ZONE).days == {"2026-01-05": "Inventory"}


@settings(deadline=None, max_examples=25)
@given(st.dates(date(2001, 1, 1), date(2048, 1, 1)), st.integers(1, 400))
def test_so_many_days_are_closed_as_the_event_has(first: date, length: int) -> None:
    end = first + timedelta(days=length)
    found = days(f"DTSTART;VALUE=DATE:{first:%Y%m%d}\nDTEND;VALUE=DATE:{end:%Y%m%d}")
    assert found == [(first + timedelta(days=n)).isoformat() for n in range(length)]


# --- hours --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("DTSTART;TZID=Europe/Prague:20261224T120000", "DTEND;TZID=Europe/Prague:20261224T180000",
         {"2026-12-24": ("12:00-18:00",)}),
        ("DTSTART:20261224T110000Z", "DTEND:20261224T170000Z", {"2026-12-24": ("12:00-18:00",)}),
        ("DTSTART:20261224T120000", "DURATION:PT6H", {"2026-12-24": ("12:00-18:00",)}),
        ("DTSTART;TZID=America/New_York:20261224T160000", "DURATION:PT4H",
         {"2026-12-24": ("22:00-24:00",), "2026-12-25": ("00:00-02:00",)}),
        ("DTSTART:20261224T120030", "DURATION:PT30S", {"2026-12-24": ("12:00-12:01",)}),
        ("DTSTART:20261224T120000", "SUMMARY:an instant", {}),
        ("DTSTART:20261224T120000", "DTEND:20261224T110000", {}),
    ],
)  # fmt: skip
def test_hours_are_closed_on_the_wall_of_the_calendar(
    start: str, end: str, hours: dict[str, tuple[str, ...]]
) -> None:
    found = read_feed(feed(f"{start}\n{end}"), _ZONE)
    assert (found.days, found.hours) == ({}, hours)


def test_hours_that_make_a_day_are_a_day() -> None:
    found = read_feed(feed("DTSTART:20261224T120000\nDURATION:PT48H"), _ZONE)
    assert list(found.days) == ["2026-12-25"]
    assert found.hours == {"2026-12-24": ("12:00-24:00",), "2026-12-26": ("00:00-12:00",)}


def test_hours_come_again_on_the_same_wall_in_summer_and_winter() -> None:
    rule = "RRULE:FREQ=MONTHLY;COUNT=2;INTERVAL=6\nDURATION:PT1H"
    own = read_feed(feed(f"DTSTART;TZID=Europe/Prague:20260115T120000\n{rule}"), _ZONE).hours
    far = read_feed(feed(f"DTSTART:20260115T110000Z\n{rule}"), _ZONE).hours
    assert own == {"2026-01-15": ("12:00-13:00",), "2026-07-15": ("12:00-13:00",)}
    assert far == {"2026-01-15": ("12:00-13:00",), "2026-07-15": ("13:00-14:00",)}


def test_an_end_and_an_exception_may_be_written_in_another_zone() -> None:
    found = read_feed(
        feed(
            "DTSTART;TZID=Europe/Prague:20260105T120000\nDTEND:20260105T120000Z\n"
            "RRULE:FREQ=WEEKLY;UNTIL=20260119T110000Z\nEXDATE:20260112T110000Z"
        ),
        _ZONE,
    )
    assert found.hours == {"2026-01-05": ("12:00-13:00",), "2026-01-19": ("12:00-13:00",)}


def test_a_feed_may_say_in_which_zone_it_was_written() -> None:
    event = "DTSTART:20261224T120000\nDURATION:PT1H"
    york = read_feed(feed(event, head="X-WR-TIMEZONE:America/New_York"), _ZONE)
    odd = read_feed(feed(event, head="X-WR-TIMEZONE:Somewhere"), _ZONE)
    assert york.hours == {"2026-12-24": ("18:00-19:00",)}
    assert odd.hours == {"2026-12-24": ("12:00-13:00",)}


def test_hours_of_a_day_that_is_closed_are_not_told() -> None:
    found = read_feed(
        feed("DTSTART;VALUE=DATE:20261224", "DTSTART:20261224T120000\nDURATION:PT1H"), _ZONE
    )
    assert (list(found.days), found.hours) == (["2026-12-24"], {})


# --- what can't be read -------------------------------------------------------------------------

_DAY = "DTSTART;VALUE=DATE:20260105\nSUMMARY:Inventory"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is no iCalendar"),
        ("<html><body>Log in</body></html>", "is no iCalendar"),
        (feed(_DAY)[:-20], "or not all of one"),
        (feed(), "holds no event"),
        (feed("SUMMARY:Inventory"), "has an event 'Inventory' that can't be read"),
        (feed(_DAY.replace("20260105", "2026-01-05")), "has an event 'Inventory'"),
        (feed(f"{_DAY}\nRRULE:FREQ=OFTEN"), "has an event 'Inventory'"),
        (feed(f"{_DAY}\nRRULE:FREQ=HOURLY"), "has an event 'Inventory'"),
        (feed(f"{_DAY}\nRECURRENCE-ID:soon"), "has an event 'Inventory'"),
        (feed(*[f"{_DAY}\nRRULE:FREQ=DAILY"] * 3), "closes more than 20000 times"),
    ],
)
def test_a_feed_that_can_not_be_read_is_an_error(text: str, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_feed(text, _ZONE)
    assert what in caught.value.what


def test_what_never_comes_and_what_never_ends_take_no_time() -> None:
    never = "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    assert days(never, "DTSTART;VALUE=DATE:20491230\nDTEND;VALUE=DATE:99991231") == [
        "2026-01-05",
        "2049-12-30",
        "2049-12-31",
    ]
