"""Counting against a simple reference, over any sequence of readings; cut and repeated anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine.watching import (
    ACROSS,
    DEGRADED,
    DOWN,
    INCONCLUSIVE,
    M_18,
    START,
    TOLD,
    UNREAD,
    UP,
    Watch,
    outage,
)
from upheld.calendar.instant import HOUR, MINUTE, Instant
from upheld.case.monitor import Cadence, MonitorState, Seen, Sight, Tally
from upheld.engine.checks import next_check, phase
from upheld.engine.flapping import change, flaps
from upheld.ledger.monitors import MonitorRow, _read, _values

READ = st.sampled_from([UP, DEGRADED, DOWN, INCONCLUSIVE])
SIGHTS = st.sampled_from(
    [Sight()] * 5
    + [Sight(blind="no line"), Sight(behind="router"), Sight(window="W1"), Sight(awaits="router")]
)
CADENCES = st.builds(
    Cadence,
    every=st.integers(1, 60).map(lambda minutes: minutes * MINUTE),
    requests=st.integers(1, 12),
    spaced=st.none() | st.integers(1, 5).map(lambda minutes: minutes * MINUTE),
    phase=st.integers(0, HOUR),
    asked=st.booleans(),
)


@st.composite
def readings(draw: st.DrawFn) -> list[tuple[Seen, Sight]]:
    """Readings as they come: mostly in order, some late, some of the same instant."""
    gaps = st.integers(-10, 120).map(lambda minutes: minutes * MINUTE // 2)
    at, found = START, []
    for state, gap, sight in draw(st.lists(st.tuples(READ, gaps, SIGHTS), max_size=60)):
        at += gap
        found.append((Seen(at, state), sight))
    return found


def reference(requests: int, states: Sequence[MonitorState]) -> MonitorState:
    """What the readings so far make of one that nothing excuses and that may not be damped."""
    if not states:
        return UNREAD
    if states[-1] is not DOWN:
        return states[-1]
    told = [state for state in reversed(states) if state is not INCONCLUSIVE]
    row = len(list(takewhile(lambda state: state is DOWN, told)))
    return DOWN if row >= requests else reference(requests, states[:-1])


@given(st.lists(READ, max_size=40), st.integers(1, 6))
def test_it_turns_as_the_reference_does(states: list[MonitorState], requests: int) -> None:
    found = Watch(replace(TOLD, requests=requests))
    for number, state in enumerate(states):
        before = len(found.turns)
        found.see(START + number * MINUTE, state)
        should = reference(requests, states[: number + 1])
        assert found.tally.state is should
        assert len(found.turns) - before == (should is not reference(requests, states[:number]))


@given(CADENCES, readings(), st.integers(0, 60))
def test_a_restart_anywhere_changes_nothing(
    cadence: Cadence, seen: list[tuple[Seen, Sight]], cut: int
) -> None:
    through, cut_off = Watch(cadence), Watch(cadence)
    for number, (each, sight) in enumerate(seen):
        if number == cut:
            cut_off = replace(cut_off, tally=stored(cut_off.tally))
        assert through.take(each, sight) == cut_off.take(each, sight)


def stored(tally: Tally) -> Tally:
    """As the ledger reads back what it wrote."""
    row = MonitorRow("web", "M1", None, None, 1, tally)
    return _read({"name": row.name, **_values(row)}).tally  # type: ignore[arg-type]


@given(CADENCES, readings())
def test_each_reading_twice_is_as_once(cadence: Cadence, seen: list[tuple[Seen, Sight]]) -> None:
    once, twice = Watch(cadence), Watch(cadence)
    for each, sight in seen:
        once.take(each, sight)
        twice.take(each, sight)
        twice.take(each, sight)
        assert (once.tally, once.due) == (twice.tally, twice.due)
    assert once.turns == twice.turns


@given(CADENCES, readings())
def test_a_fact_is_a_change_and_each_change_a_fact(
    cadence: Cadence, seen: list[tuple[Seen, Sight]]
) -> None:
    found = Watch(cadence)
    for each, sight in seen:
        before = found.tally
        turned = found.take(each, sight).turned
        changed = (before.state, before.excuse) != (found.tally.state, found.tally.excuse)
        if turned is None:
            assert not changed
        else:
            assert changed or turned.unseen is not None
            assert (turned.before, turned.state) == (before.state, found.tally.state)
            assert turned.since <= each.at


@given(CADENCES, readings())
def test_what_is_asked_is_always_asked_again_and_not_at_once(
    cadence: Cadence, seen: list[tuple[Seen, Sight]]
) -> None:
    found = Watch(replace(cadence, asked=True))
    for each, sight in seen:
        found.take(each, sight)
        last = max(one.at for one in found.tally.recent)
        assert found.due is not None
        assert last < found.due <= last + max(cadence.every, 2 * (cadence.spaced or 0))


@given(st.lists(st.sampled_from([UP, DEGRADED, DOWN]), max_size=60), st.integers(1, 12))
def test_who_flaps_gets_worse_alone_and_enough_failures_are_always_an_outage(
    states: list[MonitorState], requests: int
) -> None:
    worse = [UNREAD, UP, DEGRADED, DOWN]
    found = Watch(replace(M_18, requests=requests))
    for state in states:
        assert found.due is not None
        before = found.tally.state
        found.see(found.due, state)
        if found.tally.flapping:
            assert worse.index(found.tally.state) >= worse.index(before)
        assert found.tally.streak < requests or found.tally.state is DOWN


@given(st.integers(0, 15 * 60 - 1), st.integers(1, 40))
def test_m_18_holds_wherever_the_outage_begins(second: int, minutes: int) -> None:
    begins = START + second * 1_000_000 + 1
    ends = begins + minutes * MINUTE
    found = outage(M_18, begins, ends, ends + HOUR)
    downs = [at for at, turned in found.turns if turned.state == "down"]
    asked = next_check(M_18, begins - 1)
    if ends > asked + 9 * MINUTE:
        assert downs == [asked + 9 * MINUTE]
        assert downs[0] - begins < 24 * MINUTE
        assert found.states[-1] == "up"
    else:
        assert downs == []


@given(st.integers(2, 10), st.integers(0, 10**6))
def test_across_checks_the_row_is_as_long_as_it_is_published(requests: int, late: int) -> None:
    cadence = replace(ACROSS, requests=requests)
    begins = START + late
    found = outage(cadence, begins, begins + 5 * HOUR, begins + 4 * HOUR)
    down = next(at for at, turned in found.turns if turned.state == "down")
    assert down - begins <= requests * cadence.every


@given(CADENCES, st.integers(START, START + 1000 * HOUR))
def test_checks_stand_on_a_grid_of_instants(cadence: Cadence, at: Instant) -> None:
    found = next_check(cadence, at)
    assert at < found <= at + cadence.every
    assert (found - cadence.phase) % cadence.every == 0


def test_phases_are_spread_evenly_and_stay_as_they_are() -> None:
    every, many = 15 * MINUTE, 10_000
    found = [phase(f"server-{number}", every) for number in range(many)]
    assert found == [phase(f"server-{number}", every) for number in range(many)]
    per_minute = [sum(each // MINUTE == minute for each in found) for minute in range(15)]
    assert max(per_minute) < 1.15 * many / 15
    assert min(per_minute) > 0.85 * many / 15


def test_the_night_of_the_changed_clock_has_as_many_checks_as_any() -> None:
    spring, autumn = 1_774_746_000_000_000, 1_792_890_000_000_000  # 2026 in Prague, both at 01:00Z
    for turn in (spring, autumn):
        at, checks = turn - 12 * HOUR, 0
        while (at := next_check(M_18, at)) <= turn + 12 * HOUR:
            checks += 1
        assert checks == 24 * 4


@given(st.lists(READ, max_size=40))
def test_the_share_of_change_is_between_none_and_all(states: list[MonitorState]) -> None:
    seen = [Seen(START + number, state) for number, state in enumerate(states)]
    assert 0 <= change(seen) < 100
    assert not flaps(seen, flapping=False) or flaps(seen, flapping=True)
    assert change([*seen, Seen(START + 99, INCONCLUSIVE)]) == change(seen)


def test_it_begins_above_thirty_percent_and_ends_at_twenty_five() -> None:
    def seen(changes: int, still: int) -> list[Seen]:
        states = [DOWN if number % 2 else UP for number in range(changes + 1)]
        return [Seen(n, state) for n, state in enumerate([*states, *[states[-1]] * still])]

    assert not flaps(seen(5, 0), flapping=False)
    assert flaps(seen(6, 0), flapping=False)
    assert not flaps(seen(6, 10), flapping=False)
    assert flaps(seen(6, 13), flapping=True)
    assert not flaps(seen(6, 14)[-20:], flapping=True)
