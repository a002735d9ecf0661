"""What holds for every calendar, start and length."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.calendar.strategies import calendars, instants, lengths, specs
from upheld.calendar import ALWAYS, Calendar, CalendarSpec, compile_calendar
from upheld.calendar.instant import Instant, Span

anything = calendars | st.just(ALWAYS)


@settings(deadline=None, max_examples=60)
@given(anything, instants, lengths)
def test_what_was_added_has_elapsed(calendar: Calendar, start: Instant, length: Span) -> None:
    assert calendar.elapsed(start, calendar.add(start, length)) == length


@settings(deadline=None, max_examples=60)
@given(anything, instants, lengths.filter(bool))
def test_a_microsecond_earlier_it_has_not(calendar: Calendar, start: Instant, length: Span) -> None:
    assert calendar.elapsed(start, calendar.add(start, length) - 1) == length - 1


@settings(deadline=None, max_examples=60)
@given(anything, instants, lengths)
def test_the_limit_is_the_last_instant_of_that_length(
    calendar: Calendar, start: Instant, length: Span
) -> None:
    limit = calendar.limit(start, length)
    assert limit >= calendar.add(start, length)
    assert calendar.elapsed(start, limit) == length
    assert calendar.elapsed(start, limit + 1) == length + 1


@settings(deadline=None, max_examples=60)
@given(anything, instants, lengths, lengths)
def test_more_is_never_due_earlier(calendar: Calendar, start: Instant, a: Span, b: Span) -> None:
    less, more = sorted((a, b))
    if less:
        assert calendar.add(start, less) <= calendar.add(start, more)
    assert calendar.limit(start, less) <= calendar.limit(start, more)


@settings(deadline=None, max_examples=60)
@given(anything, instants, instants, lengths)
def test_a_later_start_is_never_due_earlier(
    calendar: Calendar, a: Instant, b: Instant, length: Span
) -> None:
    early, late = sorted((a, b))
    assert calendar.add(early, length) <= calendar.add(late, length)


@settings(deadline=None, max_examples=60)
@given(anything, instants, lengths, lengths.filter(bool))
def test_two_steps_come_where_one_does(
    calendar: Calendar, start: Instant, a: Span, b: Span
) -> None:
    assert calendar.add(calendar.add(start, a), b) == calendar.add(start, a + b)


@settings(deadline=None, max_examples=60)
@given(anything, instants, lengths)
def test_nothing_more_ends_when_it_next_opens(
    calendar: Calendar, start: Instant, length: Span
) -> None:
    at = calendar.add(start, length)
    opening = calendar.add(at, 0)
    assert opening == calendar.opens(at) == calendar.limit(at, 0)
    assert calendar.is_open(opening)
    assert calendar.elapsed(at, opening) == 0


@settings(deadline=None, max_examples=60)
@given(anything, instants, lengths.filter(bool))
def test_back_is_the_last_instant_from_which_that_much_runs(
    calendar: Calendar, end: Instant, length: Span
) -> None:
    begin = calendar.back(end, length)
    assert calendar.elapsed(begin, end) == length
    assert calendar.elapsed(begin + 1, end) == length - 1
    assert calendar.is_open(begin)


@settings(deadline=None, max_examples=60)
@given(anything, instants, instants, instants)
def test_elapsed_adds_up(calendar: Calendar, a: Instant, b: Instant, c: Instant) -> None:
    first, middle, last = sorted((a, b, c))
    whole = calendar.elapsed(first, last)
    assert whole == calendar.elapsed(first, middle) + calendar.elapsed(middle, last)
    assert 0 <= whole <= last - first
    assert calendar.elapsed(last, first) == 0


@settings(deadline=None, max_examples=25)
@given(specs(), st.lists(instants, min_size=2, max_size=5), lengths)
def test_what_was_asked_before_changes_no_answer(
    spec: CalendarSpec, asked: list[Instant], length: Span
) -> None:
    used = compile_calendar(spec)
    for at in asked:
        fresh = compile_calendar(spec)
        assert used.add(at, length) == fresh.add(at, length)
        assert used.back(at, length) == fresh.back(at, length)
        assert used.elapsed(asked[0], at) == fresh.elapsed(asked[0], at)


pauses = st.lists(st.tuples(instants, lengths.filter(bool)), max_size=4)


@settings(deadline=None, max_examples=60)
@given(anything, instants, lengths.filter(bool), pauses)
def test_pauses_put_off_by_what_they_take_of_business_time_and_nothing_else(
    calendar: Calendar, start: Instant, length: Span, pauses: list[tuple[Instant, Span]]
) -> None:
    """A run that is split, piece by piece, ends where it would without, and the pauses on top."""
    at, left, paused = start, length, 0
    for begin, lasts in sorted(pauses):
        ran = calendar.elapsed(at, max(at, begin))
        if ran >= left:
            break
        end = max(at, begin) + lasts
        paused += calendar.elapsed(max(at, begin), end)
        at, left = end, left - ran
    due = calendar.add(at, left)
    assert due == calendar.add(start, length + paused)
    assert calendar.elapsed(start, due) - paused == length


@settings(deadline=None, max_examples=60)
@given(calendars, instants)
def test_it_is_open_from_the_opening_until_it_closes(calendar: Calendar, at: Instant) -> None:
    opens, closes = calendar.opens(at), calendar.closes(at)
    assert closes is not None
    assert calendar.elapsed(opens, closes) == closes - opens > 0
    assert not calendar.is_open(closes)


@settings(deadline=None, max_examples=60)
@given(calendars, instants, st.integers(0, 40))
def test_open_days_are_counted_one_by_one(calendar: Calendar, start: Instant, days: int) -> None:
    there = calendar.day_after(start, days)
    assert there >= start
    assert calendar.is_open(there)
    assert calendar.day_after(start, days + 1) >= there
    assert calendar.day_after(start, days + 1, close=True) > start
