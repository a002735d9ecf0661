"""The clocks of a case told segment by segment, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from upheld.calendar.instant import DAY, Instant, Span
from upheld.calendar.skipped import Skipped, skipped
from upheld.calendar.spec import CalendarSpec
from upheld.case.clock import ClockRun, ClockState, Segment
from upheld.case.events import Event, Proposed
from upheld.case.state import CaseState
from upheld.engine.case import Life, replay
from upheld.engine.messages import to_nobody
from upheld.engine.step import Step, StepKind
from upheld.engine.terms import Terms
from upheld.report.explanation import ClockStory, Coming, SegmentStory
from upheld.report.rulebook import Rulebook

#: How far ahead steps are told: an hourly status for ever would be told for ever.
AHEAD: Final[Span] = 7 * DAY
_VERDICTS: Final = frozenset({ClockState.MET, ClockState.MISSED})


def clock_stories(
    terms: Terms, runs: Sequence[ClockRun], facts: Sequence[Event]
) -> Iterator[ClockStory]:
    """Each run of each clock, segment by segment, as the engine counted them."""
    book = Rulebook(terms.policy)
    for run in runs:
        days = terms.policy.calendars
        segments = tuple(
            _segment(each, facts, run.due, days.get(each.calendar or run.calendar))
            for each in run.segments
        )
        yield _clock(run, book, segments)


def _clock(run: ClockRun, book: Rulebook, segments: tuple[SegmentStory, ...]) -> ClockStory:
    return ClockStory(
        key=run.key,
        clause=run.clause,
        says=book.says(run.clause),
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
        by=run.by,
        outside=run.outside,
        spent_outside=run.spent_outside,
        carried=run.carried,
        aimed_at=run.aimed_at,
        warned_at=run.warned_at,
        where=book.where(run.clause),
    )


def _segment(
    segment: Segment, facts: Sequence[Event], due: Instant | None, days: CalendarSpec | None
) -> SegmentStory:
    inside, *outside = segment.elapsed
    return SegmentStory(
        segment.begins,
        segment.ends,
        segment.state.value,
        _began_by(segment, facts),
        inside,
        sum(outside),
        _skipped(segment, due, days),
        segment.desk,
    )


def _skipped(
    segment: Segment, due: Instant | None, days: CalendarSpec | None
) -> tuple[Skipped, ...]:
    """The holidays of a stretch that runs: until it ends, or until the clock is due."""
    ends = due if segment.ends is None else segment.ends
    if segment.state is not ClockState.RUNNING or days is None or ends is None:
        return ()
    return skipped(days, segment.begins, ends)


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
    book = Rulebook(terms.policy)
    running = [run for run in life.clocks if run.state is ClockState.RUNNING]
    found = {
        (run.clause, run.rule, what): (at, f"{run.target.replace('_', ' ')}{what}")
        for run in running
        for at, what in ((run.due, " is due"), (run.aimed_at, ": its aim is up"))
        if at is not None and at > now
    }
    enforced = life.state.enforced_from is not None
    for step in replay(terms, case, facts, now + AHEAD).steps if enforced else ():
        if step.due > now and step.kind is StepKind.DO:
            found.setdefault((step.clause, step.rule, ""), (step.due, _what(step, life.state)))
    return tuple(
        Coming(at, clause, book.says(clause), rule, what, book.where(clause))
        for (clause, rule, _), (at, what) in sorted(
            found.items(), key=lambda each: (each[1], each[0])
        )
    )


def _what(step: Step, state: CaseState) -> str:
    what = ", ".join(" ".join([do.verb, *filter(None, do.to)]) for do in step.do)
    return f"{what}, which is nobody" if to_nobody(step.do, state) else what
