"""Policy time. Whoever needs the time is handed a `Clock`; nothing asks the machine by itself.

`SystemClock` runs with the host. Tests and the demo step theirs: `upheld.testing.SteppedClock`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from upheld.calendar.instant import SECOND, Instant, Span

_NS_PER_TICK: Final = 1_000
# A wait looks at the wall clock this often: it may be set, or the host may have been asleep.
_SLICE: Final[Span] = SECOND


class Clock(Protocol):
    """Tells policy time and waits in it."""

    def now(self) -> Instant:
        """The present instant, in microseconds since 1970-01-01T00:00Z."""
        ...

    def wait(self, until: Instant | None, wake: threading.Event) -> None:
        """Return once ``until`` is reached (None: never) or ``wake`` is set; clears nothing."""
        ...


def _boottime_ns() -> int:
    """Time since boot, counting suspends where the platform can tell (Linux: CLOCK_BOOTTIME)."""
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        clock = getattr(time, name, None)
        if clock is not None:
            return time.clock_gettime_ns(clock)
    return time.monotonic_ns()


class SystemClock:
    """The clock of this host.

    ``wall`` and ``boot`` count nanoseconds: since 1970, and since any fixed moment without ever
    being set.
    """

    def __init__(
        self, wall: Callable[[], int] = time.time_ns, boot: Callable[[], int] = _boottime_ns
    ) -> None:
        self._wall, self._boot = wall, boot
        self._lock = threading.Lock()
        self._offset = wall() - boot()

    def now(self) -> Instant:
        """The host's wall clock, in microseconds since 1970-01-01T00:00Z."""
        return self._wall() // _NS_PER_TICK

    def wait(self, until: Instant | None, wake: threading.Event) -> None:
        """Wait on the wall clock, so that a step or a suspend is noticed within a second."""
        while not wake.is_set():
            left = _SLICE if until is None else min(until - self.now(), _SLICE)
            if left <= 0:
                return
            wake.wait(left / SECOND)

    def jumped(self) -> Span:
        """How far the wall clock was set since the last call: ahead is positive, back negative.

        A suspend is no jump. A clock that is slewed moves by at most 0.5 ms a second
        (adjtimex(2)), so a caller that asks often takes what is below a second or two for nothing.
        """
        with self._lock:
            before, self._offset = self._offset, self._wall() - self._boot()
            return (self._offset - before) // _NS_PER_TICK
