"""The clocks of a case told segment by segment, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from upheld.calendar import Calendar
from upheld.calendar.instant import Instant
from upheld.case.clock import ClockRun, ClockState, Segment
from upheld.case.events import Event, Proposed
from upheld.engine.clocks import ClockTrack
from upheld.engine.terms import Terms
from upheld.engine.timeline import Timeline
from upheld.engine.tracks import EveryTrack, WhenTrack
from upheld.policy.model import Clause, Every, Target, When
from upheld.report.explanation import ClockStory, Coming, SegmentStory

_VERDICTS = frozenset({ClockState.MET, ClockState.MISSED})


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
    for segment, after in zip_longest(run.segments, run.segments[1:]):
        ends = until if after is None else after.begins
        runs = segment.state is ClockState.RUNNING
        elapsed = calendar.elapsed(segment.begins, now if ends is None else ends) if runs else 0
        state, by = segment.state.value, _began_by(segment, facts)
        yield SegmentStory(segment.begins, ends, state, by, elapsed)


def _began_by(segment: Segment, facts: Sequence[Event]) -> str:
    """What happened as it began, and who did it; else the status that it came from."""
    there = [
        fact for fact in facts if fact.at == segment.begins and not isinstance(fact.body, Proposed)
    ]
    if not there:
        return segment.by.replace("_", " ")
    fact = next((each for each in there if each.body.kind == segment.by), there[-1])
    return f"{fact.body.kind.replace('_', ' ')} by {fact.actor.id}"


def coming(terms: Terms, case: str, facts: Sequence[Event], now: Instant) -> tuple[Coming, ...]:
    """What each rule does next if nothing happens before, soonest first."""
    clocks = [ClockTrack(terms, clause, rule) for clause, rule in terms.targets]
    whens = [WhenTrack(terms, clause, rule) for clause, rule in terms.whens]
    everies = [EveryTrack(terms, clause, rule) for clause, rule in terms.everies]
    tracks: list[ClockTrack | WhenTrack | EveryTrack] = [*clocks, *whens, *everies]
    line = Timeline(terms, case, tracks)
    line.live(facts, now)
    found = [
        Coming(at, track.clause.id, track.clause.published, track.rule.name, _what(track.rule))
        for track in tracks
        if (at := track.pending(line.state)) is not None
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.clause, each.rule)))


def _what(rule: Target | When | Every) -> str:
    if isinstance(rule, Target):
        return f"{rule.target.replace('_', ' ')} is due"
    return ", ".join(" ".join([do.verb, *filter(None, do.to)]) for do in rule.do)
