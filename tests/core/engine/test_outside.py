"""``outside_hours``: a second clock over nights, weekends and holidays; the first to be full counts."""

from __future__ import annotations

import pytest

from tests.core.engine.prague import due, opened, prague, runs, shown, tell, wall
from tests.core.engine.scene import Case
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.clock import ClockState
from upheld.case.events import CustomerMessage, PublicReply, WaitingOn

_FIRST = "target: first_response, within: {} business hours, calendar: office"
ONE = f"{_FIRST.format(1)}, outside_hours: 8 hours"
TWO = f"{_FIRST.format(2)}, outside_hours: 8 hours"
REPLY = PublicReply("hello")


def case(rule: str, when: str) -> Case:
    return opened(prague(rule), when)


@pytest.mark.parametrize(
    ("rule", "when", "due_at"),
    [
        (ONE, "2026-03-06 16:55", "2026-03-07 01:00"),  # Friday, five minutes before it closes
        (ONE, "2026-03-07 10:00", "2026-03-07 18:00"),  # Saturday
        (ONE, "2026-03-02 07:55", "2026-03-02 09:00"),  # Monday, before it opens
        (TWO, "2026-03-05 16:00", "2026-03-06 01:00"),  # Thursday: an hour inside, eight outside
        (ONE, "2026-05-01 10:00", "2026-05-01 18:00"),  # a holiday, though a Friday
        (ONE, "2026-03-02 10:00", "2026-03-02 11:00"),
        (TWO, "2026-03-02 23:30", "2026-03-03 07:30"),
        (TWO, "2026-03-03 02:00", "2026-03-03 10:00"),  # both are full at one instant
        (ONE, "2026-03-28 20:00", "2026-03-29 05:00"),  # the night of which an hour is missing
        (ONE, "2026-10-24 20:00", "2026-10-25 03:00"),  # the night that has one twice
    ],
)
def test_whichever_is_full_first_is_the_due_time(rule: str, when: str, due_at: str) -> None:
    assert due(case(rule, when), when) == due_at


def test_without_it_the_calendar_alone_counts() -> None:
    assert due(case(_FIRST.format(1), "2026-03-06 16:55"), "2026-03-06 16:55") == "2026-03-09 08:55"


def test_it_is_missed_once_either_is_more_than_full() -> None:
    night = case(ONE, "2026-03-07 10:00")
    assert night.decision.wake_at == wall("2026-03-07 18:00")
    night.until(wall("2026-03-07 18:00"))
    assert night.verdicts() == {"A-1/A-1/clock/1": "missed"}
    evening = case(ONE, "2026-03-02 16:00")  # full as it closes; judged by what has elapsed
    assert due(evening, "2026-03-02 16:30") == "2026-03-02 17:00"
    tell(evening, ("2026-03-02 20:00", REPLY))
    assert evening.verdicts() == {"A-1/A-1/clock/1": "met"}


def test_late_by_either_is_late() -> None:
    found = case(TWO, "2026-03-05 16:00")
    tell(found, ("2026-03-06 01:00", REPLY))
    assert found.verdicts() == {"A-1/A-1/clock/1": "met"}
    found = case(TWO, "2026-03-05 16:00")
    found.happens(REPLY, wall("2026-03-06 01:00") + 1)
    assert found.verdicts() == {"A-1/A-1/clock/1": "missed"}


def test_a_pause_stops_both() -> None:
    found = case(f"{ONE}, pause_while: {{waiting: customer}}", "2026-03-06 16:30")
    tell(found, ("2026-03-06 19:00", WaitingOn("customer")))  # half an hour, and two
    tell(found, ("2026-03-07 12:00", CustomerMessage("here")))
    (run,) = runs(found, "2026-03-07 13:00")
    assert shown(run.due) == "2026-03-07 18:00"
    assert (run.spent, run.within) == (30 * MINUTE, HOUR)
    assert (run.spent_outside, run.outside) == (3 * HOUR, 8 * HOUR)
    assert [segment.elapsed for segment in run.segments] == [
        (30 * MINUTE, 2 * HOUR),
        (0, 0),
        (0, HOUR),
    ]


def test_a_clock_without_it_has_nothing_outside() -> None:
    (run,) = runs(case(_FIRST.format(1), "2026-03-07 10:00"), "2026-03-07 12:00")
    assert (run.outside, run.spent_outside, run.state) == (None, 0, ClockState.RUNNING)
