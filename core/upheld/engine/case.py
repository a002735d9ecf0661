"""``decide`` for a case: (terms, subject, event) -> Decision. Pure; time is in the event.

The path: sort the facts, live through them again until now, and compare what became due with what
the case remembers having done. What is new is done, what late news has proven wrong is taken back,
and the next instant at which anything can happen becomes ``wake_at``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from upheld.calendar.instant import Instant
from upheld.case.clock import ClockRun, ClockState
from upheld.case.decision import Action, Cancel, CreateItem, Decision, Listing, Subject
from upheld.case.events import (
    UPHELD,
    Consequence,
    Event,
    Linked,
    Origin,
    PassedOver,
    StepResult,
    StepTaken,
    StepWithdrawn,
    VerdictGiven,
)
from upheld.case.state import CaseState, Status
from upheld.engine.clocks import ClockTrack
from upheld.engine.memory import Memory
from upheld.engine.messages import actions, merged
from upheld.engine.step import Step, StepKind
from upheld.engine.terms import Terms
from upheld.engine.timeline import Timeline, Track
from upheld.engine.tracks import EveryTrack, ReplyTrack, StandDownTrack, WhenTrack
from upheld.policy.model import CatchUp, Verb


@dataclass(frozen=True, slots=True)
class Life:
    """A case lived through until an instant: its state, what became due, clocks, what is to come."""

    state: CaseState
    steps: tuple[Step, ...]
    clocks: tuple[ClockRun, ...]
    wake_at: Instant | None
    due: Instant | None


def decide(terms: Terms, subject: Subject, event: Event) -> Decision:
    """What this event means for the case. The same facts give the same clocks in any order."""
    memory = Memory.read(subject.state)
    now = memory.seen = max(memory.seen, event.seen)
    facts = subject.facts if event.origin is Origin.CONSEQUENCE else (*subject.facts, event)
    facts = tuple(sorted(facts, key=lambda fact: fact.order))
    life = replay(terms, subject.id, facts, now)
    follows: list[Consequence] = []
    todo: list[Action] = list(_create(subject.id, facts))
    todo += _withdrawn(subject.id, life, memory, follows)
    todo += _due(subject.id, life, terms, memory, now, follows)
    _verdicts(life, memory, follows)
    _passed_over(terms, facts, memory, now, follows)
    return Decision(
        state=memory.write(),
        follows=tuple(_events(subject, event, follows, now)),
        actions=merged(todo),
        wake_at=life.wake_at,
        listing=_listing(life),
    )


def replay(terms: Terms, case: str, facts: Sequence[Event], until: Instant) -> Life:
    """Live through sorted facts until an instant, remembering nothing."""
    clocks = [ClockTrack(terms, clause, rule) for clause, rule in terms.targets]
    whens = [WhenTrack(terms, clause, rule) for clause, rule in terms.whens]
    everies = [EveryTrack(terms, clause, rule) for clause, rule in terms.everies]
    tracks: list[Track] = [*clocks, *whens, *everies, StandDownTrack(), ReplyTrack()]
    line = Timeline(terms, case, tracks)
    line.live(facts, until)
    promises: list[ClockTrack | WhenTrack | EveryTrack] = [*clocks, *whens, *everies]
    pending = [track.pending(line.state) for track in promises]
    return Life(
        state=line.state,
        steps=tuple(line.steps),
        clocks=tuple(run for clock in clocks for run in clock.history(until)),
        wake_at=min((at for at, _, _ in line.timers() if at > until), default=None),
        due=min((at for at in pending if at is not None), default=None),
    )


def why_no_clock(life: Life) -> str | None:
    """The reason why an open case has no clock just now; None where it has one (or is closed)."""
    state = life.state
    if life.due is not None or state.status is Status.CLOSED:
        return None
    states = {run.state for run in life.clocks}
    reasons = (
        (state.enforced_from is None, "read and reported, not enforced until a person takes it in"),
        (state.status is Status.RESOLVED, "resolved; it waits to be closed"),
        (ClockState.PAUSED in states, f"its clock is paused: {state.status.replace('_', ' ')}"),
        (bool(states), "its target has been judged; it is worked until it is resolved"),
    )
    return next((reason for holds, reason in reasons if holds), "no target is promised for it")


def _due(
    case: str,
    life: Life,
    terms: Terms,
    memory: Memory,
    now: Instant,
    follows: list[Consequence],
) -> Iterable[Action]:
    fresh = [step for step in life.steps if not memory.knows(step)]
    last = {step.track: step.occurrence for step in fresh}
    for step in fresh:
        result = _result(step, life.state, terms, last[step.track], now)
        memory.keep(step, result)
        if step.clause and step.kind is StepKind.DO:
            follows.append(_taken(case, step, result, now))
        if result is StepResult.TAKEN:
            yield from actions(case, step, life.state, now)


def _result(step: Step, state: CaseState, terms: Terms, last: int, now: Instant) -> StepResult:
    own = state.enforced_from
    begins = None if own is None else max(own, terms.enforced_from or own)
    collapses = step.catch_up is CatchUp.COLLAPSE and (step.occurrence < last or _stale(step, now))
    folds = state.parent is not None and step.kind is not StepKind.STAND_DOWN
    results = (
        (step.kind is StepKind.REPLY, StepResult.TAKEN),
        (step.filled, StepResult.FILLED),
        (begins is None or step.due < begins, StepResult.BEFORE_ENFORCEMENT),
        (collapses, StepResult.COLLAPSED),
        (folds, StepResult.FOLDED),
    )
    return next((result for holds, result in results if holds), StepResult.TAKEN)


def _stale(step: Step, now: Instant) -> bool:
    # A question ahead of a status that is due by now has nobody to help any more.
    return step.kind is StepKind.ASK and step.next_due is not None and step.next_due <= now


def _taken(case: str, step: Step, result: StepResult, now: Instant) -> StepTaken:
    key = f"{case}/{step.track}/{step.occurrence}"
    return StepTaken(key, step.clause, step.rule, step.due, result, max(0, now - step.due))


def _withdrawn(
    case: str, life: Life, memory: Memory, follows: list[Consequence]
) -> Iterable[Action]:
    lived = {step.track for step in life.steps}
    for track in memory.taken_once():
        clause = track.split("/", 1)[0]
        if track in lived or clause in {"stand-down", "reply"}:
            continue
        key = f"{case}/{track}/1"
        reason = "news came later that it was not needed"
        memory.steps[track][1] = "withdrawn"
        follows.append(StepWithdrawn(key, clause, reason))
        yield Cancel(key, reason)


def _verdicts(life: Life, memory: Memory, follows: list[Consequence]) -> None:
    for run in life.clocks:
        if run.state not in {ClockState.MET, ClockState.MISSED}:
            continue
        before = memory.verdicts.get(run.key)
        if before == run.state.value or run.due is None:
            continue
        memory.verdicts[run.key] = run.state.value
        follows.append(
            VerdictGiven(
                run.key, run.clause, run.rule, run.state.value, run.due, run.met_at, before
            )
        )


def _passed_over(
    terms: Terms,
    facts: Sequence[Event],
    memory: Memory,
    now: Instant,
    follows: list[Consequence],
) -> None:
    for fact in facts:
        if not isinstance(fact.body, PassedOver):
            continue
        for clause, rule in terms.whens:
            key = f"{clause.id}/{rule.name}/passed-over/{fact.id}"
            if any(do.verb is Verb.ORDER for do in rule.do) and key not in memory.verdicts:
                memory.verdicts[key] = ClockState.MISSED.value
                follows.append(VerdictGiven(key, clause.id, rule.name, "missed", fact.at, now))


def _create(case: str, facts: Sequence[Event]) -> Iterable[Action]:
    opened = facts[0].body
    where = getattr(opened, "create_on", None)
    linked = any(isinstance(fact.body, Linked) and fact.body.connection == where for fact in facts)
    if where is not None and not linked:
        yield CreateItem(f"{case}/create/{where}", where)


def _events(
    subject: Subject, event: Event, bodies: Sequence[Consequence], now: Instant
) -> Iterable[Event]:
    for index, body in enumerate(bodies):
        at = body.due if isinstance(body, StepTaken | VerdictGiven) else now
        yield Event(f"{subject.seq + 1}.{index}~{event.id}", at, now, UPHELD, body)


def _listing(life: Life) -> Listing:
    state = life.state
    return Listing(
        status=state.status.value,
        severity=state.acting_severity,
        queue=state.queue,
        assignee=state.assignee,
        customer=state.opened.customer,
        number=state.number,
        title=state.opened.subject,
        opened=state.opened_at,
        due=life.due,
        worked=state.worked_at is not None,
    )
