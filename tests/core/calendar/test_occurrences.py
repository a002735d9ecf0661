"""When planned maintenance takes place: the same hours on the wall, whatever the clocks do."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.calendar.strategies import ZONES, days
from upheld.calendar.instant import HOUR, MINUTE, Instant, instant, iso, moment, parse
from upheld.calendar.occurrences import Occurrence, Occurrences, checked

PRAGUE = "Europe/Prague"


def weekly(begins: str, ends: str, rule: str = "FREQ=WEEKLY") -> Occurrences:
    return checked(Occurrence(parse(begins), parse(ends)), PRAGUE, rule)


def told(times: Occurrences, at: Instant = 0, most: int = 3) -> list[str]:
    return [f"{iso(each.begins)}/{iso(each.ends)[11:]}" for each in islice(times.after(at), most)]


ONCE = Occurrence(parse("2026-03-02T01:00:00Z"), parse("2026-03-02T03:00:00Z"))


def test_once_is_its_first_time_alone_until_it_is_over() -> None:
    once = Occurrences(ONCE)
    assert [*once.after(0)] == [*once.after(ONCE.ends - 1)] == [ONCE]
    assert [*once.after(ONCE.ends)] == []


def test_an_instant_lies_in_it_from_its_beginning_to_before_its_end() -> None:
    once = Occurrences(ONCE)
    instants = (ONCE.begins - 1, ONCE.begins, ONCE.ends - 1, ONCE.ends)
    assert [once.at(at) for at in instants] == [None, ONCE, ONCE, None]


def test_each_week_it_is_at_the_same_hour_of_the_wall_also_in_summer() -> None:
    times = weekly("2026-03-22T01:00:00+01:00", "2026-03-22T05:00:00+01:00")
    assert told(times) == [
        "2026-03-22T00:00:00Z/04:00:00Z",
        "2026-03-29T00:00:00Z/03:00:00Z",  # three hours of that night, as the wall shows four
        "2026-04-04T23:00:00Z/03:00:00Z",
    ]


def test_hours_that_the_clocks_show_twice_in_autumn_are_the_first() -> None:
    times = weekly("2026-10-18T02:30:00+02:00", "2026-10-18T02:45:00+02:00")
    assert told(times, parse("2026-10-20T00:00:00Z"), 1) == ["2026-10-25T00:30:00Z/00:45:00Z"]


def test_what_the_clocks_skip_in_spring_comes_later_and_is_no_shorter() -> None:
    times = weekly("2026-03-22T02:30:00+01:00", "2026-03-22T03:00:00+01:00")
    assert told(times, parse("2026-03-23T00:00:00Z"), 1) == ["2026-03-29T01:30:00Z/02:00:00Z"]


def test_until_ends_it_with_the_day_that_it_names() -> None:
    times = weekly(
        "2026-03-22T01:00:00+01:00", "2026-03-22T02:00:00+01:00", "FREQ=WEEKLY;UNTIL=20260329"
    )
    assert len(told(times)) == 2


def test_a_count_counts_its_first_time() -> None:
    times = weekly("2026-03-22T01:00:00+01:00", "2026-03-22T02:00:00+01:00", "FREQ=WEEKLY;COUNT=2")
    assert len(told(times)) == 2


def test_on_the_31st_of_each_month_that_has_one() -> None:
    times = weekly("2026-01-31T01:00:00+01:00", "2026-01-31T02:00:00+01:00", "FREQ=MONTHLY")
    assert [each[:10] for each in told(times)] == ["2026-01-31", "2026-03-30", "2026-05-30"]  # UTC


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("every sunday", "no FREQ"),
        ("BYDAY=SU", "no FREQ"),
        ("FREQ=FORTNIGHTLY", "FORTNIGHTLY"),
        ("FREQ=HOURLY", "again within a day"),
        ("FREQ=WEEKLY;BYDAY=SU", "first time, Monday 2026-03-02"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "first time"),
    ],
)
def test_a_rule_that_makes_no_sense_is_told(rule: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked(ONCE, "UTC", rule)


def test_it_must_be_over_before_it_comes_again() -> None:
    with pytest.raises(ValueError, match="again before it is over"):
        checked(Occurrence(0, 30 * HOUR), "UTC", "FREQ=DAILY")


def naive(first: datetime, length: timedelta, zone: ZoneInfo, n: int) -> tuple[Instant, Instant]:
    """The n-th day's time, as somebody with a calendar on the wall would have it."""
    begins = first + timedelta(days=n)
    return (
        instant(begins.replace(tzinfo=zone)),
        instant((begins + length).replace(tzinfo=zone)),
    )


@given(
    days.filter(lambda day: day.year < 2016),
    st.integers(0, 1439),
    st.integers(30, 1200),
    st.sampled_from(ZONES),
    st.integers(1, 400),
)
def test_every_day_it_is_what_the_wall_shows(
    day: date, minute: int, length: int, zone: str, n: int
) -> None:
    there, lasts = ZoneInfo(zone), timedelta(minutes=length)
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    first = Occurrence(*naive(wall, lasts, there, 0))
    if moment(first.begins).astimezone(there).replace(tzinfo=None) != wall:
        return  # the first time was skipped: nobody can have said it
    times = Occurrences(first, zone, "FREQ=DAILY")
    begins, ends = naive(wall, lasts, there, n)
    if ends - begins < MINUTE:
        return  # skipped as a whole
    found = next(times.after(max(begins, ends - MINUTE)))
    assert begins in {found.begins, next(times.after(begins)).begins}


@given(
    days.filter(lambda day: day.year < 2016),
    st.integers(0, 1439),
    st.sampled_from(ZONES),
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=WEEKLY;INTERVAL=2"]),
)
def test_times_come_in_order_none_is_empty_and_asking_later_changes_none(
    day: date, minute: int, zone: str, rule: str
) -> None:
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    begins = instant(wall.replace(tzinfo=ZoneInfo(zone)))
    times = Occurrences(Occurrence(begins, begins + HOUR), zone, rule)
    found = [*islice(times.after(0), 30)]
    assert all(each.begins < each.ends for each in found)
    assert all(one.begins < other.begins for one, other in pairwise(found))
    assert [next(times.after(each.ends - 1)) for each in found] == found
