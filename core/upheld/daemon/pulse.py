"""Signs of life, one a loop: a loop that stands still or has ended is trouble, whatever the others do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import MINUTE, Instant, Span, iso
from upheld.clock import Clock
from upheld.daemon.findings import Found

#: So long a loop may take for one turn: those that read wait for news and for slow far ends.
WORKER: Final[Span] = 2 * MINUTE
READER: Final[Span] = 5 * MINUTE


@dataclass(slots=True)
class _Loop:
    alive: Callable[[], bool]
    patience: Span
    last: Instant
    wrong: str = ""


class Pulse:
    """Who works, and when each was last heard (policy time)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loops: dict[str, _Loop] = {}

    def watch(self, thread: threading.Thread, patience: Span) -> None:
        """From here on this thread, under its name, is to show that it lives."""
        self._loops[thread.name] = _Loop(thread.is_alive, patience, self._clock.now())

    def beat(self, name: str) -> None:
        """A turn went well."""
        if name in self._loops:
            loop = self._loops[name]
            loop.last, loop.wrong = self._clock.now(), ""

    def fails(self, name: str, why: str) -> None:
        """A turn went wrong: that is no sign of life."""
        if name in self._loops:
            self._loops[name].wrong = why

    def rest(self) -> None:
        """Everybody starts anew: the host slept, or its clock was set."""
        for loop in self._loops.values():
            loop.last = self._clock.now()

    def end(self) -> None:
        """They are told to end: from here on that is in order."""
        self._loops.clear()

    def found(self, now: Instant) -> Iterator[Found]:
        """Loops that have ended, and loops that do not come round."""
        for name, loop in list(self._loops.items()):
            if not loop.alive():
                what = "the loop has ended; restart the daemon"
                yield Found(f"ended: {name}", name, what, here=True, overdue=True)
            elif now - loop.last >= loop.patience:
                why = f": {loop.wrong}" if loop.wrong else ""
                what = f"the loop has not come round since {iso(loop.last)}{why}"
                yield Found(f"stuck: {name}", name, what, here=True, overdue=True)
