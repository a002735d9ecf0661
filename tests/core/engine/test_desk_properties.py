"""Wherever a case goes: each moment is one desk's, and no moment of a clock is lost or counted twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.engine.desks import BRNO, with_desks
from tests.core.engine.scene import BO, OPENED, START, Case
from upheld.calendar import Calendar
from upheld.calendar.instant import DAY, MINUTE, Instant
from upheld.case.events import Body, Closed, Event, HandedOver, Opened, Reopened, WaitingOn, Worked

LENGTH: Instant = 10 * DAY
TERMS = with_desks(
    "target: whole, within: 400 business hours, calendar: desk, pause_while: {waiting: customer}",
    "target: first_part, tier: first, within: 200 business hours, calendar: desk,"
    " pause_while: {waiting: customer}",
    "target: top_part, tier: top, within: 200 business hours, calendar: desk,"
    " pause_while: {waiting: customer}",
    "target: round_the_clock, within: 2000 hours, pause_while: never",
)
_BODIES: st.SearchStrategy[Body] = st.one_of(
    st.builds(HandedOver, st.sampled_from(["home", "brno", "boston"])),
    st.builds(HandedOver, st.sampled_from(["home", "brno", "boston"])),
    st.sampled_from([WaitingOn("customer"), WaitingOn("vendor"), Worked(), Reopened()]),
)


@st.composite
def journeys(draw: st.DrawFn) -> list[Event]:
    """Up to ten facts in ten days, in the order in which they happened."""
    found = []
    for number in range(draw(st.integers(1, 10))):
        when = START + draw(st.integers(0, LENGTH // MINUTE)) * MINUTE
        found.append(Event(f"f{number:02}", when, when, BO, draw(_BODIES)))
    return sorted(found, key=lambda fact: fact.order)


def lived(facts: list[Event], opened: Opened = OPENED) -> Case:
    case = Case(TERMS, opened)
    for fact in facts:
        case.take(fact)
    case.until(START + LENGTH)
    return case


def calendar(desk: str) -> Calendar:
    return TERMS.calendars[TERMS.policy.desks[desk].calendar]


@settings(max_examples=80, deadline=None)
@given(journeys(), st.sampled_from([OPENED, BRNO]))
def test_the_times_of_all_tiers_add_up_to_that_of_the_case(
    facts: list[Event], opened: Opened
) -> None:
    runs = {run.target: run for run in lived(facts, opened).life(START + LENGTH).clocks}
    parts = sum(runs[name].spent for name in ("first_part", "top_part") if name in runs)
    assert runs["whole"].spent == parts


@settings(max_examples=80, deadline=None)
@given(journeys(), st.sampled_from([OPENED, BRNO]))
def test_each_stretch_counts_the_hours_of_the_desk_that_had_it(
    facts: list[Event], opened: Opened
) -> None:
    for run in lived(facts, opened).life(START + LENGTH).clocks:
        if run.target == "round_the_clock":
            continue
        told = sum(each.elapsed[0] for each in run.segments)
        assert run.spent == told
        for each in run.segments:
            ends = START + LENGTH if each.ends is None else each.ends
            counts = calendar(each.desk).elapsed(each.begins, ends)
            assert each.elapsed[0] == (counts if each.state == "running" else 0)


@settings(max_examples=60, deadline=None)
@given(journeys(), st.booleans())
def test_the_turns_follow_each_other_without_a_gap(facts: list[Event], closed: bool) -> None:
    end = START + LENGTH + MINUTE
    case = lived(facts)
    if closed:
        case.happens(Closed(), end)
    turns = case.state(end).turns
    assert turns[0].begins == START
    assert all(one.ends == after.begins for one, after in pairwise(turns))
    assert all(one.desk != after.desk for one, after in pairwise(turns))
    assert turns[-1].ends == (end if closed else None)
    assert sum((turn.ends or end) - turn.begins for turn in turns) == end - START


@settings(max_examples=60, deadline=None)
@given(journeys(), st.data())
def test_in_whatever_order_it_is_heard_of_the_clocks_are_the_same(
    facts: list[Event], data: st.DataObject
) -> None:
    late, now = Case(TERMS), START
    for fact in data.draw(st.permutations(facts)):
        now = max(now, fact.at)
        late.take(replace(fact, seen=now))
    late.until(START + LENGTH)
    straight = lived(facts)
    assert late.life(START + LENGTH) == straight.life(START + LENGTH)
