"""What stands before a monitor, and whether we see at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine.watching import ACROSS, START, Watch, up
from upheld.calendar.instant import MINUTE, SECOND
from upheld.case.monitor import Cadence, MonitorState, Sight, Tally
from upheld.engine.sight import blind, sighted

AT = START + 30 * MINUTE
WINDOW = Sight(window="W1")


def test_one_that_answers_excuses_nothing() -> None:
    router = up(at=AT).tally
    assert sighted({"router": router}, AT, AT) == Sight()
    assert sighted({}, None, AT) == Sight()


def test_one_that_begins_to_fail_excuses_already() -> None:
    router = up().row("d").tally
    assert sighted({"router": router}, AT, AT) == Sight(behind="router")


def test_one_in_maintenance_excuses_by_its_window() -> None:
    router = up().row("d " * 10, WINDOW).tally
    assert sighted({"router": router}, AT, AT).excuse == "window W1"


def test_a_window_and_blindness_of_its_own_are_told_with_it() -> None:
    found = sighted({}, None, AT, blind="no line", window="W2")
    assert (found.blind, found.excuse) == ("no line", "window W2")


def test_what_was_not_read_since_the_failure_began_is_awaited() -> None:
    router = up(at=AT - MINUTE).tally
    assert sighted({"router": router}, AT, AT + SECOND).awaits == "router"
    assert sighted({"router": router}, None, AT).awaits == "router"


def test_it_is_awaited_for_five_minutes() -> None:
    router = up(at=AT - MINUTE).tally
    assert sighted({"router": router}, AT, AT + 5 * MINUTE - 1).awaits == "router"
    assert sighted({"router": router}, AT, AT + 5 * MINUTE).awaits == ""


def test_what_was_asked_before_the_router_recovered_is_not_fresh() -> None:
    found = up().row("d d d")
    assert found.due is not None
    recovered = found.due
    router = found.row("u u u").tally
    began = START + MINUTE
    assert sighted({"router": router}, began, recovered - SECOND).awaits == "router"
    assert sighted({"router": router}, began, recovered).awaits == "router"
    assert sighted({"router": router}, began, recovered + SECOND) == Sight()


def test_what_was_never_read_is_not_awaited() -> None:
    assert sighted({"router": Tally()}, AT, AT) == Sight()


def test_a_dead_router_pages_once_for_the_forty_behind_it() -> None:
    """Each at its own phase; a server that fails lets the router be read at once."""
    dies, every = START + 7 * MINUTE, 15 * MINUTE
    router = up(Cadence(every, 10, MINUTE))
    servers = [up(Cadence(every, 1, phase=number * 20 * SECOND)) for number in range(40)]
    for second in range(40 * 60):
        _ask(router, servers, START + second * SECOND, dead=START + second * SECOND >= dies)
    assert router.states == ["down"]
    assert {tuple(each.states) for each in servers} == {("down (behind router)",)}


def _ask(router: Watch, servers: list[Watch], at: int, *, dead: bool) -> None:
    state = MonitorState.DOWN if dead else MonitorState.UP
    for server in servers:
        if server.due is not None and server.due <= at:
            since = server.tally.since
            sight = sighted({"router": router.tally}, since, at)
            server.see(at, state, sight)
            if sight.awaits:
                router.due = at + SECOND
    if router.due is not None and router.due <= at:
        router.see(at, state)


def test_our_own_line_makes_blind_whatever_is_read() -> None:
    assert "own line" in blind(0, 0, 3, 50, False)


@pytest.mark.parametrize(
    ("read", "failing", "watched", "is_blind"),
    [
        (100, 51, 10_000, True),
        (100, 50, 10_000, False),
        (20, 11, 10_000, True),
        (19, 19, 10_000, False),  # no fair sample yet
        (8, 8, 8, True),  # all there are
        (5, 5, 8, False),
        (4, 4, 4, False),  # a few servers of one customer may well fail together
        (2, 2, 2, False),
        (0, 0, 0, False),
    ],
)
def test_a_share_that_fails_at_once_makes_blind(
    read: int, failing: int, watched: int, is_blind: bool
) -> None:
    for link in (None, True):
        assert bool(blind(read, failing, watched, 50, link)) is is_blind


def test_it_says_how_many() -> None:
    assert blind(100, 80, 100, 50, True) == "80 of 100 that were read fail at once"


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 10_000), st.integers(1, 99))
def test_more_failures_never_make_us_see_better(
    read: int, failing: int, watched: int, percent: int
) -> None:
    if blind(read, failing, watched, percent, None):
        assert blind(read, failing + 1, watched, percent, None)


def test_one_behind_a_router_whose_own_outage_stands_is_not_excused_later() -> None:
    found = up(ACROSS).row("d d d")
    found.row("d", Sight(behind="router"))
    assert found.states == ["down"]
