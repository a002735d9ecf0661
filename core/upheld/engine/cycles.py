"""One cycle of a clock as it stands at an instant, for all who read it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from upheld.calendar.instant import Instant
from upheld.case.clock import ClockRun, ClockState

if TYPE_CHECKING:
    from upheld.engine.clocks import ClockTrack


def cycle_of(clock: ClockTrack, at: Instant, ends: Instant | None) -> ClockRun:
    """The cycle that runs (``ends`` None) or ends just now; the clock has started."""
    last, spent, lanes = clock.segments[-1], clock.total(at), clock.meter.lanes
    ran = clock.meter.empty if clock.resumed is None else clock.meter.since(clock.resumed, at)
    two = len(lanes) > 1
    return ClockRun(
        key=clock.key(),
        clause=clock.clause.id,
        rule=clock.rule.name,
        target=clock.rule.target,
        cycle=clock.cycle,
        started=at if clock.started is None else clock.started,
        within=lanes[0][1],
        calendar=(clock.rule.calendar or "") if clock.rule.by else lanes[0][0].name,
        state=_state(clock),
        due=clock.due if clock.verdict is None else clock.due_then,
        spent=spent[0],
        met_at=clock.met_at,
        segments=(
            *clock.segments[:-1],
            replace(last, ends=ends, elapsed=ran),
        ),
        by=clock.rule.by.text if clock.rule.by else "",
        outside=lanes[1][1] if two else None,
        spent_outside=spent[1] if two else 0,
        carried=clock.carried,
        aimed_at=_aimed_at(clock),
        warned_at=clock.warned_at,
    )


def _state(clock: ClockTrack) -> ClockState:
    if clock.verdict is not None:
        return clock.verdict
    if not clock.applies or clock.met_at is not None or clock.stopped is not None:
        return ClockState.STOPPED
    return ClockState.PAUSED if clock.resumed is None else ClockState.RUNNING


def _aimed_at(clock: ClockTrack) -> Instant | None:
    if clock.warned_at is not None or clock.aim is None:
        return clock.aimed_at
    return None if clock.due is None else clock.aim_is_up()
