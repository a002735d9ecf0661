"""A recurrence that never comes is seen before it is followed; one that comes is never taken for one."""

from __future__ import annotations

from datetime import date, datetime
from time import monotonic
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from upheld.calendar.feed import read_feed
from upheld.calendar.recurrence import comes

FIRST, LAST = date(2026, 1, 30), date(2049, 12, 31)


def rule(text: str) -> dict[str, Any]:
    """As a feed has it: each part a list."""
    return {
        key: value.split(",") for key, _, value in (part.partition("=") for part in text.split(";"))
    }


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2",  # on the 30th, as it began
        "FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",  # 2026, 2030 …: none is a leap year
        "FREQ=YEARLY;INTERVAL=4;BYYEARDAY=366",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=-30",
        "FREQ=YEARLY;BYMONTH=13;BYMONTHDAY=1",
    ],
)
def test_what_never_comes(text: str) -> None:
    assert not comes(rule(text), FIRST, LAST)


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY",
        "FREQ=MONTHLY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
        "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
        "FREQ=YEARLY;BYYEARDAY=-1",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU",
    ],
)
def test_what_comes(text: str) -> None:
    assert comes(rule(text), FIRST, LAST)


def test_a_feed_with_such_a_rule_is_read_in_no_time() -> None:
    event = "DTSTART;VALUE=DATE:20260130\nSUMMARY:Never\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    text = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{event}\nEND:VEVENT\nEND:VCALENDAR\n"
    begun = monotonic()
    assert read_feed(text, "Europe/Prague").days == {"2026-01-30": "Never"}  # where it begins
    assert monotonic() - begun < 5


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]),
    st.integers(1, 5),
    st.none() | st.integers(1, 12),
    st.none() | st.integers(-28, 28).filter(bool),
    st.none() | st.sampled_from(["MO", "TU", "SU"]),
)
def test_whatever_the_library_finds_is_worth_following(
    often: str, step: int, month: int | None, day: int | None, weekday: str | None
) -> None:
    assume(day is None or weekday is None)
    parts = {"FREQ": often, "INTERVAL": step, "BYMONTH": month, "BYMONTHDAY": day, "BYDAY": weekday}
    text = ";".join(f"{key}={value}" for key, value in parts.items() if value is not None)
    if not comes(rule(text), FIRST, LAST):
        begin = datetime(FIRST.year, FIRST.month, FIRST.day)  # noqa: DTZ001  on whatever wall
        until = datetime(LAST.year, LAST.month, LAST.day)  # noqa: DTZ001
        assert rrulestr(text, dtstart=begin).before(until) in {None, begin}
