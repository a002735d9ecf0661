"""``decide`` for a case: (terms, subject, event) -> Decision. Pure; time is in the event.

The path: sort the facts, live through them again until now, and compare what became due with what
the case remembers having done. What is new is done, what late news has proven wrong is taken back,
and the next instant at which anything can happen becomes ``wake_at``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.clock import ClockRun, ClockState
from upheld.case.decision import Action, Cancel, CreateItem, Decision, Listing, Subject
from upheld.case.events import (
    UPHELD,
    Body,
    Event,
    Linked,
    Migrated,
    Origin,
    PassedOver,
    StepResult,
    StepTaken,
    StepWithdrawn,
    VerdictGiven,
    Warned,
)
from upheld.case.state import CaseState, Status
from upheld.engine.ahead import AheadTrack
from upheld.engine.clocks import ClockTrack, together
from upheld.engine.memory import WITHDRAWN, Memory
from upheld.engine.messages import actions, folds, keys, notes, to_nobody
from upheld.engine.step import Step, StepKind
from upheld.engine.terms import Terms
from upheld.engine.timeline import Timeline, Track, lived
from upheld.engine.tracks import EveryTrack, HoldTrack, ReplyTrack, StandDownTrack, WhenTrack
from upheld.policy.desks import HANDED_OVER
from upheld.policy.model import CatchUp, Verb

_JUDGED: Final = frozenset({ClockState.MET, ClockState.MISSED})


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
    life = replay(terms, subject.id, facts, now)
    follows: list[Body] = []
    todo: list[Action] = list(_create(subject.id, facts, life.state))
    todo += _withdrawn(subject.id, life, terms, memory, follows)
    todo += _due(subject.id, life, terms, memory, follows)
    settled = _settled(facts)
    standing = (each for each in _standing(life, terms, facts) if each.key not in settled)
    follows += _verdicts(standing, memory, settled)
    follows += _warnings(life, facts, memory)
    return Decision(
        state=memory.write(),
        follows=tuple(_events(subject, event, follows, now)),
        actions=tuple(todo),
        wake_at=life.wake_at,
        listing=_listing(life),
    )


def replay(terms: Terms, case: str, facts: Sequence[Event], until: Instant) -> Life:
    """Live through the facts, in whatever order they are given, and on until an instant."""
    clocks = [ClockTrack(terms, clause, rule) for clause, rule in terms.targets]
    together(clocks)
    whens = [WhenTrack(terms, clause, rule) for clause, rule in terms.whens]
    aheads = [AheadTrack(terms, clause, rule, clocks) for clause, rule in terms.aheads]
    everies = [EveryTrack(terms, clause, rule) for clause, rule in terms.everies]
    pages, replies = StandDownTrack(), ReplyTrack()
    tracks: list[Track] = [*clocks, *whens, *aheads, *everies, HoldTrack(), pages, replies]
    line = Timeline(terms, case, tracks, hearing=[*clocks, *everies, pages, replies])
    line.live(lived(facts), until)
    promises: list[ClockTrack | WhenTrack | AheadTrack | EveryTrack]
    promises = [*clocks, *whens, *aheads, *everies]
    pending = [track.pending(line.state) for track in promises]
    return Life(
        state=line.state,
        steps=tuple(line.steps),
        clocks=tuple(run for clock in clocks for run in clock.history(until)),
        wake_at=line.next_timer(),
        due=min((at for at in pending if at is not None), default=None),
    )


def why_no_clock(life: Life) -> str | None:
    """The reason why an open case has no clock just now; None where it has one (or is closed)."""
    state = life.state
    if life.due is not None or state.status is Status.CLOSED:
        return None
    states = {run.state for run in life.clocks}
    off = ClockState.STOPPED in states and state.outcome
    reasons = (
        (bool(off), f"off the clock: {off}"),
        (state.enforced_from is None, "read and reported, not enforced until a person takes it in"),
        (state.status is Status.RESOLVED, "resolved; it waits to be closed"),
        (_is_elsewhere(life), f"its clock waits for its tier: {state.held_by} has the case"),
        (ClockState.PAUSED in states, f"its clock is paused: {_pause(state)}"),
        (bool(states & _JUDGED), "its target has been judged; it is worked until it is resolved"),
    )
    return next((reason for holds, reason in reasons if holds), "no target is promised for it")


def _is_elsewhere(life: Life) -> bool:
    """Whether a clock stands still because a desk of another tier has the case."""
    paused = (run.segments[-1] for run in life.clocks if run.state is ClockState.PAUSED)
    return any(last.by == HANDED_OVER for last in paused)


def _pause(state: CaseState) -> str:
    return f"held, {state.held}" if state.held else state.status.replace("_", " ")


def _due(
    case: str, life: Life, terms: Terms, memory: Memory, follows: list[Body]
) -> Iterable[Action]:
    now = memory.seen
    places = (*terms.policy.needs.queues, *terms.policy.desks)
    fresh = [step for step in life.steps if not memory.knows(step)]
    last = {(step.clause, step.rule, step.kind): step for step in fresh}
    for step in fresh:
        spoken_for = last[step.clause, step.rule, step.kind] is not step
        result = _result(step, life.state, terms, now, spoken_for=spoken_for)
        memory.keep(step, result)
        key = memory.key(case, step.track)
        if step.clause and step.kind is StepKind.DO:
            late = max(0, now - step.due)
            follows.append(StepTaken(key, step.clause, step.rule, step.due, result, late))
        if result is StepResult.TAKEN:
            follows += notes(step)
            yield from actions(key, _anew(step, memory), life.state, now, places)


def _anew(step: Step, memory: Memory) -> Step:
    """The step without what is done once a case: a case is passed on once, however often it turns out
    to be what it is passed on for."""
    if not any(do.verb is Verb.FORWARD for do in step.do) or not memory.before(step):
        return step
    return replace(step, do=tuple(do for do in step.do if do.verb is not Verb.FORWARD))


def _result(
    step: Step, state: CaseState, terms: Terms, now: Instant, *, spoken_for: bool
) -> StepResult:
    own = state.enforced_from
    begins = None if own is None else max(own, terms.enforced_from or own)
    collapses = step.catch_up is CatchUp.COLLAPSE and (spoken_for or _stale(step, now))
    results = (
        (step.kind is StepKind.REPLY, StepResult.TAKEN),
        (to_nobody(step.do, state), StepResult.TO_NOBODY),
        (step.filled, StepResult.FILLED),
        (begins is None or step.due < begins, StepResult.BEFORE_ENFORCEMENT),
        (collapses, StepResult.COLLAPSED),
        (folds(step, state), StepResult.FOLDED),
    )
    return next((result for holds, result in results if holds), StepResult.TAKEN)


def _stale(step: Step, now: Instant) -> bool:
    # A question ahead of a status that is due by now has nobody to help any more.
    return step.kind is StepKind.ASK and step.next_due is not None and step.next_due <= now


def _withdrawn(
    case: str, life: Life, terms: Terms, memory: Memory, follows: list[Body]
) -> Iterable[Action]:
    """Take back what the facts, as they are known now, no longer call for."""
    stands = {(step.track, step.occurrence) for step in life.steps}
    reason = "news came later that it was not needed"
    for track, occurrence in memory.taken():
        do = terms.does(track)
        if do is None or (track, occurrence) in stands:
            continue
        key = memory.key(case, track)
        memory.withdraw(track)
        if track.endswith("/ask"):
            yield Cancel(key, reason)
            continue
        follows.append(StepWithdrawn(key, track.partition("/")[0], reason))
        yield from (Cancel(sent, reason) for sent in keys(key, do))


def _standing(life: Life, terms: Terms, facts: Sequence[Event]) -> Iterable[VerdictGiven]:
    """The verdicts that hold by the facts as they are known now."""
    for run in life.clocks:
        if run.state in _JUDGED and run.due is not None:
            yield VerdictGiven(run.key, run.clause, run.rule, run.state.value, run.due, run.met_at)
    ordering = [
        (clause, rule)
        for clause, rule in terms.whens
        if any(do.verb is Verb.ORDER for do in rule.do)
    ]
    for fact in facts:
        if isinstance(fact.body, PassedOver):
            for clause, rule in ordering:
                key = f"{clause.id}/{rule.name}/passed-over/{fact.id}"
                yield VerdictGiven(key, clause.id, rule.name, "missed", fact.at)


def _settled(facts: Iterable[Event]) -> frozenset[str]:
    """The verdicts that were given under another policy: those stand."""
    moved = (fact.body.judged for fact in facts if isinstance(fact.body, Migrated))
    return frozenset(key for judged in moved for key in judged)


def _verdicts(
    standing: Iterable[VerdictGiven], memory: Memory, settled: frozenset[str]
) -> Iterable[VerdictGiven]:
    """What is new of them, and what of those given before no longer holds."""
    now = {verdict.key: verdict for verdict in standing}
    for key, (before, due) in memory.verdicts.items():
        if key not in now and before != WITHDRAWN and key not in settled:
            clause, rule = key.split("/")[:2]
            now[key] = VerdictGiven(key, clause, rule, WITHDRAWN, due)
    for key, verdict in now.items():
        before = memory.verdicts.get(key, [None])[0]
        if verdict.verdict != before:
            memory.verdicts[key] = [verdict.verdict, verdict.due]
            yield replace(verdict, corrects=before)


def _warnings(life: Life, facts: Iterable[Event], memory: Memory) -> Iterable[Warned]:
    """Aims that are up and were not told yet, and those told that were none by what is known now.

    What was before a case came under its policy stands as it is.
    """
    since = max((fact.at for fact in facts if isinstance(fact.body, Migrated)), default=0)
    warned = {run.key: run for run in life.clocks if (run.warned_at or 0) > since}
    for key, run in warned.items():
        if memory.warnings.get(key) is None and run.warned_at is not None:
            memory.warnings[key] = run.warned_at
            yield Warned(key, run.clause, run.rule, run.warned_at)
    for key, at in memory.warnings.items():
        if at is not None and at > since and key not in warned:
            memory.warnings[key] = None
            clause, rule = key.split("/")[:2]
            yield Warned(key, clause, rule, at, taken_back=True)


def _create(case: str, facts: Sequence[Event], state: CaseState) -> Iterable[Action]:
    where = state.opened.create_on
    linked = any(isinstance(fact.body, Linked) and fact.body.connection == where for fact in facts)
    if where is not None and not linked and state.enforced_from is not None:
        yield CreateItem(f"{case}/create/{where}", where)


def _events(
    subject: Subject, event: Event, bodies: Sequence[Body], now: Instant
) -> Iterable[Event]:
    for index, body in enumerate(bodies):
        at = _when(body, now)
        yield Event(f"{subject.seq + 1}.{index}~{event.id}", at, now, UPHELD, body)


def _when(body: Body, now: Instant) -> Instant:
    """When it happened: a promise that is met was met then, not when it would have been due."""
    match body:
        case VerdictGiven(verdict="met", met_at=int(met_at)):
            return met_at
        case StepTaken(due=due) | VerdictGiven(verdict="missed", due=due):
            return due
        case Warned(due=due, taken_back=False):
            return due
        case _:
            return now


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
        warned=" ".join(sorted(state.warned)),
    )
