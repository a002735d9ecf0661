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
    """A stretch of a clock, and the event that began it."""

    begins: Instant
    state: ClockState
    by: str


@dataclass(frozen=True, slots=True)
class ClockRun:
    """One cycle of a clock. ``due`` is the earliest instant at which the elapsed time fills the
    promise; it is judged by the time elapsed: ``spent`` of ``within``."""

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
