"""How a monitor was, from its facts: each says since when, and nobody knows is neither up nor down."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.core.report.watching import fact, facts_of, hours, life, turned, wall
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import Held, Released, Turned
from upheld.case.monitor import Cadence, MonitorState, Seen, Sight
from upheld.report.uptime import Health, uptime

UP = turned("2026-11-03 00:00", "up")


def test_what_was_never_read_has_no_life() -> None:
    assert life(until="2026-11-04 00:00") == []


def test_an_outage_begins_with_its_first_failed_request() -> None:
    down = turned("2026-11-03 10:09", "down", since="2026-11-03 10:00", case="C7")
    found = life(UP, down, turned("2026-11-03 12:00", "up"), until="2026-11-03 20:00")
    assert hours(found) == [("up", 10), ("down", 2), ("up", 8)]
    assert (found[1].case, found[1].outage) == ("C7", 1)


def test_what_was_down_from_the_first_reading_on_is_down_since_then() -> None:
    down = turned("2026-11-03 10:00", "down", since="2026-11-03 09:00")
    assert hours(life(down, until="2026-11-03 11:00")) == [("down", 2)]


def test_what_fails_in_a_window_is_planned_and_what_outlives_it_is_down() -> None:
    planned = turned("2026-11-03 02:09", "down", since="2026-11-03 02:00", excuse="window W1")
    late = turned("2026-11-03 04:00", "down", case="C7")
    found = life(UP, planned, late, turned("2026-11-03 05:00", "up"), until="2026-11-03 06:00")
    assert hours(found) == [("up", 2), ("planned", 2), ("down", 1), ("up", 1)]


def test_what_fails_behind_another_is_down_by_that() -> None:
    behind = turned("2026-11-03 02:00", "down", excuse="behind router")
    own = turned("2026-11-03 03:00", "down", case="C7")
    _, first, second = life(UP, behind, own, until="2026-11-03 06:00")
    assert (first.behind, first.case) == ("router", None)
    assert (second.behind, second.case) == ("", "C7")
    assert first.outage == second.outage, "it never answered in between"


def test_blindness_is_neither_and_an_outage_goes_on_over_it() -> None:
    down = turned("2026-11-03 01:00", "down", case="C7")
    blind = turned("2026-11-03 02:00", "inconclusive")
    again = turned("2026-11-03 05:00", "down", since="2026-11-03 01:00", case="C7")
    found = life(UP, down, blind, again, until="2026-11-03 06:00")
    assert hours(found) == [("up", 1), ("down", 1), ("inconclusive", 3), ("down", 1)]
    assert {each.outage for each in found if each.health is Health.DOWN} == {1}


def test_a_failure_before_blindness_is_down_and_the_blindness_stays() -> None:
    blind = turned("2026-11-03 02:00", "inconclusive")
    down = turned("2026-11-03 05:00", "down", since="2026-11-03 01:00")
    found = life(UP, blind, down, until="2026-11-03 06:00")
    assert hours(found) == [("up", 1), ("down", 1), ("inconclusive", 3), ("down", 1)]


def test_our_own_downtime_is_inconclusive_where_a_reading_says_so() -> None:
    back = Turned("up", "up", wall("2026-11-03 08:00"), unseen=wall("2026-11-03 05:00"))
    found = life(UP, [fact(back.since, back)], until="2026-11-03 10:00")
    assert hours(found) == [("up", 5), ("inconclusive", 3), ("up", 2)]


def test_what_should_have_been_read_and_was_not_is_inconclusive_to_the_end() -> None:
    found = life(UP, until="2026-11-03 10:00", known="2026-11-03 04:00")
    assert hours(found) == [("up", 4), ("inconclusive", 6)]


def test_calm_after_flapping_it_is_up_since_the_first_answer_that_stayed() -> None:
    down = turned("2026-11-03 01:00", "down")
    calm = turned("2026-11-03 05:00", "up", since="2026-11-03 03:00")
    assert hours(life(UP, down, calm, until="2026-11-03 06:00")) == [
        ("up", 1),
        ("down", 2),
        ("up", 3),
    ]


def test_a_soft_failure_is_no_state() -> None:
    soft = turned("2026-11-03 01:00", "soft_down")
    assert hours(life(UP, soft, until="2026-11-03 06:00")) == [("up", 6)]


def test_what_is_paused_or_on_hold_is_not_watched() -> None:
    paused = turned("2026-11-03 01:00", "paused")
    back = turned("2026-11-03 03:00", "up")
    found = life(UP, paused, back, until="2026-11-03 06:00")
    assert hours(found) == [("up", 1), ("unwatched", 2), ("up", 3)]
    held = [fact(wall("2026-11-03 01:00"), Held("moved"))]
    free = [fact(wall("2026-11-03 03:00"), Released())]
    assert life(UP, held, free, until="2026-11-03 06:00") == found


def test_a_hold_ends_at_its_time_too() -> None:
    held = [fact(wall("2026-11-03 01:00"), Held("moved", until=wall("2026-11-03 03:00")))]
    assert hours(life(UP, held, until="2026-11-03 06:00")) == [
        ("up", 1),
        ("unwatched", 2),
        ("up", 3),
    ]
    open_end = [fact(wall("2026-11-03 01:00"), Held("moved"))]
    assert hours(life(UP, open_end, until="2026-11-03 06:00"))[-1] == ("unwatched", 5)


def test_two_outages_are_told_apart() -> None:
    facts = [turned(f"2026-11-03 0{hour}:00", "down" if hour % 2 else "up") for hour in range(1, 8)]
    found = life(UP, *facts, until="2026-11-03 08:00")
    assert [each.outage for each in found if each.health is Health.DOWN] == [1, 2, 3, 4]


STATES = st.sampled_from(
    [MonitorState.UP, MonitorState.DEGRADED, MonitorState.DOWN, MonitorState.INCONCLUSIVE]
)
SIGHTS = st.sampled_from(
    [Sight()] * 4 + [Sight(window="W1"), Sight(behind="router"), Sight(blind="no line")]
)
READINGS = st.lists(st.tuples(STATES, st.integers(1, 200), SIGHTS), max_size=40)
START = wall("2026-10-30 00:00")


@given(READINGS, st.integers(1, 4), st.booleans(), st.integers(0, 10_000))
def test_a_life_has_no_holes_whatever_is_read(
    read: list[tuple[MonitorState, int, Sight]], requests: int, asked: bool, end: int
) -> None:
    at, seen = START, []
    for state, minutes, sight in read:
        at += minutes * MINUTE
        seen.append((Seen(at, state), sight))
    facts = list(facts_of(Cadence(5 * MINUTE, requests, asked=asked), seen))
    until = START + end * MINUTE
    found = uptime(facts, until)
    for one, other in pairwise(found):
        assert one.ends == other.begins
        assert one.health is not other.health or one.outage
    if found:
        assert found[-1].ends == until
        assert all(each.length > 0 for each in found)
        assert all(bool(each.outage) == (each.health is Health.DOWN) for each in found)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=30))
def test_it_is_as_it_was_read_where_each_word_counts(read: list[tuple[bool, int]]) -> None:
    at, seen, should = START, [], {Health.UP: 0, Health.DOWN: 0}
    for well, length in read:
        state = MonitorState.UP if well else MonitorState.DOWN
        seen.append((Seen(at, state), Sight()))
        should[Health.UP if well else Health.DOWN] += length * HOUR
        at += length * HOUR
    found = uptime(list(facts_of(Cadence(HOUR, asked=False), seen)), at)
    for health, span in should.items():
        assert sum(each.length for each in found if each.health is health) == span
