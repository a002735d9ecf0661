"""The track of a target: a clock that starts, pauses, is met or missed, and starts again."""

from __future__ import annotations

from dataclasses import replace

from upheld.calendar.instant import Instant, Span
from upheld.case.clock import ClockRun, ClockState, Segment
from upheld.case.events import Event, Reopened
from upheld.case.state import CaseState
from upheld.engine.conditions import holds, live
from upheld.engine.terms import Terms
from upheld.engine.timeline import Timeline
from upheld.policy.model import Clause, Condition, OnChange, OnReopen, Target


class ClockTrack:
    """One target of the policy on one case.

    Time runs from the start of the target whether or not the severity is the target's own just
    then, so that a clock which applies from later on can count from the start (``from_start``).
    """

    def __init__(self, terms: Terms, clause: Clause, rule: Target) -> None:
        if rule.within is None:
            raise ValueError(f"{clause.id}/{rule.name} has no `within`")
        self.clause, self.rule = clause, rule
        self.calendar, self.within = terms.reach(rule.within, rule.calendar)
        self.runs: list[ClockRun] = []
        self.cycle = 0
        self._reset()

    def _reset(self) -> None:
        self.started: Instant | None = None
        self.resumed: Instant | None = None  # None while paused
        self.spent: Span = 0
        self.applies = False
        self.verdict: ClockState | None = None
        self.met_at: Instant | None = None
        self.due_then: Instant | None = None  # once met, as it was when it ran last
        self.segments: list[Segment] = []

    def changed(self, line: Timeline, at: Instant) -> None:
        """Start, pause, resume; begin or cease to apply."""
        if self.started is None and self._starts(line.state):
            self._start(line.state.opened_at if self.rule.starts == "opened" else at)
        if self.started is None:
            return
        self._pause_or_resume(line.state, at)
        applies = live(self.rule.applies, line.state, acting=True)
        if (
            applies
            and not self.applies
            and self.rule.on_raise is OnChange.RESTART
            and self.segments
        ):
            self._start(at)
        self.applies = applies
        self._plan(line)

    def happened(self, line: Timeline, event: Event, done: frozenset[str]) -> None:
        """Met by what our people did; begun anew by a reopening."""
        if isinstance(event.body, Reopened) and self.rule.on_reopen is OnReopen.NEW_CYCLE:
            self._again(event.at)
        if self.applies and self.met_at is None and done.intersection(self.rule.met_by):
            self._meet(event.at)

    def struck(self, line: Timeline, at: Instant, token: int) -> None:
        """More time than was promised has passed."""
        if token != self.cycle or not self._runs() or self._limit() != at:
            return
        self.verdict = ClockState.MISSED
        line.become(replace(line.state, missed=line.state.missed | {self.rule.target}))

    def pending(self, _state: CaseState) -> Instant | None:
        """When it is due, while it runs."""
        return self._due() if self._runs() else None

    def history(self, at: Instant) -> list[ClockRun]:
        """All cycles so far, as they stand at an instant; a clock that never applied has none."""
        current = self._run(at)
        return [*self.runs, *([current] if current else [])]

    def _starts(self, state: CaseState) -> bool:
        match self.rule.starts:
            case Condition() as condition:
                return live(condition, state, acting=True)
            case "triaged":
                return state.triaged
            case "severity_set":
                return state.severity is not None
            case _:
                return True

    def _start(self, at: Instant) -> None:
        self.cycle = self.cycle or 1
        self.started = self.resumed = at
        self.spent = 0
        self.segments = [Segment(at, ClockState.RUNNING, str(self.rule.starts))]

    def _pause_or_resume(self, state: CaseState, at: Instant) -> None:
        pause = self.rule.pause_while
        paused = pause is not None and holds(pause, state)
        if paused and self.resumed is not None:
            self.spent += self.calendar.elapsed(self.resumed, at)
            self.resumed = None
            self.segments.append(Segment(at, ClockState.PAUSED, state.status))
        elif not paused and self.resumed is None and self.met_at is None:
            self.resumed = at
            self.segments.append(Segment(at, ClockState.RUNNING, state.status))

    def _runs(self) -> bool:
        return self.applies and self.verdict is None and self.resumed is not None

    def _plan(self, line: Timeline) -> None:
        if self._runs():
            line.schedule(self._limit(), self, self.cycle)

    def _limit(self) -> Instant:
        return self.calendar.limit(self.resumed or 0, max(0, self.within - self.spent))

    def _due(self) -> Instant:
        return self.calendar.add(self.resumed or 0, max(0, self.within - self.spent))

    def _meet(self, at: Instant) -> None:
        self.met_at = at
        if self.resumed is not None:
            self.due_then = self._due()
            self.spent += self.calendar.elapsed(self.resumed, at)
        if self.verdict is None:
            self.verdict = ClockState.MET
        self.segments.append(Segment(at, ClockState.MET, "met"))

    def _again(self, at: Instant) -> None:
        run = self._run(at)
        if run is None:
            return
        self.runs.append(run)
        self.cycle += 1
        self._reset()
        self._start(at)

    def _run(self, at: Instant) -> ClockRun | None:
        if self.started is None or not (self.applies or self.verdict):
            return None
        running = self.resumed is not None and self.met_at is None
        since = self.calendar.elapsed(self.resumed or 0, at) if running else 0
        return ClockRun(
            key=f"{self.clause.id}/{self.rule.name}/clock/{self.cycle}",
            clause=self.clause.id,
            rule=self.rule.name,
            target=self.rule.target,
            cycle=self.cycle,
            started=self.started,
            within=self.within,
            calendar=self.calendar.name,
            state=self._state(),
            due=self._shown_due(),
            spent=self.spent + since,
            met_at=self.met_at,
            segments=tuple(self.segments),
        )

    def _state(self) -> ClockState:
        if self.verdict is not None:
            return self.verdict
        if not self.applies:
            return ClockState.STOPPED
        return ClockState.PAUSED if self.resumed is None else ClockState.RUNNING

    def _shown_due(self) -> Instant | None:
        if self.met_at is not None:
            return self.due_then
        return self._due() if self.resumed is not None else None
