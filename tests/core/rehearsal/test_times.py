"""Times as people write them."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.calendar.instant import DAY, HOUR, MINUTE, SECOND, parse
from upheld.rehearsal.times import after, when

BASE = parse("2026-03-03T14:00:00Z")
PRAGUE = ZoneInfo("Europe/Prague")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("+0", 0),
        ("+2h", 2 * HOUR),
        ("+2h30m", 2 * HOUR + 30 * MINUTE),
        ("+ 1 d 4 h", DAY + 4 * HOUR),
        ("+1 day 2 hours 3 minutes 4 seconds", DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND),
        ("+90min", 90 * MINUTE),
        ("+10s", 10 * SECOND),
    ],
)
def test_what_comes_after(text: str, span: int) -> None:
    assert after(text) == span


@pytest.mark.parametrize("text", ["2h", "+", "+2", "+h", "+2x", "+-2h", "+2.5h", "", "+1m1h"])
def test_what_is_no_such_thing(text: str) -> None:
    assert after(text) is None


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_it_adds_up(days: int, hours: int, minutes: int) -> None:
    assert after(f"+{days}d{hours}h{minutes}m") == days * DAY + hours * HOUR + minutes * MINUTE


def test_it_counts_from_its_base() -> None:
    assert when("+2h", base=BASE, zone=None) == BASE + 2 * HOUR


def test_an_offset_stands_for_itself_whatever_the_zone() -> None:
    assert when("2026-03-03T15:00:00+01:00", base=None, zone=PRAGUE) == BASE


def test_a_wall_time_is_of_the_zone() -> None:
    assert when("2026-03-03 15:00", base=None, zone=PRAGUE) == BASE


def test_a_wall_time_that_is_missing_comes_an_hour_later_and_a_double_one_is_the_first() -> None:
    assert when("2026-03-29 02:30", base=None, zone=PRAGUE) == parse("2026-03-29T01:30:00Z")
    assert when("2026-10-25 02:30", base=None, zone=PRAGUE) == parse("2026-10-25T00:30:00Z")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("+2h", "give the scenario `starts`"),
        ("2026-03-03 15:00", "give the scenario a `zone`"),
        ("yesterday", "is no time"),
        ("2026-02-30T10:00:00Z", "is no time"),
    ],
)
def test_what_cannot_be_read_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        when(text, base=None, zone=None)
