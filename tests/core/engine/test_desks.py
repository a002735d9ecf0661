"""Whose turn a case is, and clocks that each desk answers for on hours of its own."""

from __future__ import annotations

import pytest

from tests.core.engine.desks import BRNO, hand, turns, with_desks
from tests.core.engine.scene import BO, BOT, PAT, Case, at, terms
from upheld.calendar.instant import HOUR
from upheld.case.clock import ClockState
from upheld.case.events import (
    Closed,
    Escalated,
    HandedOver,
    PublicReply,
    Reopened,
    Resolved,
    TakenBack,
    Worked,
)
from upheld.engine.case import why_no_clock

FIRST = "target: resolution, tier: first, within: 6 business hours, calendar: desk"
TOP = "target: top_level, tier: top, within: 4 business hours, calendar: desk, met_by: [worked, handed_over]"
WHOLE = "target: whole, within: 40 business hours, calendar: desk"


# --- whose turn it is -----------------------------------------------------------------------------


def test_a_case_begins_with_the_desk_of_its_customer_and_else_with_the_first() -> None:
    assert turns(Case(with_desks(FIRST)), 1) == [("home", "first", 0, None)]
    assert turns(Case(with_desks(FIRST), BRNO), 1) == [("brno", "first", 0, None)]


def test_a_policy_without_desks_has_no_turns() -> None:
    case = Case(terms("target: first_response, within: 1 hour"))
    case.happens(Escalated("chief", "slow"), at(1))
    assert case.state(at(2)).turns == ()
    assert (case.state(at(2)).held_by, case.state(at(2)).tier) == (None, None)


def test_every_hand_over_tells_who_had_it_and_for_how_long() -> None:
    case = Case(with_desks(FIRST), BRNO)
    hand(case, "boston", at(1), why="the board resets itself")
    hand(case, "home", at(5), why="they are nearer")
    assert turns(case, 9) == [
        ("brno", "first", 0, 1),
        ("boston", "top", 1, 5),
        ("home", "first", 5, None),
    ]
    last = case.state(at(9)).turns[1]
    assert (last.by, last.reason) == ("bo", "the board resets itself")


def test_a_case_goes_into_the_queue_of_a_desk_that_has_one() -> None:
    case = Case(with_desks(FIRST), BRNO)
    assert case.state(at(0)).queue is None
    hand(case, "home", at(1))
    hand(case, "boston", at(2))  # has none: it stays where it is
    assert case.state(at(3)).queue == "support"


def test_who_is_handed_what_they_have_gets_no_second_turn() -> None:
    case = Case(with_desks(FIRST))
    hand(case, "home", at(1))
    assert turns(case, 2) == [("home", "first", 0, None)]


def test_one_of_ours_who_escalates_to_a_desk_hands_it_over_until_it_is_taken_back() -> None:
    case = Case(with_desks(FIRST), BRNO)
    case.happens(Escalated("boston", "too deep"), at(1))
    case.happens(TakenBack("the cause is known"), at(3))
    assert [turn[0] for turn in turns(case, 4)] == ["brno", "boston", "brno"]


def test_a_customer_reaches_no_desk_but_their_own() -> None:
    case = Case(with_desks(FIRST), BRNO)
    case.happens(Escalated("boston", "nobody calls"), at(1), by=PAT)
    case.happens(Escalated("boston", "said on the phone", "customer"), at(2), by=BO)
    assert case.state(at(3)).held_by == "brno"


def test_what_was_escalated_to_a_role_comes_back_from_no_desk() -> None:
    case = Case(with_desks(FIRST))
    hand(case, "boston", at(1))
    case.happens(Escalated("chief", "slow"), at(2))
    case.happens(TakenBack("called them"), at(3))
    assert case.state(at(4)).held_by == "boston"


def test_nobody_has_a_closed_case_and_the_last_desk_has_it_again() -> None:
    case = Case(with_desks(FIRST))
    case.happens(Closed(), at(2))
    case.happens(Reopened("it is back"), at(5))
    assert turns(case, 6) == [("home", "first", 0, 2), ("home", "first", 5, None)]


def test_a_closed_case_that_is_handed_over_is_theirs_once_it_is_open_again() -> None:
    case = Case(with_desks(FIRST))
    case.happens(Closed(), at(2))
    hand(case, "boston", at(3))
    case.happens(Reopened("it is back"), at(5))
    assert turns(case, 6) == [
        ("home", "first", 0, 2),
        ("boston", "top", 3, 3),
        ("boston", "top", 5, None),
    ]


def test_a_desk_that_the_policy_does_not_have_keeps_the_tier_that_was_told() -> None:
    case = Case(with_desks(FIRST))
    case.happens(HandedOver("gone", "top"), at(1))
    assert (case.state(at(2)).held_by, case.state(at(2)).tier) == ("gone", "top")


# --- what runs when -------------------------------------------------------------------------------


def test_the_clock_of_a_tier_runs_while_a_desk_of_it_has_the_case() -> None:
    case = Case(with_desks(FIRST))  # Monday 09:00 UTC; the office closes at 17:00
    hand(case, "boston", at(2))
    hand(case, "home", at(6))
    run = case.clock(at(7))
    assert run.spent == 3 * HOUR
    assert [(s.state, s.desk, s.elapsed[0] // HOUR) for s in run.segments] == [
        (ClockState.RUNNING, "home", 2),
        (ClockState.PAUSED, "boston", 0),
        (ClockState.RUNNING, "home", 1),
    ]
    assert run.due == at(24 + 2)  # two of its hours on Monday are left, and one on Tuesday


def test_a_case_without_a_clock_says_who_has_it() -> None:
    case = Case(with_desks(FIRST))
    hand(case, "boston", at(2))
    told = "its clock waits for its tier: boston has the case"
    assert why_no_clock(case.life(at(3))) == told
    hand(case, "home", at(3))
    assert why_no_clock(case.life(at(4))) is None


def test_a_tier_that_never_had_it_has_no_clock() -> None:
    case = Case(with_desks(TOP))
    case.until(at(200))
    assert case.life(at(200)).clocks == ()
    assert case.decision.wake_at is None


def test_each_desk_answers_on_its_own_hours_and_days() -> None:
    case = Case(with_desks(FIRST), BRNO)  # 10:00 in Brno, which closes at 17:00, that is 16:00 UTC
    assert case.clock(at(0)).due == at(6)
    hand(case, "home", at(1))
    run = case.clock(at(2))
    assert run.due == at(6)  # five hours are left, until 17:00 it is eight
    assert [(s.desk, s.calendar) for s in run.segments] == [("brno", "prague"), ("home", "office")]


def test_the_holiday_of_one_desk_is_a_working_day_at_the_other() -> None:
    case = Case(with_desks("target: resolution, within: 12 business hours, calendar: desk"), BRNO)
    # Brno has 7 hours on Monday, none on Tuesday (its holiday): 5 are left on Wednesday from 08:00.
    assert case.clock(at(8)).due == at(2 * 24 + 3)
    hand(case, "home", at(24))  # Tuesday 09:00: the office has the 5 left before noon
    assert case.clock(at(25)).due == at(24 + 5)


def test_what_was_promised_by_an_instant_is_by_that_of_the_desk_that_had_it() -> None:
    case = Case(with_desks("target: parts, by: close of next business day, calendar: desk"), BRNO)
    assert case.clock(at(1)).due == at(2 * 24 + 7)  # Tuesday is a holiday in Brno
    home = Case(with_desks("target: parts, by: close of next business day, calendar: desk"))
    assert home.clock(at(1)).due == at(24 + 8)


def test_hours_outside_are_those_of_the_desk() -> None:
    rule = "target: resolution, within: 20 business hours, outside_hours: 8 hours, calendar: desk"
    case = Case(with_desks(rule))
    hand(case, "boston", at(4))  # 13:00 UTC, 08:00 in Boston, which is open until 19:00
    assert case.clock(at(5)).due == at(15 + 8)


def test_the_aim_walks_on_with_the_case() -> None:
    rule = "target: resolution, within: 6 business hours, aim: 3 business hours, calendar: desk"
    case = Case(with_desks(rule))
    hand(case, "boston", at(2))  # 11:00 UTC is 06:00 in Boston: an hour is left from 08:00 there
    assert case.clock(at(2)).aimed_at == at(5)


# --- what meets it --------------------------------------------------------------------------------


def test_a_tier_that_gives_the_case_on_has_done_its_part() -> None:
    case = Case(with_desks(TOP))
    hand(case, "boston", at(4))
    hand(case, "home", at(6))
    run = case.clock(at(9))
    assert (run.state, run.spent, run.met_at) == (ClockState.MET, 2 * HOUR, at(6))


def test_when_it_comes_back_the_tier_begins_anew() -> None:
    case = Case(with_desks(TOP))
    for hour, desk in ((4, "boston"), (6, "home"), (7, "boston")):
        hand(case, desk, at(hour))
    first, second = case.life(at(8)).clocks
    assert (first.state, second.state, second.cycle) == (ClockState.MET, ClockState.RUNNING, 2)
    assert (second.started, second.spent) == (at(7), HOUR)


def test_only_one_of_ours_gives_a_case_on() -> None:
    case = Case(with_desks(TOP))
    hand(case, "boston", at(4))
    hand(case, "home", at(6), by=BOT)
    assert case.clock(at(7)).state is ClockState.PAUSED


def test_the_work_of_one_tier_meets_no_clock_of_the_other() -> None:
    case = Case(
        with_desks(
            "target: begun, tier: top, within: 4 business hours, calendar: desk, met_by: worked"
        )
    )
    hand(case, "boston", at(4))
    hand(case, "home", at(5))
    case.happens(Worked(), at(6))
    assert case.clock(at(7)).state is ClockState.PAUSED
    hand(case, "boston", at(7))
    case.happens(Worked(), at(8))
    assert (case.clock(at(9)).state, case.clock(at(9)).spent) == (ClockState.MET, 2 * HOUR)


@pytest.mark.parametrize(
    ("rule", "deed"),
    [
        (
            "target: first_response, tier: first, within: 4 business hours, calendar: desk",
            PublicReply("hello"),
        ),
        (FIRST, Resolved()),
    ],
)
def test_whoever_answers_or_resolves_does_so_for_all(
    rule: str, deed: PublicReply | Resolved
) -> None:
    case = Case(with_desks(rule))
    hand(case, "boston", at(3))
    case.happens(deed, at(7))
    run = case.clock(at(8))
    assert (run.state, run.spent) == (ClockState.MET, 3 * HOUR)


def test_a_tier_misses_what_it_had_for_too_long_and_the_other_does_not() -> None:
    case = Case(with_desks(TOP, FIRST))
    hand(case, "boston", at(4))
    case.until(at(9))  # 13:00 in Boston: five hours of four
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}


def test_a_step_is_taken_when_the_turn_is_another_tiers() -> None:
    case = Case(with_desks("when: {tier: top}, do: [notify: desk]"))
    hand(case, "boston", at(1))
    hand(case, "home", at(2))
    hand(case, "boston", at(3))
    assert [(send.due, send.to) for send in case.sends] == [(at(1), ("desk",)), (at(3), ("desk",))]


def test_late_news_of_a_hand_over_corrects_the_verdict() -> None:
    case = Case(with_desks(FIRST))
    case.until(at(7))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}
    case.happens(HandedOver("boston"), at(1), seen=at(8))
    assert case.verdicts() == {"A-1/A-1/clock/1": "withdrawn"}
