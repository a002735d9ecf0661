"""The clocks of a case told segment by segment, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from upheld.calendar import Calendar
from upheld.calendar.instant import DAY, Instant, Span
from upheld.case.clock import ClockRun, ClockState, Segment
from upheld.case.events import Event, Proposed, Reopened
from upheld.engine.case import Life, replay
from upheld.engine.step import Step, StepKind
from upheld.engine.terms import Terms
from upheld.policy.model import Clause
from upheld.report.explanation import ClockStory, Coming, SegmentStory

#: How far ahead steps are told: an hourly status for ever would be told for ever.
AHEAD: Final[Span] = 7 * DAY
_VERDICTS: Final = frozenset({ClockState.MET, ClockState.MISSED})


def clock_stories(
    terms: Terms, runs: Sequence[ClockRun], facts: Sequence[Event], now: Instant
) -> Iterator[ClockStory]:
    """Each run of each clock; the last one of a clock ends now, the others with the next cycle."""
    rules = {(clause.id, rule.name): (clause, rule) for clause, rule in terms.targets}
    began = {(run.clause, run.rule, run.cycle): run.started for run in runs}
    for run in runs:
        clause, rule = rules[run.clause, run.rule]
        assert rule.within is not None
        calendar, _ = terms.reach(rule.within, rule.calendar)
        until = began.get((run.clause, run.rule, run.cycle + 1))
        segments = _segments(run, calendar, facts, until, now)
        yield _clock(run, clause, tuple(segments))


def _clock(run: ClockRun, clause: Clause, segments: tuple[SegmentStory, ...]) -> ClockStory:
    return ClockStory(
        key=run.key,
        clause=run.clause,
        says=clause.published,
        rule=run.rule,
        target=run.target,
        cycle=run.cycle,
        calendar=run.calendar,
        state=run.state.value,
        within=run.within,
        spent=run.spent,
        due=run.due,
        met_at=run.met_at,
        verdict=run.state.value if run.state in _VERDICTS else None,
        segments=segments,
    )


def _segments(
    run: ClockRun,
    calendar: Calendar,
    facts: Sequence[Event],
    until: Instant | None,
    now: Instant,
) -> Iterator[SegmentStory]:
    left = run.spent
    for segment, after in zip_longest(run.segments, run.segments[1:]):
        runs = segment.state is ClockState.RUNNING
        ends = until if after is None else after.begins
        elapsed = left if runs else 0
        if ends is not None and runs:
            elapsed = calendar.elapsed(segment.begins, ends)
        elif runs and calendar.elapsed(segment.begins, now) != left:
            ends = _reopened(segment, facts)
        left -= elapsed
        state, by = segment.state.value, _began_by(segment, facts)
        yield SegmentStory(segment.begins, ends, state, by, elapsed)


def _reopened(segment: Segment, facts: Sequence[Event]) -> Instant | None:
    """The end of a cycle after which the target applies no more, so that no next one is shown."""
    later = (fact.at for fact in facts if isinstance(fact.body, Reopened))
    return next((at for at in later if at >= segment.begins), None)


def _began_by(segment: Segment, facts: Sequence[Event]) -> str:
    """What happened as it began, and who did it; else the status that it came from."""
    there = [
        fact for fact in facts if fact.at == segment.begins and not isinstance(fact.body, Proposed)
    ]
    if not there:
        return segment.by.replace("_", " ")
    fact = next((each for each in there if each.body.kind == segment.by), there[-1])
    return f"{fact.body.kind.replace('_', ' ')} by {fact.actor.id}"


def coming(
    terms: Terms, life: Life, case: str, facts: Sequence[Event], now: Instant
) -> tuple[Coming, ...]:
    """When each running clock is due, and what each rule does next within ``AHEAD``, soonest first.

    The case is lived on as if nothing more happened, so a step that follows from another is here too.
    """
    says = {clause.id: clause.published for clause in terms.policy.clauses}
    found = {
        (run.clause, run.rule): (run.due, f"{run.target.replace('_', ' ')} is due")
        for run in life.clocks
        if run.state is ClockState.RUNNING and run.due is not None and run.due > now
    }
    enforced = life.state.enforced_from is not None
    for step in replay(terms, case, facts, now + AHEAD).steps if enforced else ():
        if step.due > now and step.kind is StepKind.DO:
            found.setdefault((step.clause, step.rule), (step.due, _what(step)))
    return tuple(
        Coming(at, clause, says[clause], rule, what)
        for (clause, rule), (at, what) in sorted(found.items(), key=lambda each: (each[1], each[0]))
    )


def _what(step: Step) -> str:
    return ", ".join(" ".join([do.verb, *filter(None, do.to)]) for do in step.do)
