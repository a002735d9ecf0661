"""A target running on a case, segment by segment. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from upheld.calendar.instant import Instant, Span


class ClockState(StrEnum):
    """``stopped``: the target no longer applies (severity changed, closed) and no verdict was due."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a clock, and what began it. ``ends`` is None for the one that goes on; ``elapsed``
    counts of what is promised, inside business hours and (where that is promised) outside. ``desk`` had
    the case, ``calendar`` is the one that counted; both are told of clocks that ask whose turn it is."""

    begins: Instant
    state: ClockState
    by: str
    ends: Instant | None = None
    elapsed: tuple[Span, ...] = ()
    desk: str = ""
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class ClockRun:
    """One cycle of a clock. ``due`` is the earliest instant at which the elapsed time fills the
    promise; it is judged by the time elapsed: ``spent`` of ``within``, and where the policy promises
    hours outside business hours as well, ``spent_outside`` of ``outside``.

    ``by`` are the words of a promised instant; ``carried`` what a clock of another severity had
    spent before; ``aimed_at`` when the aim is (or was) up, ``warned_at`` when that was told.
    """

    key: str
    clause: str
    rule: str
    target: str
    cycle: int
    started: Instant
    within: Span
    calendar: str
    state: ClockState
    due: Instant | None
    spent: Span
    met_at: Instant | None = None
    segments: tuple[Segment, ...] = ()
    by: str = ""
    outside: Span | None = None
    spent_outside: Span = 0
    carried: Span = 0
    aimed_at: Instant | None = None
    warned_at: Instant | None = None
