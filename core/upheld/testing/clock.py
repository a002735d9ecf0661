"""A clock that stands still until it is told to move."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

from upheld.calendar.instant import Instant, instant, iso, moment, span

# Machine time: how long a waiting thread needs at most to notice that the clock was moved.
_LOOK: Final = 0.01


class SteppedClock:
    """Policy time for tests and the demo. Start it at an aware datetime or an instant.

    Simulators and contexts take `as_datetime`, the rest takes the clock itself.
    """

    def __init__(self, start: Instant | datetime) -> None:
        self._now: Instant = instant(start) if isinstance(start, datetime) else start
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"SteppedClock({iso(self._now)})"

    def now(self) -> Instant:
        """Where the clock stands."""
        return self._now

    def as_datetime(self) -> datetime:
        """Where the clock stands, as an aware datetime in UTC."""
        return moment(self._now)

    def forward(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> Instant:
        """Move ahead by this much and return the new instant; ``ValueError`` for a step back."""
        step = span(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))
        if step < 0:
            raise ValueError(f"time does not run backwards: {step} microseconds")
        with self._lock:
            self._now += step
            return self._now

    def forward_to(self, at: Instant | datetime) -> Instant:
        """Move ahead to an instant; ``ValueError`` where it has passed."""
        target = instant(at) if isinstance(at, datetime) else at
        with self._lock:
            if target < self._now:
                raise ValueError(f"{iso(target)} has passed: it is {iso(self._now)}")
            self._now = target
            return self._now

    def wait(self, until: Instant | None, wake: threading.Event) -> None:
        """Wait until somebody moves the clock to ``until``, or ``wake`` is set."""
        while not wake.is_set() and (until is None or self._now < until):
            wake.wait(_LOOK)
