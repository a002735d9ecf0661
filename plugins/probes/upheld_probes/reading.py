"""One reading: its deadline, its time, and what came of it. Whatever happens, it is a reading."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from upheld.plugin import Health, Reading
from upheld_probes.verdict import Seen, of_error

#: What a deadline may be late by, in seconds, before we blame our own machine for it.
_LATE: Final = 1.0


class Attempt:
    """A reading that is under way. ``doing`` is what it waits for, as people say it; ``ours`` says
    that something of our own is late, as long as it waits for that."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.doing, self.ours = "beginning", ""
        self._began = time.monotonic()
        self._stopped: float | None = None

    def left(self) -> float:
        """Seconds to the deadline."""
        return max(self.seconds - self._taken(), 0)

    def stop(self) -> None:
        """The answer is there: what follows does not count."""
        self._stopped = time.monotonic()

    def latency(self) -> timedelta:
        """What it took."""
        end = time.monotonic() if self._stopped is None else self._stopped
        return timedelta(seconds=end - self._began)

    def late(self) -> Seen:
        """The deadline is over."""
        if self.ours:
            return Seen(Health.INCONCLUSIVE, self.ours)
        if self._taken() > self.seconds + max(_LATE, self.seconds / 2):
            what = f"this machine is too busy: it took {self._taken():.1f} s to see a deadline of"
            return Seen(Health.INCONCLUSIVE, f"{what} {self.seconds:g} s ({self.doing})")
        return Seen(Health.DOWN, f"no answer in {self.seconds:g} s ({self.doing})")

    def slow(self, after: float | None) -> str | None:
        """What to say where it took longer than ``after`` seconds."""
        took = self.latency().total_seconds()
        if after is None or took <= after:
            return None
        return f"answered in {took:.2f} s, slow after {after:g} s"

    def _taken(self) -> float:
        return time.monotonic() - self._began


Look = Callable[[Attempt], Awaitable[Seen]]


async def read(name: str, deadline: timedelta, slow_after: float | None, look: Look) -> Reading:
    """Look once, until the deadline. Raises nothing but the cancellation of whoever asked."""
    at, attempt = now(), Attempt(deadline.total_seconds())
    seen = (await _settled(attempt, look)).but(attempt.slow(slow_after))
    answered = seen.state in {Health.UP, Health.DEGRADED}
    latency = attempt.latency() if answered else None
    return Reading(name, seen.state, at, latency, seen.detail, seen.version)


def now() -> datetime:
    """The real time: a target lives in it, and so do its certificates."""
    return datetime.now(UTC)


async def _settled(attempt: Attempt, look: Look) -> Seen:
    try:
        async with asyncio.timeout(attempt.seconds):
            return await look(attempt)
    except TimeoutError:
        return attempt.late()
    except Exception as error:  # noqa: BLE001 - a fault of the probe is told, not raised
        return of_error(error, attempt.doing)
