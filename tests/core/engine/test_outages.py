"""Updates of an outage: a grid that begins with the first failed request (M-19)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine.scene import OPENED, START, Case, at, terms
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.decision import Purpose
from upheld.case.events import UPHELD, Assigned, Restated, StepResult, StepTaken, Watched
from upheld.engine.terms import Terms

OUTAGE: Final = terms(
    "every: 1 hour, first: 2 hours, while: {monitor: down}, do: [update: customer], filled_by: [update]"
)

ASKING: Final = terms(
    "every: 1 hour, while: {monitor: down}, do: [update: customer],"
    " ask_ahead: {of: assignee, before: 15 minutes}"
)


def outage(since: float, opened: float, rule: Terms = OUTAGE) -> Case:
    """A case that a monitor opened so many hours after the first failed request."""
    case = Case(rule, replace(OPENED, source="monitor", enforced_from=at(opened)), at(opened))
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


def ours(rule: Terms) -> Case:
    """A case of a monitor that is no customer's, an hour after its first failed request."""
    opened = replace(
        OPENED,
        source="monitor",
        customer=None,
        reporter="",
        enforced_from=at(1),
        nature="automatic",
    )
    case = Case(rule, opened, at(1))
    case.happens(Watched("mail", "down", at(0)), at(1), by=UPHELD)
    return case


def results(case: Case) -> list[StepResult]:
    return [each.body.result for each in case.follows if isinstance(each.body, StepTaken)]


def test_to_the_customer_of_what_is_no_customers_nothing_is_promised() -> None:
    case = ours(OUTAGE)
    assert dues(case, until=5.5) == []
    assert set(results(case)) == {StepResult.TO_NOBODY}
    assert len(results(case)) == 4


def test_nor_is_anybody_asked_for_a_sentence_ahead_of_it() -> None:
    case = ours(ASKING)
    case.happens(Assigned("ann"), at(1.5))
    case.until(at(5.5))
    assert case.sends == []
    other = outage(since=0, opened=1, rule=ASKING)
    other.happens(Assigned("ann"), at(1.5))
    other.until(at(2.5))
    assert [send.purpose for send in other.sends] == [Purpose.STATUS, Purpose.ASK, Purpose.STATUS]


def test_whom_else_the_rule_names_is_told() -> None:
    case = ours(terms("when: {monitor: down}, do: [page: chief, call: customer.contact]"))
    assert [send.to for send in case.sends] == [("chief",)]
    assert results(case) == [StepResult.TAKEN]


def test_once_it_is_a_customers_it_is_promised() -> None:
    case = ours(OUTAGE)
    case.until(at(2.5))
    case.happens(Restated(customer="acme"), at(2.75))
    assert dues(case, until=4.5) == [3, 4]
    assert results(case) == [StepResult.TO_NOBODY, StepResult.TAKEN, StepResult.TAKEN]


def test_a_case_of_a_person_whom_nobody_knows_is_still_owed_to_them() -> None:
    case = Case(terms("when: opened, do: [update: customer]"), replace(OPENED, customer=None))
    assert [send.purpose for send in case.sends] == [Purpose.STATUS]


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
