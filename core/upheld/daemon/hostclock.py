"""The host's clock, when somebody sets it: what only the clock says waits, so that it can be set back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final

from upheld.calendar.instant import MINUTE, Instant, Span, iso
from upheld.clock import Clock, SystemClock
from upheld.daemon.findings import Found

#: So long the clock's own steps wait after it was set.
HOLD: Final[Span] = 5 * MINUTE
#: A correction by less than this moves no promise by more than the sweep may be late anyway.
STEP: Final[Span] = MINUTE


class HostClock:
    """Notices that the clock was set. ``jumped`` answers by how much since it was last asked; a
    suspend is none (see ``SystemClock.jumped``). Several loops may ask."""

    def __init__(self, jumped: Callable[[], Span]) -> None:
        self._jumped = jumped
        self._lock = threading.Lock()
        self._until: Instant | None = None
        self._by: Span = 0

    @classmethod
    def of(cls, clock: Clock) -> HostClock:
        """For the daemon's clock; one that is stepped by hand is never set."""
        return cls(clock.jumped if isinstance(clock, SystemClock) else lambda: 0)

    def look(self, now: Instant) -> None:
        """Ask, and begin to hold where it was set; set once more, it begins anew."""
        with self._lock:
            by = self._jumped()
            if abs(by) >= STEP:
                self._until, self._by = now + HOLD, by
            elif self._until is not None and now >= self._until:
                self._until = None

    def holds(self, now: Instant) -> bool:
        """Whether the clock's own steps wait just now."""
        self.look(now)
        return self._until is not None

    def found(self, now: Instant) -> Iterator[Found]:
        """That it was set, for as long as it holds anything up."""
        if self.holds(now) and self._until is not None:
            way = "ahead" if self._by > 0 else "back"
            what = (
                f"the clock was set {way} by {abs(self._by) // MINUTE} min; pages that only the clock "
                f"calls for wait until {iso(self._until)}"
            )
            yield Found("clock", "clock", what, here=True)
