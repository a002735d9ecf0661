"""Whatever happens, and in whatever order it is heard of: what is promised of ``decide``."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.engine.lives import LENGTH, TERMS, in_order, lives
from tests.core.engine.scene import START, Case
from upheld.calendar.instant import HOUR, MINUTE, Instant
from upheld.case.events import Event, StepResult, StepTaken, Ticked, Warned
from upheld.engine.case import decide
from upheld.engine.step import StepKind

END: Instant = START + LENGTH + 4 * HOUR
#: Which of them it is may depend on when the case was looked at; that it is one of them may not.
DEALT_WITH = {StepResult.TAKEN, StepResult.COLLAPSED, StepResult.FOLDED}
#: Of these only the last occurrence can still be taken back, and a grid can move.
GRIDS = ("C1/A-8/", "C1/A-12/")


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Event], Case]:
    """A life; and the same facts heard of late, in any order, with looks of the clock in between."""
    facts = draw(lives())
    case, now = Case(TERMS), START
    for fact in draw(st.permutations(facts)):
        for wait in draw(st.lists(st.integers(0, 300), max_size=2)):
            now += wait * MINUTE
            case.tick(now)
        now = max(now, fact.at)
        case.take(replace(fact, seen=now))
    case.until(max(now, END))
    return facts, case


@settings(max_examples=40, deadline=None)
@given(deliveries())
def test_news_in_any_order_leads_to_the_same_case(found: tuple[list[Event], Case]) -> None:
    facts, case = found
    end = case.subject.state["seen"] if case.subject.state else END
    straight = in_order(facts, end)
    assert case.life(end) == straight.life(end)
    assert case.decision.listing == straight.decision.listing
    assert case.decision.wake_at == straight.decision.wake_at
    assert _last(case) == _last(straight)
    assert _warned(case) == _warned(straight)


def _warned(case: Case) -> set[str]:
    """The clocks whose warning was not taken back."""
    told = {body.key: body.taken_back for body in case.bodies(Warned)}
    return {key for key, taken_back in told.items() if not taken_back}


def _last(case: Case) -> dict[str, str]:
    """What is not withdrawn of the verdicts."""
    return {key: verdict for key, verdict in case.verdicts().items() if verdict != "withdrawn"}


@settings(max_examples=40, deadline=None)
@given(deliveries())
def test_a_step_that_stands_was_taken_once_and_only_once(found: tuple[list[Event], Case]) -> None:
    _, case = found
    end = case.subject.state["seen"] if case.subject.state else END
    steps = [step.key for step in case.bodies(StepTaken)]
    assert len(steps) == len(set(steps))
    standing = [step for step in case.life(end).steps if step.kind is StepKind.DO]
    once = {f"C1/{step.track}/{step.occurrence}" for step in standing if not step.repeats}
    in_force = [key.partition("~")[0] for key, times in case.in_force().items() if times]
    in_force = [key for key in in_force if not key.startswith(GRIDS)]
    assert len(in_force) == len(set(in_force))
    assert once <= set(in_force)
    done = {step.key for step in case.bodies(StepTaken) if step.result is StepResult.TAKEN}
    taken = {key for key in done & set(+case.in_force()) if not key.startswith(GRIDS)}
    assert {key.partition("~")[0] for key in taken} <= once


@settings(max_examples=40, deadline=None)
@given(deliveries())
def test_of_a_grid_each_instant_that_stands_was_dealt_with_then_or_later(
    found: tuple[list[Event], Case],
) -> None:
    _, case = found
    end = case.subject.state["seen"] if case.subject.state else END
    last: dict[str, Instant] = {}
    for step in case.bodies(StepTaken):
        track = step.key.removeprefix("C1/").rpartition("/")[0]
        last[track] = max(step.due, last.get(track, 0))
    grids = [s for s in case.life(end).steps if s.repeats and s.kind is StepKind.DO]
    assert all(step.due <= last.get(step.track, 0) for step in grids)


@settings(max_examples=30, deadline=None)
@given(lives())
def test_a_life_without_a_clock_catches_up(facts: list[Event]) -> None:
    asleep = Case(TERMS)
    for fact in facts:
        asleep.take(fact)
    asleep.tick(END)
    awake = in_order(facts, END)
    assert _dealt_with(asleep) == _dealt_with(awake)
    assert asleep.verdicts() == awake.verdicts()


def _dealt_with(case: Case) -> set[tuple[str, Instant, bool]]:
    return {(step.key, step.due, step.result in DEALT_WITH) for step in case.bodies(StepTaken)}


@settings(max_examples=40, deadline=None)
@given(lives(), st.integers(0, 300))
def test_deciding_is_pure(facts: list[Event], wait: int) -> None:
    case = Case(TERMS)
    for fact in facts:
        case.take(fact)
    event = Event("t", facts[-1].at, facts[-1].at + wait * MINUTE, facts[-1].actor, Ticked())
    before = deepcopy(case.subject)
    first = decide(TERMS, case.subject, event)
    assert first == decide(TERMS, case.subject, event)
    assert case.subject == before
    assert json.loads(json.dumps(first.state)) == first.state


@settings(max_examples=30, deadline=None)
@given(deliveries())
def test_after_the_clock_struck_it_sleeps_until_later(found: tuple[list[Event], Case]) -> None:
    _, case = found
    now = START
    for decision in case.decisions:
        now = max(now, decision.state["seen"])
        assert decision.wake_at is None or decision.wake_at > now
