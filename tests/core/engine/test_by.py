"""``by``: an instant that follows from the start of a clock."""

from __future__ import annotations

import pytest

from tests.core.engine.prague import due, opened, prague, runs, shown, tell, wall
from tests.core.engine.scene import Case
from upheld.case.clock import ClockState
from upheld.case.events import Closed, CustomerMessage, PublicReply, Reopened, Resolved, WaitingOn


def case(by: str, when: str, *more: str) -> Case:
    keys = ", ".join((f"by: {by}, calendar: office", *more))
    return opened(prague(f"target: resolution, {keys}"), when)


@pytest.mark.parametrize(
    ("by", "when", "due_at"),
    [
        # P-06, with an office of Prague: the next working day, to its end
        ("end of next working day", "2026-03-02 09:00", "2026-03-03 17:00"),
        ("end of next working day", "2026-03-06 16:00", "2026-03-09 17:00"),
        ("end of next working day", "2026-04-30 09:00", "2026-05-04 17:00"),  # before a holiday
        ("close of next business day", "2026-03-02 23:59", "2026-03-03 17:00"),
        ("close of next business day", "2026-03-07 10:00", "2026-03-09 17:00"),  # a Saturday
        ("open of next business day", "2026-03-06 10:00", "2026-03-09 08:00"),
        ("12:30 of next business day", "2026-03-06 10:00", "2026-03-09 12:30"),
        ("close of second business day", "2026-03-05 10:00", "2026-03-09 17:00"),
        ("close of business day", "2026-03-02 10:00", "2026-03-02 17:00"),
        ("close of same business day", "2026-03-02 18:00", "2026-03-03 17:00"),  # it is over
        ("close of same business day", "2026-03-07 10:00", "2026-03-09 17:00"),
        # seven calendar days, moved on to the next support hour
        ("open hour after 7 days", "2026-03-02 10:00", "2026-03-09 10:00"),
        ("open hour after 1 week", "2026-03-07 10:00", "2026-03-16 08:00"),
        ("open hour after 7 days", "2026-04-24 10:00", "2026-05-04 08:00"),  # a holiday by then
        ("open hour after 7 days", "2026-03-02 17:00", "2026-03-10 08:00"),  # as it closes
        ("open hour after 7 days", "2026-03-25 10:00", "2026-04-01 10:00"),  # clocks have changed
        ("open hour after 168 hours", "2026-03-25 10:00", "2026-04-01 11:00"),
    ],
)
def test_it_is_due_at_that_instant(by: str, when: str, due_at: str) -> None:
    found = case(by, when)
    assert due(found, when) == due_at
    assert found.decision.wake_at == wall(due_at)


@pytest.mark.parametrize(
    ("when", "due_at"),
    [
        ("2026-03-02 14:59", "2026-03-03 17:00"),
        ("2026-03-02 15:00", "2026-03-04 17:00"),
        ("2026-03-06 16:00", "2026-03-10 17:00"),  # after the cut-off it is Monday's
        ("2026-03-07 09:00", "2026-03-10 17:00"),  # and so it is on Saturday: later is never sooner
        ("2026-03-09 07:00", "2026-03-10 17:00"),
    ],
)
def test_what_comes_after_the_cut_off_counts_as_of_the_next_day(when: str, due_at: str) -> None:
    assert due(case("end of next working day", when, "cut_off: '15:00'"), when) == due_at


@pytest.mark.parametrize(("late", "verdict"), [(0, "met"), (1, "missed")])
def test_an_instant_is_an_instant(late: int, verdict: str) -> None:
    found = case("close of next business day", "2026-03-02 09:00")
    found.happens(Resolved(), wall("2026-03-03 17:00") + late)
    assert found.verdicts() == {"A-1/A-1/clock/1": verdict}


def test_waiting_moves_it_not() -> None:
    found = case("close of next business day", "2026-03-02 09:00")
    tell(found, ("2026-03-02 10:00", WaitingOn("customer")))
    tell(found, ("2026-03-03 10:00", CustomerMessage("here")))
    (run,) = runs(found, "2026-03-03 12:00")
    assert (shown(run.due), run.state) == ("2026-03-03 17:00", ClockState.RUNNING)
    assert (run.by, run.calendar) == ("close of next business day", "office")


@pytest.mark.parametrize(
    ("on_reopen", "due_at"),
    [("new_cycle", "2026-03-04 17:00"), ("continue", "2026-03-03 17:00")],
)
def test_a_case_that_was_closed_goes_on_towards_the_same_instant_or_begins_anew(
    on_reopen: str, due_at: str
) -> None:
    found = case("close of next business day", "2026-03-02 09:00", f"on_reopen: {on_reopen}")
    tell(found, ("2026-03-02 10:00", Closed()), ("2026-03-03 09:00", Reopened()))
    assert due(found, "2026-03-03 10:00") == due_at


def test_solved_and_not_solved_it_goes_on_towards_the_same_instant() -> None:
    found = case("close of next business day", "2026-03-02 09:00", "on_reopen: continue")
    tell(found, ("2026-03-02 10:00", Resolved()), ("2026-03-02 20:00", Reopened()))
    assert due(found, "2026-03-02 21:00") == "2026-03-03 17:00"


def test_it_starts_when_the_policy_says() -> None:
    found = case("close of next business day", "2026-03-02 09:00", "starts: worked")
    assert runs(found, "2026-03-02 10:00") == []
    tell(found, ("2026-03-05 09:00", PublicReply("it is broken")))
    assert due(found, "2026-03-05 09:00") == "2026-03-06 17:00"
