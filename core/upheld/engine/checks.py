"""When a monitor is read next. All in instants: a changed clock makes no check more and none less."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from upheld.calendar.instant import MINUTE, Instant, Span
from upheld.case.monitor import Cadence, MonitorState, Tally

#: How soon one is asked again of which something hangs on the next answer, where ``spaced`` says nothing.
_SOON: Final = MINUTE
#: How often a silence is looked at that goes on: its excuse may have ended.
_LISTEN: Final = 5 * MINUTE
#: Nothing is done by an outage before these know.
_SETTLED: Final = frozenset({MonitorState.DOWN, MonitorState.INCONCLUSIVE})


def phase(name: str, every: Span) -> Span:
    """How long after the full interval this monitor is asked: the same at each start, spread evenly."""
    return int.from_bytes(sha256(name.encode()).digest()[:8]) % every


def next_check(cadence: Cadence, after: Instant) -> Instant:
    """When the first check after ``after`` begins."""
    begun = (after - cadence.phase) // cadence.every
    return cadence.phase + (begun + 1) * cadence.every


def awaited(cadence: Cadence, tally: Tally, since: Instant) -> Instant | None:
    """When a heartbeat is missed; ``since``: from when on we could hear it. None: it may be silent."""
    if cadence.silence is None:
        return None
    return max(since, tally.recent[-1].at if tally.recent else since) + cadence.silence


def due(cadence: Cadence, tally: Tally, at: Instant) -> Instant | None:
    """When to look again after ``at``, the last reading or judgement; None: when somebody tells something."""
    if not cadence.asked:
        return _listen(cadence, tally, at)
    if cadence.spaced is not None and tally.since is not None:
        return _again(tally.since, at, cadence.spaced)
    soonest = next_check(cadence, at)
    return min(soonest, at + (cadence.spaced or _SOON)) if _urgent(cadence, tally) else soonest


def _listen(cadence: Cadence, tally: Tally, at: Instant) -> Instant | None:
    missed = awaited(cadence, tally, tally.recent[-1].at if tally.recent else at)
    if missed is None or cadence.silence is None or missed > at:
        return missed
    return at + min(cadence.silence, _LISTEN)


def _again(since: Instant, at: Instant, spaced: Span) -> Instant:
    """The next request of a failing check: counted from its first failure, so that small delays don't add
    up; never sooner than half of ``spaced``."""
    return since + ((at - since + spaced // 2) // spaced + 1) * spaced


def _urgent(cadence: Cadence, tally: Tally) -> bool:
    """It comes and goes, or fails often enough, and it is not known yet by what."""
    return tally.flapping or (tally.streak >= cadence.requests and tally.state not in _SETTLED)
