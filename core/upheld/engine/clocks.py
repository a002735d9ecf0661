"""The track of a target: a clock that starts, pauses, is met or missed, and starts again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from upheld.calendar.instant import Instant, Span
from upheld.case.clock import ClockRun, ClockState, Segment
from upheld.case.events import Event, Migrated, Reopened, Resolved
from upheld.case.state import CaseState, Status
from upheld.engine.arming import ENDED, ONGOING, arms, arms_again, start_of
from upheld.engine.conditions import asks_status, fits, live
from upheld.engine.cycles import cycle_of
from upheld.engine.meter import Spent, added
from upheld.engine.outcomes import begins_anew, stopped_by
from upheld.engine.terms import Terms
from upheld.engine.timeline import Timeline
from upheld.policy.desks import DESK, HANDED_OVER
from upheld.policy.model import Clause, OnChange, OnReopen, Target

#: What counts for the clock of a tier only while that has the case.
TURNS = frozenset({"worked", HANDED_OVER})

_CLOSED: Final = frozenset({Status.CLOSED})


class ClockTrack:
    """One target of the policy on one case.

    Time runs, and what our people do counts, from the start of the target whether or not the
    severity is the target's own just then: a clock that applies from later on counts from the start
    (``from_start``), and nobody has to answer twice because the severity changed.
    """

    def __init__(self, terms: Terms, clause: Clause, rule: Target) -> None:
        self.clause, self.rule = clause, rule
        self._terms = terms
        self.is_own = live(rule.applies, acting=True)
        self._begins = start_of(rule)
        self._ongoing = rule.target in ONGOING
        ended = ENDED if self._ongoing else _CLOSED
        self._ended = frozenset[Status]() if asks_status(rule.applies) else ended
        self._waits = fits(rule.pause_while) if rule.pause_while else None
        self.meter = terms.meter(rule)
        self.aim: Span | None = terms.reach(rule.aim, terms.hours(rule))[1] if rule.aim else None
        self._follows = rule.tier is not None or rule.calendar == DESK
        self.desk: str | None = None  # the one that has the case, where the clock asks for that
        self.same: Sequence[ClockTrack] = (self,)
        self.runs: list[ClockRun] = []
        self.cycle = 1
        self.before: CaseState | None = None  # as of the last change
        self.told = (False, False)
        self.judges_from: Instant = 0  # what was answered before is nothing of this policy's
        self.stopped: str | None = None  # the outcome that took the case off the clock
        self._reset()

    def _reset(self) -> None:
        self.started: Instant | None = None
        self.resumed: Instant | None = None  # None while paused, and once met
        self.spent: Spent = ()
        self.carried: Span = 0
        self.applies = self.applied = False
        self.verdict: ClockState | None = None
        self.met_at: Instant | None = None
        self.by_resolving = self.by_handing_over = False
        self.due_then: Instant | None = None  # once judged: as it was then
        self.aimed_at: Instant | None = None  # once warned: as it was then
        self.warned_at: Instant | None = None
        self.planned: Instant | None = None
        self.segments: list[Segment] = []

    def changed(self, line: Timeline, at: Instant) -> None:
        """Start, pause, resume; begin or cease to apply."""
        state = line.state
        self._stop_or_return(state, at)
        if self._follows and state.held_by != self.desk:
            self._follow(state, at)
        if self.started is None and not self._ongoing and self._begins(state):
            begun = self.rule.starts == "opened" and self.rule.tier is None
            self._start(state.opened_at if begun else at)
        if self.started is not None:
            applies = self.is_own(state)
            if applies and not self.applies:
                self._brought(state, at)
            self._pause_or_resume(state, at)
            self.applies = applies
            self.applied |= applies
            if applies and self._is_met_in_time():
                self.verdict = ClockState.MET
            self._plan(line, at)
        self._tell(line)
        self.before = line.state

    def _is_met_in_time(self) -> bool:
        """For a target that applies from later on; what another policy judged is nothing of this."""
        if self.met_at is None or self.verdict is not None or self.met_at < self.judges_from:
            return False
        return self.meter.holds(self.spent)

    def happened(self, line: Timeline, event: Event, done: frozenset[str]) -> None:
        """Met by what our people did; begun anew by a message, or by a reopening."""
        if not (done or self._ongoing or isinstance(event.body, Migrated | Reopened)):
            return
        state, before = line.state, self.before or line.state
        if isinstance(event.body, Migrated):
            self._moved(event.body.judged, event.at)
            line.stir()
        if isinstance(event.body, Reopened) and state.reopened_at == event.at:
            self._reopen(event, before, state)
            line.stir()
        if not (self._ongoing and self.started == event.at):
            self._heard(line, event, done, before)
        self._tell(line)

    def _heard(self, line: Timeline, event: Event, done: frozenset[str], before: CaseState) -> None:
        unanswered = self.started is not None and self.met_at is None
        if unanswered and self._counting(done, before) & set(self.rule.met_by):
            self._meet(event.at)
            self.by_resolving = isinstance(event.body, Resolved)
            self.by_handing_over = HANDED_OVER in done
            unanswered = False
        if not self._ongoing or not self._begins(line.state):
            return
        if arms(self.rule, event, done, before=before, now=line.state, unanswered=unanswered):
            self._again(event.at, event.body.kind)
            line.stir()

    def _counting(self, done: frozenset[str], before: CaseState) -> frozenset[str]:
        """Of what was done, what counts for this clock: whoever answers the customer or resolves does so
        for all, but to work and to hand over is the doing of the tier that had the case."""
        own = self.rule.tier is None or before.tier == self.rule.tier
        return done if own else done - TURNS

    def awaits(self, at: Instant, token: int) -> bool:
        """The limit of this cycle, or the end of its aim."""
        cycle, aims = divmod(token, 2)
        if cycle != self.cycle or not self._runs():
            return False
        if aims:
            return self.warned_at is None and self.aim_is_up() <= at
        return self._limit() <= at

    def struck(self, line: Timeline, at: Instant) -> None:
        """More time than was promised has passed, or than was aimed at."""
        if self._limit() <= at:
            self.due_then = self._due()
            self._judge(ClockState.MISSED)
        else:
            self.aimed_at, self.warned_at = self.aim_is_up(), at
        self._tell(line)

    @property
    def due(self) -> Instant | None:
        """When it is due, while it runs."""
        return self._due() if self._runs() else None

    def pending(self, _state: CaseState) -> Instant | None:
        """What a case waits for."""
        return self.due

    def history(self, at: Instant) -> list[ClockRun]:
        """All cycles so far, as they stand at an instant; a clock that never applied has none."""
        current = self._run(at, None)
        return [*self.runs, *([current] if current else [])]

    def total(self, at: Instant) -> Spent:
        """What has run until an instant."""
        if self.resumed is None:
            return self.spent
        return added(self.spent, self.meter.since(self.resumed, at))

    # --- start, pause, begin to apply ---------------------------------------------------------

    def _start(self, at: Instant, by: str = "") -> None:
        self.started = self.resumed = at
        if self.rule.by is not None:
            self.meter = self._terms.until(self.rule, at, self.desk)
        self.spent, self.carried, self.planned = self.meter.empty, 0, None
        starts = self.rule.starts
        by = by or (starts if isinstance(starts, str) else "condition")
        self.segments = [self._segment(at, ClockState.RUNNING, by)]

    def _segment(self, at: Instant, state: ClockState, by: str) -> Segment:
        calendar = self.meter.lanes[0][0].name if self.desk else ""
        return Segment(at, state, by, desk=self.desk or "", calendar=calendar)

    def _follow(self, state: CaseState, at: Instant) -> None:
        """Another desk has the case: what ran so far is the last one's, the rest runs on the hours of this.

        A tier that has done its part by giving it on begins anew when it comes back.
        """
        if self.by_handing_over and state.tier == self.rule.tier:
            self._end(at)
        runs = self.resumed is not None and self.met_at is None
        if runs:
            how = ClockState.PAUSED if self._pauses(state) else ClockState.RUNNING
            self._turn(at, how, HANDED_OVER)
        self.desk = state.held_by
        if self.rule.by is None:
            self.meter = self._terms.meter(self.rule, self.desk)
        if runs:
            self.segments[-1] = self._segment(at, self.segments[-1].state, HANDED_OVER)

    def _brought(self, state: CaseState, at: Instant) -> None:
        """Whether the severity that brought this target (1 is the most urgent) begins it anew."""
        before = self.before.acting_severity if self.before else None
        now = state.acting_severity
        if before is None or now is None or before == now or self._is_judged():
            return
        change = self.rule.on_raise if now < before else self.rule.on_lower
        if change is OnChange.RESTART:
            self._start(at)
        elif change is OnChange.CARRY:
            spent = self._spent_before(at)
            self._start(at, "carried over")
            self.spent, self.carried = self.meter.carried(spent), spent[0]

    def _is_judged(self) -> bool:
        return self.verdict is not None or self.met_at is not None

    def _spent_before(self, at: Instant) -> Spent:
        """What the clock of the severity before had spent; nothing where there was none."""
        before = self.before
        theirs = (
            other.total(at)
            for other in self.same
            if other is not self and other.started is not None and before and other.is_own(before)
            if other.rule.tier == self.rule.tier
        )
        return next(theirs, self.meter.empty)

    def _pause_or_resume(self, state: CaseState, at: Instant) -> None:
        if self.met_at is not None:
            return
        paused = self._pauses(state)
        if paused and self.resumed is not None:
            how = ClockState.PAUSED if self.stopped is None else ClockState.STOPPED
            self._turn(at, how, self.stopped or state.status)
        elif not paused and self.resumed is None:
            self._turn(at, ClockState.RUNNING, state.status)

    def _stop_or_return(self, state: CaseState, at: Instant) -> None:
        """An outcome takes the case off the clock; taken back, the clock goes on or begins anew."""
        before, self.stopped = self.stopped, stopped_by(self._terms.policy, state)
        returned = before is not None and self.stopped is None and self.started is not None
        if returned and begins_anew(self._terms.policy, before or ""):
            self._again(at)

    def _pauses(self, state: CaseState) -> bool:
        if self.stopped is not None or self._is_elsewhere(state):
            return True
        if state.status in self._ended:
            return True
        return self._waits is not None and self._waits(state)

    def _is_elsewhere(self, state: CaseState) -> bool:
        return self.rule.tier is not None and state.tier != self.rule.tier

    def _turn(self, at: Instant, state: ClockState, by: str) -> None:
        """One stretch ends, another begins."""
        last = self.segments[-1]
        ran = self.meter.empty if self.resumed is None else self.meter.since(self.resumed, at)
        self.segments[-1] = replace(last, ends=at, elapsed=ran)
        self.segments.append(self._segment(at, state, by))
        self.spent, self.resumed, self.planned = added(self.spent, ran), None, None
        if state is ClockState.RUNNING:
            self._go(at)

    def _go(self, at: Instant) -> None:
        """Time runs from now on; towards an instant it has run all the while."""
        self.resumed = at
        if self.rule.by is not None and self.started is not None:
            self.spent = (at - self.started,)

    # --- run, be judged -----------------------------------------------------------------------

    def _runs(self) -> bool:
        return self.applies and self.verdict is None and self.resumed is not None

    def _plan(self, line: Timeline, at: Instant) -> None:
        runs = self._runs()
        if not runs or self.planned is not None:
            self.planned = self.planned if runs else None
            return
        self.planned = self._limit()
        if self.aim is not None and self.warned_at is None and self.planned > at:
            line.schedule(self.aim_is_up(), self, self.cycle * 2 + 1)
        line.schedule(self.planned, self, self.cycle * 2)

    def _limit(self) -> Instant:
        return self.meter.limit(self.resumed or 0, self.spent)

    def _due(self) -> Instant:
        return self.meter.due(self.resumed or 0, self.spent)

    def _meet(self, at: Instant) -> None:
        """Judged by elapsed time; met while it is paused, it is due as if it went on just then."""
        self.met_at = at
        if self.resumed is None:
            self._go(at)
        self.due_then = self.due_then or self._due()
        self._turn(at, ClockState.MET, "met")
        if self.applies:
            kept = self.meter.holds(self.spent)
            self._judge(ClockState.MET if kept else ClockState.MISSED)

    def _judge(self, verdict: ClockState) -> None:
        """The first verdict stands: an answer that comes late makes no breach undone."""
        self.verdict = self.verdict or verdict

    def _tell(self, line: Timeline) -> None:
        """Which targets are missed, and which are past their aim, as conditions read it."""
        missed = self.verdict is ClockState.MISSED
        warned = self.warned_at is not None and self.applies and self.met_at is None
        if self.told == (missed, warned):
            return
        self.told = missed, warned
        state, name = line.state, {self.rule.target}
        missed = any(each.told[0] for each in self.same)
        warned = any(each.told[1] for each in self.same)
        line.become(
            state.but(
                missed=state.missed | name if missed else state.missed - name,
                warned=state.warned | name if warned else state.warned - name,
            )
        )

    # --- again --------------------------------------------------------------------------------

    def _reopen(self, event: Event, before: CaseState, state: CaseState) -> None:
        new = self.rule.on_reopen is OnReopen.NEW_CYCLE
        if self._ongoing and new:
            self._end(event.at)
            if self._begins(state) and arms_again(self.rule, event, before=before, now=state):
                self._start(event.at, event.body.kind)
        elif self.started is not None and new:
            self._again(event.at)
        elif self.started is not None and self.by_resolving:
            self._go_on(event.at)

    def _again(self, at: Instant, by: str = "") -> None:
        self._end(at)
        self._start(at, by)

    def _end(self, at: Instant) -> None:
        """This cycle is over; what was not judged is not judged any more."""
        run = self._run(at, at)
        if run is not None:
            judged = run.state in {ClockState.MET, ClockState.MISSED}
            self.runs.append(run if judged else replace(run, state=ClockState.STOPPED, due=None))
            self.cycle += 1
        self._reset()

    def _go_on(self, at: Instant) -> None:
        """What was solved is not solved: the time until here didn't count, the rest does."""
        self.met_at, self.by_resolving = None, False
        if self.verdict is not ClockState.MISSED:
            self.verdict = self.due_then = None
        self._turn(at, ClockState.RUNNING, "reopened")

    def _moved(self, judged: Mapping[str, str], at: Instant) -> None:
        """The case came under this policy just now: what was judged before stands, nothing else."""
        self.judges_from = at
        self.runs = [_as_judged(run, judged) for run in self.runs]
        given = judged.get(self.key())
        if given is not None:
            self.due_then = self.due_then or self.due
        else:
            self.due_then = None
        self.verdict = ClockState(given) if given else None
        self.planned = None

    # --- tell ---------------------------------------------------------------------------------

    def _run(self, at: Instant, ends: Instant | None) -> ClockRun | None:
        return None if self.started is None or not self.applied else cycle_of(self, at, ends)

    def key(self) -> str:
        """What this cycle's verdict is known by."""
        return f"{self.clause.id}/{self.rule.name}/clock/{self.cycle}"

    def aim_is_up(self) -> Instant:
        """When the aim is (while it runs)."""
        calendar = self.meter.lanes[0][0]
        return calendar.add(self.resumed or 0, max(0, (self.aim or 0) - self.spent[0]))


def _as_judged(run: ClockRun, judged: Mapping[str, str]) -> ClockRun:
    """A cycle that is over, with the verdict that it was given then."""
    if run.key in judged:
        return replace(run, state=ClockState(judged[run.key]))
    return replace(run, state=ClockState.STOPPED, due=None)


def together(clocks: Sequence[ClockTrack]) -> None:
    """Let the clocks of one target know of each other."""
    for clock in clocks:
        clock.same = [other for other in clocks if other.rule.target == clock.rule.target]
