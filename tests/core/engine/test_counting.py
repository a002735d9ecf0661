"""Counting readings: M-18 as it is published, and each rule of what makes an outage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.engine.watching import (
    ACROSS,
    DEGRADED,
    DOWN,
    INCONCLUSIVE,
    M_18,
    START,
    TOLD,
    UP,
    Watch,
    outage,
    up,
)
from upheld.calendar.instant import HOUR, MINUTE, SECOND, iso
from upheld.case.monitor import MonitorState, Seen, Sight
from upheld.engine.counting import count

WINDOW, BEHIND, BLIND = Sight(window="W1"), Sight(behind="router"), Sight(blind="no line")
AWAITS = Sight(awaits="router")


# --- M-18 -----------------------------------------------------------------------------------------


def test_nine_failures_and_a_success_are_nothing() -> None:
    found = up().row("d d d d d d d d d u")
    assert found.turns == []
    assert (found.tally.streak, found.tally.since) == (0, None)


def test_the_tenth_failure_in_a_row_is_one_turn_and_the_next_none() -> None:
    found = up().row("d d d d d d d d d d")
    assert found.states == ["down"]
    found.row("d d d d d d d d d d d d d d d d d d d d")
    assert found.states == ["down"]
    at, turned = found.turns[0]
    assert (turned.failed, turned.before) == (10, "up")
    assert at - turned.since == 9 * MINUTE


def test_a_row_does_not_go_on_across_a_success() -> None:
    found = up().row("d d d d d u d d d d d")
    assert found.turns == []


def test_a_check_asks_each_minute_while_it_fails_and_goes_back_to_its_grid() -> None:
    found = up()
    assert found.due is not None
    found.row("d")
    first = found.tally.since
    assert first is not None
    assert found.due == first + MINUTE
    found.row("d d d d d d d d d d d d d")
    assert found.due == first + 14 * MINUTE, "also beyond ten, so that recovery is seen soon"
    found.row("u")
    assert found.due == first + 15 * MINUTE, "the next check, where it would have been"
    assert found.states == ["down", "up"]


def test_small_delays_of_the_requests_do_not_add_up() -> None:
    found = up().row("d")
    first = found.tally.since
    for number in range(1, 10):
        assert found.due is not None
        found.see(found.due + 4 * SECOND, DOWN)
        assert first is not None
        assert found.due == first + (number + 1) * MINUTE
    assert found.states == ["down"]


def test_the_worst_case_is_24_minutes_from_outage_to_case() -> None:
    begins = START + 15 * MINUTE + 1  # the check at the full quarter still saw it up
    found = outage(M_18, begins, begins + 5 * HOUR, begins + 2 * HOUR)
    down = next(at for at, turned in found.turns if turned.state == "down")
    assert down - begins == 24 * MINUTE - 1


def test_a_reboot_of_a_minute_pages_nobody() -> None:
    for second in range(0, 15 * 60, 7):
        begins = START + second * SECOND
        found = outage(M_18, begins, begins + MINUTE, begins + HOUR)
        assert "down" not in found.states


def test_without_spaced_failures_count_across_checks() -> None:
    found = up(ACROSS).row("d d")
    assert found.turns == []
    found.row("d")
    assert found.states == ["down"]
    assert found.turns[0][0] - found.turns[0][1].since == 2 * ACROSS.every


# --- what counts ------------------------------------------------------------------------------------


def test_what_was_never_read_becomes_what_it_is() -> None:
    assert Watch(M_18).row("u").states == ["up"]
    assert Watch(M_18).row("g").states == ["degraded"]
    soft = Watch(M_18).row("d d")
    assert (soft.states, soft.tally.stands) == ([], MonitorState.SOFT_DOWN)


def test_a_failing_one_is_softly_down_until_it_is_down() -> None:
    found = up().row("d")
    assert found.tally.stands is MonitorState.SOFT_DOWN
    found.row("d d d d d d d d d")
    assert found.tally.stands is DOWN
    assert found.row("u").tally.stands is UP


def test_degraded_is_a_state_of_its_own_and_ends_a_row() -> None:
    found = up().row("d d d d d d d d d g")
    assert (found.states, found.tally.streak) == (["degraded"], 0)


def test_the_same_reading_twice_counts_once() -> None:
    found = up()
    assert found.due is not None
    seen = Seen(found.due, DOWN)
    first = count(M_18, found.tally, seen, Sight())
    second = count(M_18, first.tally, seen, Sight())
    assert (second.tally, second.due, second.turned) == (first.tally, first.due, None)


def test_what_comes_late_changes_nothing() -> None:
    found = up().row("d d d")
    before = found.tally
    late = count(M_18, before, Seen(START + MINUTE, UP), Sight())
    assert (late.tally, late.due, late.turned) == (before, found.due, None)


def test_a_hastened_request_is_remembered_and_not_counted_again() -> None:
    found = up().row("d")
    first = found.tally.since
    assert first is not None
    for second in range(1, 25):
        found.see(first + second * SECOND, DOWN)
    assert found.tally.streak == 1
    assert found.tally.recent[-1].at == first + 24 * SECOND
    assert found.due == first + MINUTE


def test_what_others_tell_counts_each_time() -> None:
    found = up(TOLD)
    for second in range(1, 4):
        found.see(START + second, DOWN)
    assert (found.states, found.due) == (["down"], None)


def test_an_inconclusive_reading_neither_counts_nor_ends_a_row() -> None:
    found = up().row("d d d d d x x d d d d")
    assert found.tally.streak == 9
    found.row("d")
    assert found.states == ["inconclusive", "down"]
    assert found.turns[-1][1].failed == 10


def test_blindness_is_inconclusive_whatever_was_read_and_says_why() -> None:
    found = up()
    found.row("d d d d d d d d d d d d", BLIND).row("u", BLIND)
    assert found.states == ["inconclusive"]
    assert (found.turns[0][1].detail, found.tally.streak) == ("no line", 0)
    assert found.row("u").states == ["inconclusive", "up"]


def test_down_before_blindness_is_down_at_the_first_failure_after_it() -> None:
    found = up().row("d d d d d d d d d d")
    began = found.turns[0][1].since
    found.row("d d", BLIND).row("d")
    assert found.states == ["down", "inconclusive", "down"]
    assert found.turns[-1][1].since == began, "it is the same outage"


def test_a_word_that_came_through_is_believed_in_blindness() -> None:
    found = up(replace(TOLD, requests=1))
    found.see(START + MINUTE, DOWN, BLIND)
    assert found.states == ["down"]


# --- excuses ----------------------------------------------------------------------------------------


def test_a_failure_in_a_window_is_excused_and_one_that_outlives_it_is_an_outage() -> None:
    found = up().row("d " * 30, WINDOW)
    assert found.states == ["down (window W1)"]
    found.row("d")
    assert found.states == ["down (window W1)", "down"]
    at, turned = found.turns[-1]
    assert turned.since == at, "what was planned is no part of the outage"
    assert found.row("d d d").states[2:] == []


def test_recovered_within_the_window_it_turns_up_and_fails_from_the_beginning() -> None:
    found = up().row("d " * 30, WINDOW).row("u", WINDOW).row("d d d d d d d d d")
    assert found.states == ["down (window W1)", "up"]


def test_what_fails_behind_another_is_excused_until_a_fresh_reading_after_it() -> None:
    found = up().row("d " * 12, BEHIND)
    found.row("d", AWAITS)
    assert found.states == ["down (behind router)"], "the router recovered after that was asked"
    assert up().row("d " * 12, BEHIND).row("d", AWAITS).row("u").states[-1] == "up"
    assert found.row("d").states == ["down (behind router)", "down"]


def test_an_outage_of_its_own_stays_one_when_its_router_fails_later() -> None:
    found = up().row("d " * 10).row("d d d", BEHIND).row("d d")
    assert found.states == ["down"]


def test_a_window_that_begins_in_an_outage_plans_the_rest_of_it() -> None:
    found = up().row("d " * 10).row("d d", WINDOW).row("d")
    assert found.states == ["down", "down (window W1)", "down"]


def test_no_failure_is_an_outage_before_the_router_was_read() -> None:
    found = up(replace(ACROSS, requests=1)).row("d", AWAITS)
    assert found.states == []
    at = found.tally.since
    assert at is not None
    assert found.due == at + MINUTE, "it hangs on the next answer"
    assert found.row("d", BEHIND).states == ["down (behind router)"]


def test_a_warning_in_a_window_is_excused_too() -> None:
    found = up().row("g", WINDOW).row("g")
    assert found.states == ["degraded (window W1)", "degraded"]


# --- flapping ---------------------------------------------------------------------------------------


def test_who_flaps_turns_once_and_is_up_again_when_it_is_calm() -> None:
    found = up(replace(ACROSS, requests=1)).row("d u d u d u d u d u d u d u")
    before = len(found.turns)
    assert found.tally.flapping
    assert found.tally.state is DOWN
    found.row("d u d u d u d u")
    assert len(found.turns) == before
    well = found.due
    found.row("u " * 20)
    assert found.states[before:] == ["up"]
    assert well is not None
    assert found.turns[-1][1].since <= well, "up since the first of the answers that stayed"


def test_one_that_only_stumbles_is_degraded_once() -> None:
    found = up().row("d u " * 12)
    assert found.states == ["degraded"]


def test_flapping_never_keeps_an_outage_back() -> None:
    found = up().row("d u " * 12).row("d " * 9)
    assert found.states == ["degraded"]
    assert found.row("d").states == ["degraded", "down"]
    assert found.turns[-1][1].failed == 10


def test_while_it_flaps_it_is_asked_sooner() -> None:
    found = up(ACROSS).row("d u " * 6)
    assert found.tally.flapping
    assert found.due == found.tally.recent[-1].at + MINUTE


def test_what_is_told_once_is_not_waited_for() -> None:
    found = up(replace(TOLD, requests=1))
    for minute in range(1, 31):
        found.see(START + minute * MINUTE, DOWN if minute % 2 else UP)
    assert found.tally.state is UP
    assert len(found.turns) == 30


# --- our own downtime ----------------------------------------------------------------------------


def test_a_row_survives_our_own_downtime_and_needs_a_fresh_reading() -> None:
    found = up().row("d d d d d d d d d")
    assert found.due is not None
    found.see(found.due + 3 * HOUR, DOWN)
    assert found.states == ["down"]


def test_the_first_reading_after_our_downtime_says_how_long_nothing_was_read() -> None:
    found = up()
    found.see(START + 3 * HOUR, UP)
    [(_, turned)] = found.turns
    assert (turned.state, turned.before) == ("up", "up")
    assert (turned.unseen, turned.since) == (START + 15 * MINUTE, START + 3 * HOUR)


def test_a_version_that_changes_is_a_fact() -> None:
    found = up()
    found.see(START + 15 * MINUTE, UP, version="2.1")
    found.see(START + 30 * MINUTE, UP, version="2.1")
    found.see(START + 45 * MINUTE, UP)
    found.see(START + 60 * MINUTE, UP, version="2.2")
    assert [turned.version for _, turned in found.turns] == ["2.1", "2.2"]


def test_the_history_is_attached_in_a_line_each() -> None:
    found = up()
    for minute in range(15, 25):
        seen = Seen(START + minute * MINUTE, DOWN, 1500 * 1000, "connection refused")
        found.take(seen)
    lines = found.turns[0][1].recent
    assert lines[0] == f"{iso(START)} up"
    assert lines[-1].endswith("down after 1.500 s: connection refused")
    assert len(lines) == 11


@pytest.mark.parametrize("state", [UP, DEGRADED, DOWN, INCONCLUSIVE])
def test_the_last_twenty_are_remembered(state: MonitorState) -> None:
    found = Watch(M_18)
    for minute in range(40):
        found.see(START + minute * MINUTE, state)
    assert len(found.tally.recent) == 20
