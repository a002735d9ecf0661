"""A monitor as it stands, and what is read of it: data only.

A reading is one request, or one word from elsewhere. Readings are counted into a ``Tally``, which is stored
with each of them; only where the count makes another state of it, that is a fact (``Turned``) of the monitor.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from upheld.calendar.instant import Instant, Span


class MonitorState(StrEnum):
    """Where a monitor stands. ``soft_down``: it fails, and not yet often enough in a row; ``unread``: nothing
    was read of it so far."""

    UNREAD = "unread"
    UP = "up"
    DEGRADED = "degraded"
    SOFT_DOWN = "soft_down"
    DOWN = "down"
    INCONCLUSIVE = "inconclusive"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Cadence:
    """How a monitor is read and counted, by its rule (M-18 and its reading).

    A check begins each ``every``, ``phase`` after the full interval, so that many monitors don't ask at
    once. With ``spaced`` a failing check goes on asking so far apart and ``requests`` failures in a row
    within it mean down; without, a check is one request and failures are counted across checks.
    ``asked`` False: nobody asks it, others tell of it (``fed_by``); with ``silence`` it has to be heard of
    so often then (a heartbeat), without it may be silent.
    """

    every: Span
    requests: int = 1
    spaced: Span | None = None
    phase: Span = 0
    silence: Span | None = None
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """One reading in our words: ``up``, ``degraded``, ``down`` or ``inconclusive``.

    ``at`` is when it was asked (or told), in policy time; ``latency`` in microseconds, ``detail`` in a line,
    ``version`` where the far end told it. ``silent``: what was seen is that nothing came, which is judged,
    and not remembered as a reading.
    """

    at: Instant
    state: MonitorState
    latency: Span | None = None
    detail: str = ""
    version: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What else was known when a reading came in.

    ``blind``: why nothing that we read can be believed; ``behind``: the monitor before it that fails;
    ``window``: the maintenance that covers it; ``awaits``: the monitor before it that has to be read
    first, since it may be what fails (no failure becomes an outage until then). Each "" where there is none.
    """

    blind: str = ""
    behind: str = ""
    window: str = ""
    awaits: str = ""

    @property
    def excuse(self) -> str:
        """Why a failure is nobody's outage; "" where it is one."""
        if self.window:
            return f"window {self.window}"
        return f"behind {self.behind}" if self.behind else ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted so far; stored beside the reading that it ends with.

    ``streak`` failures in a row, the first at ``since``, the last that counted at ``counted``.
    ``state`` is that of the last fact, and ``excuse`` what it was excused by. ``recent`` are the last
    readings, oldest first, which show ``flapping`` and are attached to a case.
    """

    state: MonitorState = MonitorState.UNREAD
    streak: int = 0
    since: Instant | None = None
    counted: Instant | None = None
    excuse: str = ""
    recent: tuple[Seen, ...] = ()
    flapping: bool = False

    @property
    def stands(self) -> MonitorState:
        """How it stands for those who look: also that it fails, and not yet often enough."""
        soft = self.streak and self.state in _SOFTLY
        return MonitorState.SOFT_DOWN if soft else self.state


_SOFTLY: Final = frozenset({MonitorState.UP, MonitorState.DEGRADED, MonitorState.UNREAD})
