"""``on_raise`` and ``on_lower``: from the start, carried over, or begun anew."""

from __future__ import annotations

import pytest

from tests.core.engine.prague import due, opened, prague, runs, tell
from tests.core.engine.scene import Case
from upheld.calendar.instant import HOUR
from upheld.case.clock import ClockState
from upheld.case.events import CallLogged, CustomerMessage, PublicReply, SeveritySet, WaitingOn

#: Real time for the urgent, office hours for the others.
ONE = "target: resolution, for: {severity: 1}, within: 6 hours"
TWO = "target: resolution, for: {severity: 2}, within: 9 business hours, calendar: office"
THREE = "target: resolution, for: {severity: 3}, promises: none"


def case(*rules: str, when: str = "2026-03-06 15:00", severity: int = 2) -> Case:
    return opened(prague(*rules), when, severity=severity)


@pytest.mark.parametrize(
    ("choice", "due_at"),
    [
        ("from_start", "2026-03-06 21:00"),  # six hours from Friday, 15:00: it is missed by now
        ("carry", "2026-03-07 14:00"),  # two of the six had run when the office closed
        ("restart", "2026-03-07 16:00"),
    ],
)
def test_raised_on_saturday_morning(choice: str, due_at: str) -> None:
    found = case(f"{ONE}, on_raise: {choice}", TWO)
    tell(found, ("2026-03-07 10:00", SeveritySet(1)))
    assert due(found, "2026-03-07 10:00") == due_at
    missed = found.verdicts() == {"A-1/A-1/clock/1": "missed"}
    assert missed == (choice == "from_start")


@pytest.mark.parametrize(
    ("choice", "due_at"),
    [
        ("from_start", "2026-03-09 15:00"),
        ("carry", "2026-03-09 11:00"),  # six hours on any clock are six hours: three are left
        ("restart", "2026-03-09 17:00"),
    ],
)
def test_lowered_when_six_hours_have_run(choice: str, due_at: str) -> None:
    long = ONE.replace("6 hours", "8 hours")
    found = case(long, f"{TWO}, on_lower: {choice}", severity=1)
    tell(found, ("2026-03-06 21:00", SeveritySet(2)))
    assert due(found, "2026-03-06 22:00", "A-2") == due_at


def test_a_raise_is_no_lowering() -> None:
    found = case(f"{ONE}, on_lower: carry", TWO)
    tell(found, ("2026-03-07 10:00", SeveritySet(1)))
    assert due(found, "2026-03-07 10:00") == "2026-03-06 21:00"


def test_what_was_carried_over_is_told() -> None:
    found = case(f"{ONE}, on_raise: carry", TWO)
    tell(found, ("2026-03-07 10:00", SeveritySet(1)))
    (run,) = runs(found, "2026-03-07 11:00")
    assert (run.carried, run.spent, run.within) == (2 * HOUR, 3 * HOUR, 6 * HOUR)
    assert [segment.elapsed for segment in run.segments] == [(HOUR,)]
    assert run.segments[0].by == "carried over"


def test_where_nothing_was_promised_before_nothing_is_carried() -> None:
    found = case(f"{ONE}, on_raise: carry", THREE, severity=3)
    tell(found, ("2026-03-07 10:00", SeveritySet(1)))
    assert due(found, "2026-03-07 10:00") == "2026-03-07 16:00"


def test_more_than_is_promised_may_be_carried_over_and_is_missed_then() -> None:
    short = ONE.replace("6 hours", "1 hours")
    found = case(f"{short}, on_raise: carry", TWO)
    tell(found, ("2026-03-07 10:00", SeveritySet(1)))
    assert found.verdicts() == {"A-1/A-1/clock/1": "missed"}


def test_pauses_are_not_carried() -> None:
    paused = f"{TWO}, pause_while: {{waiting: customer}}"
    found = case(f"{ONE}, on_raise: carry", paused, when="2026-03-06 09:00")
    tell(found, ("2026-03-06 10:00", WaitingOn("customer")))
    tell(found, ("2026-03-06 14:00", CustomerMessage("here")), ("2026-03-06 15:00", SeveritySet(1)))
    assert due(found, "2026-03-06 15:00") == "2026-03-06 19:00"


def test_hours_outside_are_carried_as_such() -> None:
    twofold = (
        "target: resolution, for: {{severity: {}}}, within: {} business hours,"
        " outside_hours: {} hours, calendar: office"
    )
    found = case(f"{twofold.format(1, 3, 8)}, on_raise: carry", twofold.format(2, 9, 20))
    tell(found, ("2026-03-06 21:00", SeveritySet(1)))  # two hours inside, four outside
    (run,) = runs(found, "2026-03-06 22:00")
    assert (run.spent, run.spent_outside) == (2 * HOUR, 5 * HOUR)
    assert due(found, "2026-03-06 22:00") == "2026-03-07 01:00"


def test_there_and_back_again() -> None:
    found = case(f"{ONE}, on_raise: carry", f"{TWO}, on_lower: carry", when="2026-03-02 09:00")
    tell(found, ("2026-03-02 10:00", SeveritySet(1)), ("2026-03-02 12:00", SeveritySet(2)))
    (run,) = runs(found, "2026-03-02 13:00", "A-2")
    assert (run.carried, run.spent) == (3 * HOUR, 4 * HOUR)
    assert due(found, "2026-03-02 13:00", "A-2") == "2026-03-03 09:00"
    assert runs(found, "2026-03-02 13:00")[0].state is ClockState.STOPPED


def test_what_meets_a_target_can_differ_by_severity() -> None:
    """X-11: for a severity 1 only a logged call is the response."""
    one = "target: first_response, for: {severity: 1}, within: 1 hours, met_by: call"
    two = "target: first_response, for: {severity: 2}, within: 6 hours"
    found = case(one, two, when="2026-03-02 09:00")
    tell(found, ("2026-03-02 09:10", PublicReply("hello")), ("2026-03-02 09:20", SeveritySet(1)))
    assert found.verdicts() == {"A-2/A-2/clock/1": "met"}
    assert due(found, "2026-03-02 09:30") == "2026-03-02 10:00"
    tell(found, ("2026-03-02 09:50", CallLogged()))
    assert found.verdicts()["A-1/A-1/clock/1"] == "met"
