"""Policy time: the host's, and the one that tests step."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.calendar.instant import DAY, HOUR, MINUTE, SECOND, instant
from upheld.clock import Clock, SystemClock
from upheld.testing import SteppedClock

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NS = 1_000  # nanoseconds in a tick


class Host:
    """A host's two clocks, in nanoseconds."""

    def __init__(self) -> None:
        self.wall_ns, self.boot_ns = 1_800_000_000 * SECOND * NS, 5 * HOUR * NS

    def passes(self, span: int) -> None:
        self.wall_ns += span * NS
        self.boot_ns += span * NS

    def is_set(self, span: int) -> None:
        self.wall_ns += span * NS

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall_ns, lambda: self.boot_ns)


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


# --- the host's clock -----------------------------------------------------------------------------


def test_the_system_clock_tells_the_hosts_time() -> None:
    before, now = datetime.now(UTC), SystemClock().now()
    assert instant(before) <= now <= instant(datetime.now(UTC))


def test_a_real_clock_does_not_jump_by_itself() -> None:
    clock = SystemClock()
    assert abs(clock.jumped()) < SECOND


def test_time_that_passes_is_no_jump() -> None:
    host = Host()
    clock = host.clock()
    host.passes(3 * DAY)
    assert clock.jumped() == 0


@given(st.lists(st.tuples(st.integers(0, DAY), st.integers(-DAY, DAY))))
def test_a_step_is_found_whatever_passes_meanwhile(steps: list[tuple[int, int]]) -> None:
    host = Host()
    clock = host.clock()
    for passed, step in steps:
        host.passes(passed)
        host.is_set(step)
        assert clock.jumped() == step


def test_a_step_is_told_once() -> None:
    host = Host()
    clock = host.clock()
    host.is_set(-HOUR)
    assert (clock.jumped(), clock.jumped()) == (-HOUR, 0)


def test_waiting_for_what_has_passed_returns_at_once() -> None:
    clock = SystemClock()
    clock.wait(clock.now() - HOUR, threading.Event())


def test_the_system_clock_waits_until_the_instant() -> None:
    clock = SystemClock()
    until = clock.now() + SECOND // 20
    clock.wait(until, threading.Event())
    assert clock.now() >= until


def test_a_wake_ends_the_wait() -> None:
    wake = threading.Event()
    thread = in_thread(lambda: SystemClock().wait(None, wake))
    wake.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_wall_clock_set_ahead_ends_the_wait_within_a_slice() -> None:
    host = Host()
    clock, until = host.clock(), host.wall_ns // NS + HOUR
    thread = in_thread(lambda: clock.wait(until, threading.Event()))
    host.is_set(2 * HOUR)
    thread.join(5)
    assert not thread.is_alive()


def test_waiting_leaves_the_wake_set() -> None:
    wake = threading.Event()
    wake.set()
    SystemClock().wait(None, wake)
    assert wake.is_set()


# --- the stepped clock ----------------------------------------------------------------------------


def test_a_stepped_clock_stands_still() -> None:
    clock = SteppedClock(NOON)
    assert clock.now() == clock.now() == instant(NOON)


def test_it_starts_at_an_instant_too() -> None:
    assert SteppedClock(instant(NOON)).as_datetime() == NOON


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        SteppedClock(datetime(2026, 12, 1))  # noqa: DTZ001


def test_forward_adds_up() -> None:
    clock = SteppedClock(NOON)
    assert clock.forward(hours=1, minutes=30) == instant(NOON) + HOUR + 30 * MINUTE
    assert clock.forward(days=1, seconds=1) == clock.now()
    assert clock.as_datetime() == NOON + timedelta(days=1, hours=1, minutes=30, seconds=1)


def test_time_does_not_run_backwards() -> None:
    clock = SteppedClock(NOON)
    with pytest.raises(ValueError, match="backwards"):
        clock.forward(hours=-1)
    with pytest.raises(ValueError, match="has passed: it is 2026-12-01T12:00:00Z"):
        clock.forward_to(NOON - timedelta(seconds=1))
    assert clock.as_datetime() == NOON


def test_forward_to_takes_both_kinds_of_instant() -> None:
    clock = SteppedClock(NOON)
    clock.forward_to(NOON + timedelta(hours=1))
    assert clock.forward_to(instant(NOON) + 2 * HOUR) == instant(NOON) + 2 * HOUR


def test_forward_to_now_is_allowed() -> None:
    assert SteppedClock(NOON).forward_to(NOON) == instant(NOON)


def test_as_datetime_is_aware_and_in_utc() -> None:
    assert SteppedClock(NOON).as_datetime().utcoffset() == timedelta(0)


def test_who_waits_goes_on_when_the_clock_is_moved() -> None:
    clock = SteppedClock(NOON)
    until = clock.now() + HOUR
    thread = in_thread(lambda: clock.wait(until, threading.Event()))
    clock.forward(hours=1)
    thread.join(5)
    assert not thread.is_alive()


def test_who_waits_on_a_stepped_clock_can_be_woken() -> None:
    clock, wake = SteppedClock(NOON), threading.Event()
    thread = in_thread(lambda: clock.wait(None, wake))
    wake.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_stepped_clock_does_not_move_by_waiting() -> None:
    clock, wake = SteppedClock(NOON), threading.Event()
    wake.set()
    clock.wait(clock.now() + HOUR, wake)
    assert clock.as_datetime() == NOON


def test_steps_of_many_threads_all_count() -> None:
    clock = SteppedClock(NOON)

    def steps() -> None:
        for _ in range(100):
            clock.forward(seconds=1)

    threads = [in_thread(steps) for _ in range(4)]
    for thread in threads:
        thread.join(5)
    assert clock.now() == instant(NOON) + 400 * SECOND


@pytest.mark.parametrize("clock", [SystemClock(), SteppedClock(NOON)])
def test_both_are_clocks(clock: Clock) -> None:
    assert isinstance(clock.now(), int)


def test_it_shows_where_it_stands() -> None:
    assert repr(SteppedClock(NOON)) == "SteppedClock(2026-12-01T12:00:00Z)"


def test_the_hosts_boot_clock_never_runs_backwards() -> None:
    clock = SystemClock(wall=time.monotonic_ns)
    assert abs(clock.jumped()) < SECOND
