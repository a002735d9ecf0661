"""Updates of an outage: a grid that begins with the first failed request (M-19)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine.scene import OPENED, START, Case, at, terms
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import UPHELD, Watched

OUTAGE: Final = terms(
    "every: 1 hour, first: 2 hours, while: {monitor: down}, do: [update: customer], filled_by: [update]"
)


def outage(since: float, opened: float) -> Case:
    """A case that a monitor opened so many hours after the first failed request."""
    case = Case(OUTAGE, replace(OPENED, source="monitor", enforced_from=at(opened)), at(opened))
    case.happens(Watched("mail", "down", at(since)), at(opened), by=UPHELD)
    return case


def dues(case: Case, until: float) -> list[float]:
    case.until(at(until))
    return [(send.due - START) / HOUR for send in case.sends]


def test_hours_of_an_outage_count_from_the_first_failed_request() -> None:
    assert dues(outage(since=0, opened=0.25), until=5.5) == [2, 3, 4, 5]


def test_of_an_outage_that_was_found_late_nothing_is_made_up_for() -> None:
    assert dues(outage(since=0, opened=3.5), until=5.5) == [4, 5]


def test_they_end_with_the_outage_and_begin_anew_with_the_next() -> None:
    case = outage(since=0, opened=0.25)
    case.until(at(3.2))
    case.happens(Watched("mail", "up", at(3.5)), at(3.5), by=UPHELD)
    case.until(at(5.9))
    case.happens(Watched("mail", "down", at(5.75)), at(6), by=UPHELD)
    assert dues(case, until=9) == [2, 3, 7.75, 8.75]


def test_while_it_cannot_be_read_they_go_on_from_the_same_hour() -> None:
    case = outage(since=0, opened=0.25)
    case.until(at(2.5))
    case.happens(Watched("mail", "inconclusive", at(2.5)), at(2.5), by=UPHELD)
    case.until(at(3.5))
    case.happens(Watched("mail", "down", at(0)), at(3.5), by=UPHELD)
    assert dues(case, until=5.5) == [2, 3, 4, 5]


def test_without_a_monitor_there_is_no_outage() -> None:
    assert dues(Case(OUTAGE), until=9) == []


@given(st.integers(0, 300), st.integers(0, 600), st.integers(1, 600))
def test_whenever_it_is_found_and_ends_each_hour_from_two_on_has_its_update(
    late: int, found: int, lasts: int
) -> None:
    opened = (late + found) / 60
    case = outage(since=late / 60, opened=opened)
    case.until(at(opened + lasts / 60))
    first, last = late + found, late + found + lasts
    every = range(late + 120, last + 1, 60)
    expected = [minute for minute in every if minute >= first]
    assert [(send.due - START) // MINUTE for send in case.sends] == expected
