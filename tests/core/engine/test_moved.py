"""A grid that late news moves: what was said stays said, what is owed by now is said."""

from __future__ import annotations

from tests.core.engine.scene import Case, at, terms
from upheld.case.events import (
    Body,
    Closed,
    Reopened,
    StepResult,
    StepTaken,
    WaitingOn,
)

TAKEN, COLLAPSED = StepResult.TAKEN, StepResult.COLLAPSED
WAITING = "every: 1 hour, while: {waiting: customer}, do: [update: customer]"


def test_a_grid_that_late_news_moves_later_is_told_anew_from_its_first() -> None:
    """It was thought to wait from nine; it was closed then, and waits since eleven thirty-five."""
    case = Case(terms(WAITING))
    case.happens(WaitingOn("customer"), at())
    case.until(at(2))
    case.happens(Closed(), at() - 1, seen=at(3, minutes=40))
    assert case.results()[-1] == (at(2), TAKEN)  # closed, it waits for nobody
    case.happens(Reopened(), at(2.5), seen=at(3, minutes=41))
    case.happens(WaitingOn("customer"), at(2, minutes=35), seen=at(3, minutes=42))
    assert case.results()[-1] == (at(3, minutes=35), TAKEN)
    case.until(at(5))
    steps = case.bodies(StepTaken)
    assert [step.due for step in steps][2:] == [at(3, minutes=35), at(4, minutes=35)]
    assert len({step.key for step in steps}) == 4


def test_a_grid_that_moves_later_is_told_anew_though_its_number_is_reached_again() -> None:
    case = Case(terms(WAITING))
    case.happens(WaitingOn("customer"), at())
    case.until(at(2))
    again = at(2, minutes=35)
    late: list[tuple[Body, int]] = [
        (Closed(), at() - 1),
        (Reopened(), at(2.5)),
        (WaitingOn("customer"), again),
    ]
    for body, when in late:
        case.happens(body, when, seen=at(4, minutes=40))
    assert case.results()[2:] == [(at(3, minutes=35), COLLAPSED), (at(4, minutes=35), TAKEN)]


def test_a_grid_that_moves_earlier_says_nothing_twice() -> None:
    case = Case(terms(WAITING))
    case.happens(WaitingOn("customer"), at(1))
    case.until(at(3))
    case.happens(WaitingOn("customer"), at(0.5), seen=at(3))
    case.until(at(3.5))
    assert [due for due, _ in case.results()] == [at(2), at(3), at(3.5)]
