"""Clocks of two calendars, of conversations and towards instants, told segment by segment."""

from __future__ import annotations

from tests.core.engine.prague import opened, prague, shown, tell, wall
from tests.core.engine.scene import Case
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import CustomerMessage, PublicReply, SeveritySet, WaitingOn
from upheld.cli.explain import _aim, _segments, _spent
from upheld.report.clocks import clock_stories, coming
from upheld.report.explanation import ClockStory

ZONE = "Europe/Prague"
TWOFOLD = (
    "target: first_response, within: 2 business hours, outside_hours: 8 hours, calendar: office"
)
UPDATE = "target: update, within: 2 business hours, calendar: office"
AIMED = "target: resolution, within: 6 business hours, aim: 4 business hours, calendar: office"


def stories(case: Case, until: str) -> list[ClockStory]:
    facts = case.subject.facts
    return list(clock_stories(case.terms, case.life(wall(until)).clocks, facts))


def test_what_ran_inside_hours_and_what_outside() -> None:
    (clock,) = stories(opened(prague(TWOFOLD), "2026-03-06 16:30"), "2026-03-06 20:00")
    assert (clock.spent, clock.within) == (30 * MINUTE, 2 * HOUR)
    assert (clock.spent_outside, clock.outside) == (3 * HOUR, 8 * HOUR)
    assert [(each.elapsed, each.outside) for each in clock.segments] == [(30 * MINUTE, 3 * HOUR)]
    assert _spent(clock) == "30 min of 2 h inside hours, 3 h of 8 h outside"
    ((_, ends, state, counted, _),) = _segments(clock, ZONE)
    assert (ends, state, counted) == ("now", "running", "30 min inside, 3 h outside")


def test_each_cycle_of_a_conversation_and_what_began_it() -> None:
    case = opened(prague(UPDATE), "2026-03-02 08:00")
    tell(
        case,
        ("2026-03-02 10:00", PublicReply("hello")),
        ("2026-03-02 11:00", WaitingOn("customer")),
    )
    tell(case, ("2026-03-02 14:00", CustomerMessage("here it is")))
    first, second = stories(case, "2026-03-02 15:00")
    assert [(each.state, shown(each.ends)[-5:]) for each in first.segments] == [
        ("running", "11:00"),
        ("paused", "14:00"),
    ]
    assert first.segments[0].began_by == "public reply by bo"
    assert second.segments[0].began_by == "customer message by pat@acme.example"
    assert (second.cycle, shown(second.due)) == (2, "2026-03-02 16:00")
    assert _spent(second) == "1 h of 2 h"


def test_an_instant_is_told_in_its_words() -> None:
    rule = "target: parts, by: end of next working day, calendar: office"
    (clock,) = stories(opened(prague(rule), "2026-03-02 09:00"), "2026-03-02 12:00")
    assert (clock.by, clock.calendar) == ("end of next working day", "office")
    assert _spent(clock) == "by end of next working day"
    assert shown(clock.due) == "2026-03-03 17:00"


def test_an_aim_is_told_before_and_after_it_is_up() -> None:
    case = opened(prague(AIMED), "2026-03-02 09:00")
    (clock,) = stories(case, "2026-03-02 12:00")
    assert _aim(clock, ZONE).startswith(", aim 2026-03-02 13:00")
    case.until(wall("2026-03-02 14:00"))
    (clock,) = stories(case, "2026-03-02 14:00")
    assert _aim(clock, ZONE).startswith(", warned 2026-03-02 13:00")
    (plain,) = stories(
        opened(prague(UPDATE.replace("update", "resolution")), "2026-03-02 09:00"),
        "2026-03-02 09:30",
    )
    assert _aim(plain, ZONE) == ""


def test_what_was_carried_over_is_told() -> None:
    one = "target: resolution, for: {severity: 1}, within: 6 hours, on_raise: carry"
    two = "target: resolution, for: {severity: 2}, within: 9 business hours, calendar: office"
    case = opened(prague(one, two), "2026-03-06 15:00", severity=2)
    tell(case, ("2026-03-07 10:00", SeveritySet(1)))
    clock = next(each for each in stories(case, "2026-03-07 11:00") if each.clause == "A-1")
    assert _spent(clock) == "3 h of 6 h, 2 h of it carried over"


def test_what_comes_next_tells_the_aim_the_step_ahead_and_the_limit() -> None:
    warn = (
        "when: opened, before: {resolution: 1 business hour}, calendar: office, do: [notify: lead]"
    )
    case = opened(prague(AIMED, warn), "2026-03-02 09:00")
    now = wall("2026-03-02 10:00")
    found = coming(case.terms, case.life(now), "C1", case.subject.facts, now)
    assert [(shown(each.at)[-5:], each.clause, each.what) for each in found] == [
        ("13:00", "A-1", "resolution: its aim is up"),
        ("14:00", "A-2", "notify lead"),
        ("15:00", "A-1", "resolution is due"),
    ]


def test_holidays_are_named_in_the_stretch_that_they_lie_in() -> None:
    rule = "target: resolution, within: 3 business days, calendar: office, pause_while: {waiting: customer}"
    case = opened(prague(rule), "2026-04-30 16:00")
    tell(case, ("2026-05-04 10:00", WaitingOn("customer")))
    tell(case, ("2026-05-06 10:00", CustomerMessage("here it is")))
    (clock,) = stories(case, "2026-05-06 12:00")
    assert [[(d.day, d.name) for d in each.skipped] for each in clock.segments] == [
        [("2026-05-01", "Labour Day")],
        [],  # nothing runs while we wait
        [("2026-05-08", "")],  # still ahead, before it is due
    ]
    lines = [row[0:3:2] for row in _segments(clock, ZONE)]
    assert lines[1] == ("2026-05-01", "Labour Day, skipped")
    assert lines[-1] == ("2026-05-08", "a holiday, skipped")


def test_a_day_that_one_clock_skips_counts_for_the_other() -> None:
    case = opened(prague(TWOFOLD), "2026-04-30 16:30")
    (clock,) = stories(case, "2026-04-30 20:00")
    assert shown(clock.due) == "2026-05-01 01:00"
    assert [row[2] for row in _segments(clock, ZONE)][1:] == [
        "Labour Day, counted as outside hours"
    ]
