"""Readings for the tests of counting: a server that fails and comes back, and who asks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from upheld.calendar.instant import MINUTE, Instant
from upheld.case.events import Turned
from upheld.case.monitor import Cadence, MonitorState, Seen, Sight, Tally
from upheld.engine.checks import next_check
from upheld.engine.counting import Counted, count

UP, DEGRADED, DOWN = MonitorState.UP, MonitorState.DEGRADED, MonitorState.DOWN
INCONCLUSIVE, UNREAD = MonitorState.INCONCLUSIVE, MonitorState.UNREAD
#: As readings are written in tests: ``"u d d x"``.
LETTERS: Final = {"u": UP, "g": DEGRADED, "d": DOWN, "x": INCONCLUSIVE}
CLEAR: Final = Sight()
START: Final[Instant] = 1_200_000 * MINUTE

#: M-18: every 15 minutes, ten requests a minute apart.
M_18: Final = Cadence(every=15 * MINUTE, requests=10, spaced=MINUTE)
#: Three failures across checks.
ACROSS: Final = Cadence(every=5 * MINUTE, requests=3)
TOLD: Final = Cadence(every=5 * MINUTE, requests=3, asked=False)


@dataclass
class Watch:
    """One monitor whose readings are counted; ``turns`` are the facts, each with when it was found."""

    cadence: Cadence
    tally: Tally = field(default_factory=Tally)
    due: Instant | None = START
    turns: list[tuple[Instant, Turned]] = field(default_factory=list)
    counted: int = 0

    def see(self, at: Instant, state: MonitorState, sight: Sight = CLEAR, **more: str) -> Counted:
        """One reading."""
        return self.take(Seen(at, state, **more), sight)  # type: ignore[arg-type]

    def take(self, seen: Seen, sight: Sight = CLEAR) -> Counted:
        found = count(self.cadence, self.tally, seen, sight)
        self.tally, self.due = found.tally, found.due
        self.counted += 1
        if found.turned is not None:
            self.turns.append((seen.at, found.turned))
        return found

    def row(self, letters: str, sight: Sight = CLEAR) -> Watch:
        """Readings one after the other, each when it is due."""
        for letter in letters.split():
            assert self.due is not None
            self.see(self.due, LETTERS[letter], sight)
        return self

    def until(self, end: Instant, state: Callable[[Instant], MonitorState]) -> Watch:
        """Ask whenever it is due before ``end``."""
        while self.due is not None and self.due < end:
            self.see(self.due, state(self.due))
        return self

    @property
    def states(self) -> list[str]:
        """What it turned to, with the excuse where there is one."""
        return [f"{t.state} ({t.excuse})" if t.excuse else t.state for _, t in self.turns]


def up(cadence: Cadence = M_18, at: Instant = START) -> Watch:
    """One that was read as up; what comes after that is looked at."""
    found = Watch(cadence)
    found.see(at, UP)
    found.turns.clear()
    return found


def failing(*spans: tuple[Instant, Instant]) -> Callable[[Instant], MonitorState]:
    """A server that is down within these spans."""
    return lambda at: DOWN if any(begins <= at < ends for begins, ends in spans) else UP


def outage(cadence: Cadence, begins: Instant, ends: Instant, until: Instant) -> Watch:
    """Watch one through an outage."""
    found = Watch(cadence, due=next_check(cadence, START))
    return found.until(until, failing((begins, ends)))
