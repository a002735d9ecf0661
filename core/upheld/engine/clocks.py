"""The track of a target: a clock that starts, pauses, is met or missed, and starts again."""

from __future__ import annotations

from dataclasses import replace

from upheld.calendar.instant import Instant, Span
from upheld.case.clock import ClockRun, ClockState, Segment
from upheld.case.events import Event, Reopened, Resolved
from upheld.case.state import CaseState, Status
from upheld.engine.conditions import Predicate, asks_status, holds, live
from upheld.engine.outcomes import begins_anew, stopped_by
from upheld.engine.terms import Terms
from upheld.engine.timeline import Timeline
from upheld.policy.model import Clause, Condition, OnChange, OnReopen, Target


class ClockTrack:
    """One target of the policy on one case.

    Time runs, and what our people do counts, from the start of the target whether or not the
    severity is the target's own just then: a clock that applies from later on counts from the start
    (``from_start``), and nobody has to answer twice because the severity changed.
    """

    def __init__(self, terms: Terms, clause: Clause, rule: Target) -> None:
        if rule.within is None:
            raise ValueError(f"{clause.id}/{rule.name} has no `within`")
        self.clause, self.rule, self.policy = clause, rule, terms.policy
        self._is_own = live(rule.applies, acting=True)
        self._begins = _start_of(rule)
        self.calendar, self.within = terms.reach(rule.within, rule.calendar)
        self.runs: list[ClockRun] = []
        self.cycle = 1
        self.severity: int | None = None
        self.stopped: str | None = None
        self._reset()

    def _reset(self) -> None:
        self.started: Instant | None = None
        self.resumed: Instant | None = None  # None while paused, and once met
        self.spent: Span = 0
        self.applies = self.applied = False
        self.verdict: ClockState | None = None
        self.met_at: Instant | None = None
        self.by_resolving = False
        self.due_then: Instant | None = None  # once judged: as it was then
        self.planned: Instant | None = None
        self.segments: list[Segment] = []

    def changed(self, line: Timeline, at: Instant) -> None:
        """Start, pause, resume; begin or cease to apply."""
        before, self.severity = self.severity, line.state.acting_severity
        self._stop_or_return(line.state, at)
        if self.started is None and self._begins(line.state):
            self._start(line.state.opened_at if self.rule.starts == "opened" else at)
        if self.started is None:
            return
        applies = self._is_own(line.state)
        if applies and not self.applies and self._restarts(before):
            self._start(at)
        self._pause_or_resume(line.state, at)
        self.applies = applies
        self.applied |= applies
        if applies and self.met_at is not None and self.spent <= self.within:
            self._judge(line, ClockState.MET)
        self._plan(line)

    def happened(self, line: Timeline, event: Event, done: frozenset[str]) -> None:
        """Met by what our people did; begun anew by a reopening."""
        if isinstance(event.body, Reopened) and line.state.reopened_at == event.at:
            self._reopen(event.at)
        if self.started is not None and self.met_at is None and done & set(self.rule.met_by):
            self._meet(line, event.at)
            self.by_resolving = isinstance(event.body, Resolved)

    def awaits(self, at: Instant, token: int) -> bool:
        """The limit of this cycle."""
        return token == self.cycle and self._runs() and self._limit() <= at

    def struck(self, line: Timeline, at: Instant) -> None:
        """More time than was promised has passed."""
        self.due_then = self._due()
        self._judge(line, ClockState.MISSED)

    def pending(self, _state: CaseState) -> Instant | None:
        """When it is due, while it runs."""
        return self._due() if self._runs() else None

    def history(self, at: Instant) -> list[ClockRun]:
        """All cycles so far, as they stand at an instant; a clock that never applied has none."""
        current = self._run(at)
        return [*self.runs, *([current] if current else [])]

    def _start(self, at: Instant) -> None:
        self.started = self.resumed = at
        self.spent = 0
        by = self.rule.starts if isinstance(self.rule.starts, str) else "condition"
        self.segments = [Segment(at, ClockState.RUNNING, by)]

    def _restarts(self, before: int | None) -> bool:
        """Whether the severity that brought this target (1 is the most urgent) begins it anew."""
        if before is None or self.severity is None or before == self.severity:
            return False
        change = self.rule.on_raise if self.severity < before else self.rule.on_lower
        return change is OnChange.RESTART and self.verdict is None and self.met_at is None

    def _pause_or_resume(self, state: CaseState, at: Instant) -> None:
        if self.met_at is not None:
            return
        paused = self._pauses(state)
        if paused and self.resumed is not None:
            self.spent += self.calendar.elapsed(self.resumed, at)
            self.resumed = None
            how = ClockState.PAUSED if self.stopped is None else ClockState.STOPPED
            self.segments.append(Segment(at, how, self.stopped or state.status))
        elif not paused and self.resumed is None:
            self._resume(at, state.status)

    def _stop_or_return(self, state: CaseState, at: Instant) -> None:
        """An outcome takes the case off the clock; taken back, the clock goes on or begins anew."""
        before, self.stopped = self.stopped, stopped_by(self.policy, state)
        returned = before is not None and self.stopped is None and self.started is not None
        if returned and begins_anew(self.policy, before or ""):
            self._again(at)

    def _pauses(self, state: CaseState) -> bool:
        if self.stopped is not None:
            return True
        if state.status is Status.CLOSED and not asks_status(self.rule.applies):
            return True
        return self.rule.pause_while is not None and holds(self.rule.pause_while, state)

    def _resume(self, at: Instant, by: str) -> None:
        self.resumed = at
        self.segments.append(Segment(at, ClockState.RUNNING, by))

    def _runs(self) -> bool:
        return self.applies and self.verdict is None and self.resumed is not None

    def _plan(self, line: Timeline) -> None:
        before, self.planned = self.planned, self._limit() if self._runs() else None
        if self.planned is not None and self.planned != before:
            line.schedule(self.planned, self, self.cycle)

    def _limit(self) -> Instant:
        return self.calendar.limit(self.resumed or 0, max(0, self.within - self.spent))

    def _due(self) -> Instant:
        return self.calendar.add(self.resumed or 0, max(0, self.within - self.spent))

    def _meet(self, line: Timeline, at: Instant) -> None:
        """Judged by elapsed time; met while it is paused, it is due as if it went on just then."""
        self.met_at = at
        self.resumed = at if self.resumed is None else self.resumed
        self.due_then = self.due_then or self._due()
        self.spent += self.calendar.elapsed(self.resumed, at)
        self.resumed = None
        self.segments.append(Segment(at, ClockState.MET, "met"))
        if self.applies:
            self._judge(line, ClockState.MET if self.spent <= self.within else ClockState.MISSED)

    def _judge(self, line: Timeline, verdict: ClockState) -> None:
        """The first verdict stands: an answer that comes late makes no breach undone."""
        self.verdict = self.verdict or verdict
        if self.verdict is ClockState.MISSED:
            line.become(line.state.but(missed=line.state.missed | {self.rule.target}))

    def _reopen(self, at: Instant) -> None:
        if self.started is None:
            return
        if self.rule.on_reopen is OnReopen.NEW_CYCLE:
            self._again(at)
        elif self.by_resolving:
            self._go_on(at)

    def _again(self, at: Instant) -> None:
        run = self._run(at)
        if run is not None:
            judged = run.state in {ClockState.MET, ClockState.MISSED}
            self.runs.append(run if judged else replace(run, state=ClockState.STOPPED, due=None))
            self.cycle += 1
        self._reset()
        self._start(at)

    def _go_on(self, at: Instant) -> None:
        """What was solved is not solved: the time until here didn't count, the rest does."""
        self.met_at, self.by_resolving = None, False
        if self.verdict is not ClockState.MISSED:
            self.verdict = self.due_then = None
        self._resume(at, "reopened")

    def _run(self, at: Instant) -> ClockRun | None:
        if self.started is None or not self.applied:
            return None
        since = 0 if self.resumed is None else self.calendar.elapsed(self.resumed, at)
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
        if not self.applies or self.met_at is not None or self.stopped is not None:
            return ClockState.STOPPED
        return ClockState.PAUSED if self.resumed is None else ClockState.RUNNING

    def _shown_due(self) -> Instant | None:
        if self.verdict is not None:
            return self.due_then
        return self._due() if self._runs() else None


def _start_of(rule: Target) -> Predicate:
    match rule.starts:
        case Condition() as condition:
            return live(condition, acting=True)
        case "triaged":
            return lambda state: state.triaged
        case "severity_set":
            return lambda state: state.severity is not None
        case _:
            return lambda _state: True
