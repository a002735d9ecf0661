"""The time outside business hours: a calendar that is open whenever the other is closed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.core.calendar.strategies import calendars, instants, lengths
from upheld.calendar import ALWAYS, Calendar, CalendarError, CalendarSpec, compile_calendar
from upheld.calendar.instant import HOUR, Instant, Span, parse
from upheld.calendar.outside import outside

OFFICE = compile_calendar(
    CalendarSpec(
        "office", week={"mon-fri": ("08:00-12:00", "13:00-17:00")}, holidays=("2026-05-01",)
    )
)
OUT = outside(OFFICE)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02T16:30Z", 8, "2026-03-03T01:00Z"),
        ("2026-03-02T11:30Z", 1, "2026-03-02T13:00Z"),  # the lunch break is outside
        ("2026-03-02T11:30Z", 2, "2026-03-02T18:00Z"),
        ("2026-04-30T20:00Z", 24, "2026-05-01T20:00Z"),  # a holiday is outside
        ("2026-03-06T17:00Z", 63, "2026-03-09T08:00Z"),  # a whole weekend
    ],
)
def test_it_runs_while_the_office_is_closed(start: str, hours: int, end: str) -> None:
    assert OUT.add(parse(start), hours * HOUR) == parse(end)


def test_what_never_closes_has_no_outside() -> None:
    with pytest.raises(CalendarError, match="calendar 'always' never closes"):
        outside(ALWAYS)


def test_it_has_a_name_of_its_own_and_no_business_days() -> None:
    assert (OUT.name, OUT.day) == ("outside office", None)
    assert OUT.version != OFFICE.version


@settings(max_examples=60, deadline=None)
@given(calendars, instants, lengths)
def test_inside_and_outside_are_all_time(calendar: Calendar, start: Instant, length: Span) -> None:
    end = start + length
    assert calendar.elapsed(start, end) + outside(calendar).elapsed(start, end) == length


@settings(max_examples=60, deadline=None)
@given(calendars, instants, lengths)
def test_what_is_added_has_elapsed(calendar: Calendar, start: Instant, length: Span) -> None:
    closed = outside(calendar)
    assert closed.elapsed(start, closed.add(start, length)) == length
