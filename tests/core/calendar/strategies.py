"""Random calendars, starts and lengths."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from hypothesis import strategies as st

from upheld.calendar import Calendar, CalendarSpec, compile_calendar
from upheld.calendar.instant import DAY, MINUTE, parse
from upheld.calendar.week import WEEKDAYS

#: Both hemispheres, half-hour changes, midnight changes, a skipped day, none at all.
ZONES: Final = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Tehran",
    "Asia/Kolkata",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Apia",
    "Africa/Cairo",
    "America/St_Johns",
)
FIRST: Final = date(2009, 1, 1)
_DAYS: Final = 9 * 365

days = st.integers(0, _DAYS).map(lambda n: FIRST + timedelta(days=n))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def intervals(draw: st.DrawFn) -> str:
    """Any interval of a day, often in the small hours where clocks change."""
    start = draw(st.integers(0, 180) | st.integers(0, 1439))
    end = draw(st.integers(0, 240) | st.integers(1, 1440))
    return f"{_clock(start)}-{_clock(end if end != start else end + 1)}"


#: What a feed can close of a day: it never runs over midnight.
hours_of_a_day = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(
    lambda pair: f"{_clock(min(pair[0], pair[1] - 1))}-{_clock(max(pair[0] + 1, pair[1]))}"
)
weeks = st.dictionaries(
    st.sampled_from(WEEKDAYS),
    st.lists(intervals(), min_size=1, max_size=3).map(tuple),
    min_size=1,
)


@st.composite
def specs(draw: st.DrawFn) -> CalendarSpec:
    """A calendar with whatever one can have."""
    holidays = draw(st.lists(days, max_size=6))
    extra = draw(st.dictionaries(days, st.lists(intervals(), min_size=1, max_size=2), max_size=3))
    closed = draw(
        st.dictionaries(days, st.lists(hours_of_a_day, min_size=1, max_size=2), max_size=3)
    )
    return CalendarSpec(
        "random",
        zone=draw(st.sampled_from(ZONES)),
        week=draw(weeks),
        holidays=tuple(day.isoformat() for day in holidays),
        extra={day.isoformat(): tuple(hours) for day, hours in extra.items()},
        closed={day.isoformat(): tuple(hours) for day, hours in closed.items()},
    )


calendars: st.SearchStrategy[Calendar] = specs().map(compile_calendar)
instants = st.integers(parse("2009-01-01T00:00Z"), parse("2018-01-01T00:00Z"))
lengths = st.integers(0, 400 * MINUTE) | st.integers(0, 30 * DAY)
