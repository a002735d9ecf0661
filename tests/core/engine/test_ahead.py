"""``before``: a step so long before a target is due, along the calendar."""

from __future__ import annotations

import pytest

from tests.core.engine.prague import opened, prague, shown, tell, wall
from tests.core.engine.scene import Case
from upheld.case.events import (
    CustomerMessage,
    Flagged,
    PublicReply,
    Reopened,
    Resolved,
    SeveritySet,
    StepWithdrawn,
    WaitingOn,
    Worked,
)

END = "target: resolution, within: 9 business hours, calendar: office, pause_while: {waiting: customer}"
WARN = "when: opened, before: {resolution: 2 business hours}, calendar: office, do: [notify: lead]"
WAIT = WaitingOn("customer")


def case(*rules: str, when: str = "2026-03-02 10:00", severity: int = 1) -> Case:
    return opened(prague(*rules), when, severity=severity)


def fired(found: Case, until: str, clause: str = "A-2") -> list[str]:
    found.until(wall(until))
    return [shown(due) for due, _ in found.results(clause)]


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ("2026-03-02 08:00", "2026-03-02 15:00"),
        ("2026-03-02 10:00", "2026-03-03 08:00"),  # due at ten: as the office opens
        ("2026-03-02 09:59", "2026-03-02 16:59"),
        ("2026-03-06 09:00", "2026-03-06 16:00"),  # due on Monday at nine: an hour of Friday's
        ("2026-04-30 09:00", "2026-04-30 16:00"),  # over a holiday
    ],
)
def test_it_walks_the_calendar_back_from_the_due_time(when: str, at: str) -> None:
    found = case(END, WARN, when=when)
    assert fired(found, "2026-05-20 12:00") == [at]


def test_real_hours_are_real_hours() -> None:
    real = "when: opened, before: {resolution: 2 hours}, do: [notify: lead]"
    assert fired(case(END, real, when="2026-03-06 09:00"), "2026-03-09 12:00") == [
        "2026-03-09 07:00"
    ]


def test_it_is_what_the_case_waits_for() -> None:
    found = case(END, WARN, when="2026-03-02 08:00")
    listed = found.decision
    assert (listed.wake_at, listed.listing.due) == (wall("2026-03-02 15:00"),) * 2
    found.until(wall("2026-03-02 15:00"))
    assert found.decision.listing.due == wall("2026-03-02 17:00")


def test_met_by_then_it_is_not_done() -> None:
    found = case(END, WARN)
    tell(found, ("2026-03-02 12:00", Resolved()))
    assert fired(found, "2026-03-05 12:00") == []


def test_a_wait_moves_it_and_it_comes_once() -> None:
    found = case(END, WARN, when="2026-03-02 08:00")
    tell(found, ("2026-03-02 12:00", WAIT), ("2026-03-02 14:00", CustomerMessage("here")))
    assert fired(found, "2026-03-03 08:00") == ["2026-03-03 08:00"]
    tell(found, ("2026-03-03 08:30", WAIT), ("2026-03-03 12:00", CustomerMessage("here")))
    assert fired(found, "2026-03-05 12:00") == ["2026-03-03 08:00"]


def test_where_less_is_left_it_is_done_at_once_and_not_for_what_is_missed() -> None:
    short = "target: resolution, for: {severity: 1}, within: 3 business hours, calendar: office"
    found = case(short, WARN, severity=2)
    tell(found, ("2026-03-02 12:00", SeveritySet(1)))
    assert fired(found, "2026-03-02 12:30") == ["2026-03-02 12:00"]
    late = case(short, WARN, severity=2)
    tell(late, ("2026-03-02 13:30", SeveritySet(1)))
    assert fired(late, "2026-03-02 15:00") == []


def test_once_for_each_clock_and_each_cycle() -> None:
    one = "target: resolution, for: {severity: 1}, within: 4 business hours, calendar: office"
    two = "target: resolution, for: {severity: 2}, within: 9 business hours, calendar: office"
    found = case(one, two, WARN, severity=2, when="2026-03-02 08:00")
    tell(found, ("2026-03-02 09:00", SeveritySet(1)))
    assert fired(found, "2026-03-02 10:30", "A-3") == ["2026-03-02 10:00"]
    tell(found, ("2026-03-02 11:00", SeveritySet(2)))
    assert fired(found, "2026-03-02 15:30", "A-3")[1:] == ["2026-03-02 15:00"]
    tell(found, ("2026-03-02 16:00", Resolved()), ("2026-03-03 08:00", Reopened()))
    assert fired(found, "2026-03-03 15:30", "A-3")[2:] == ["2026-03-03 15:00"]


def test_only_where_its_condition_holds_then_or_later() -> None:
    rule = WARN.replace("opened", "{severity: 1}")
    assert fired(case(END, rule, severity=2), "2026-03-05 12:00") == []
    found = case(END, rule, severity=2, when="2026-03-02 08:00")
    tell(found, ("2026-03-02 16:00", SeveritySet(1)))
    assert fired(found, "2026-03-02 16:30") == ["2026-03-02 16:00"]


@pytest.mark.parametrize(("worked", "expected"), [("14:59", 0), ("15:00", 0), ("15:01", 1)])
def test_unless_is_read_at_its_instant(worked: str, expected: int) -> None:
    found = case(END, f"{WARN}, unless: worked", when="2026-03-02 08:00")
    tell(found, (f"2026-03-02 {worked}", Worked()))
    assert len(fired(found, "2026-03-02 16:00")) == expected
    assert found.decision.listing.due == wall("2026-03-02 17:00")


def test_another_target_is_not_meant() -> None:
    other = "target: first_response, within: 1 business hour, calendar: office"
    assert fired(case(END, WARN, other, when="2026-03-02 08:00"), "2026-03-02 12:00") == []


def test_late_news_takes_it_back() -> None:
    found = case(END, WARN, when="2026-03-02 08:00")
    assert fired(found, "2026-03-02 15:30") == ["2026-03-02 15:00"]
    found.happens(WAIT, wall("2026-03-02 12:00"), seen=wall("2026-03-02 15:30"))
    assert [body.key for body in found.bodies(StepWithdrawn)] == ["C1/A-2/A-2/1/1"]
    tell(found, ("2026-03-02 15:40", CustomerMessage("here")), ("2026-03-02 15:50", Flagged("x")))
    assert fired(found, "2026-03-04 12:00") == ["2026-03-02 15:00", "2026-03-03 09:40"]


def test_before_the_next_update_it_reminds_each_time() -> None:
    update = "target: update, within: 2 business hours, calendar: office"
    remind = (
        "when: opened, before: {update: 30 business minutes}, calendar: office, do: [notify: lead]"
    )
    found = case(update, remind, when="2026-03-02 08:00")
    tell(found, ("2026-03-02 09:00", PublicReply("a")))
    assert fired(found, "2026-03-02 10:40") == ["2026-03-02 10:30"]
    tell(found, ("2026-03-02 10:45", PublicReply("b")), ("2026-03-02 11:00", PublicReply("c")))
    assert fired(found, "2026-03-02 12:40")[1:] == ["2026-03-02 12:30"]
