"""Evidence of steps: what a rule did at its instant, and whether that reached anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from upheld.calendar.instant import Instant, Span
from upheld.case.decision import Purpose
from upheld.case.events import Attached, StepResult, StepTaken
from upheld.engine.fold import deeds
from upheld.engine.terms import LATE, NOT_CARRIED_OUT
from upheld.policy.model import Do
from upheld.report import sentences
from upheld.report.history import History, Recorded
from upheld.report.messages import Message, Outcome, of_step
from upheld.report.model import EvidenceLine, Standing
from upheld.report.rulebook import Rulebook

Judged: TypeAlias = tuple[Standing, str]
Lines: TypeAlias = Iterator[tuple[str, EvidenceLine]]

#: Of a step's messages the worst counts.
_WORST_FIRST: Final = (
    (Outcome.NOT_REACHED, Standing.MISSED),
    (Outcome.UNDER_WAY, Standing.UNDER_WAY),
    (Outcome.SHADOW, Standing.SHADOW),
)


_COUNTED: Final = frozenset({Standing.KEPT, Standing.MISSED})


def step_lines(history: History, book: Rulebook) -> Lines:
    """A line for each step, with its clause."""
    withdrawn, parent = history.withdrawn, ""
    for each in history.recorded:
        body = each.event.body
        if isinstance(body, Attached):
            parent = body.parent
        if not isinstance(body, StepTaken) or book.orders_work(body.clause, body.rule):
            continue
        if book.is_gate(body.clause, body.rule):  # the fact that passed it is the evidence
            continue
        standing, what = _judged(body, history, book, parent)
        if standing in _COUNTED and each.shadow.covers(_owed(body, each, book)):
            standing = Standing.BEFORE_ENFORCEMENT
        if body.key in withdrawn:
            standing, what = Standing.SUPERSEDED, f"{what}; taken back: {withdrawn[body.key]}"
        yield body.clause, EvidenceLine(history.id, body.due, what, body.key, standing)


def _owed(step: StepTaken, recorded: Recorded, book: Rulebook) -> Instant:
    """Since when it was owed: an announcement not before its window was planned."""
    planned = recorded.enforced_from if book.announces(step.clause, step.rule) else None
    return max(step.due, planned or 0)


def _judged(step: StepTaken, history: History, book: Rulebook, parent: str) -> Judged:
    dos = book.does(step.clause, step.rule)
    match step.result:
        case StepResult.TAKEN if book.announces(step.clause, step.rule):
            return announced(step, of_step(history.messages, history.id, step, dos))
        case StepResult.TAKEN:
            return taken(step, of_step(history.messages, history.id, step, dos), dos)
        case StepResult.FILLED:
            return _filled(step, history, book)
        case StepResult.FOLDED:
            return Standing.KEPT, f"kept by {parent or 'the parent case'}, which it is attached to"
        case other:
            return _OTHERWISE[other]


_OTHERWISE: Final[Mapping[StepResult, Judged]] = {
    StepResult.TO_NOBODY: (
        Standing.REMARK,
        "it is promised to a customer, and what failed is no customer's",
    ),
    StepResult.COLLAPSED: (
        Standing.MISSED,
        "nothing ran when it was due; a later one spoke for it",
    ),
    StepResult.BEFORE_ENFORCEMENT: (
        Standing.BEFORE_ENFORCEMENT,
        "due before the case was enforced; nothing was done",
    ),
}


def _filled(step: StepTaken, history: History, book: Rulebook) -> Judged:
    """By a person, or by the status of another clause: then it is as good as that one."""
    before = [each for each in history.messages if _is_status(each) and each.item.due <= step.due]
    spoke = [fact.event.at for fact in history.facts if deeds(fact.event)]
    last = max((at for at in spoke if at <= step.due), default=0)
    status = max(before, key=lambda each: each.item.due, default=None)
    if (
        status is None
        or status.item.due < last
        or not book.filled_by_updates(step.clause, step.rule)
    ):
        return Standing.KEPT, "a person had already done it"
    standing = dict(_WORST_FIRST).get(status.outcome, Standing.KEPT)
    return standing, f"{sentences.message(status)}, for {', '.join(status.item.clauses)}"


def _is_status(message: Message) -> bool:
    return message.item.purpose == Purpose.STATUS


def taken(step: StepTaken, messages: Sequence[Message], dos: Sequence[Do]) -> Judged:
    """How a step counts that was carried out."""
    outcomes = {each.outcome for each in messages}
    done = [deed for do in dos if (deed := sentences.deed(do))]
    what = "; ".join([*map(sentences.message, messages), *done])
    if not what and not any(do.verb in NOT_CARRIED_OUT for do in dos):
        return Standing.REMARK, "there was nothing to say, or nobody to say it to"
    if not what and dos:
        verbs = ", ".join(do.verb for do in dos)
        return Standing.REMARK, f"{verbs}: read and kept; this version does not carry it out yet"
    standing = next((found for bad, found in _WORST_FIRST if bad in outcomes), Standing.KEPT)
    late = _late(step, messages)
    if late < LATE or standing is not Standing.KEPT:
        return standing, what or "done"
    return Standing.MISSED, f"{what or 'done'}; late by {sentences.length(late)}"


def announced(step: StepTaken, messages: Sequence[Message]) -> Judged:
    """How the announcement of planned maintenance counts: too late is a miss, and says so first."""
    standing, what = taken(step, messages, ())
    if standing is Standing.MISSED and _late(step, messages) >= LATE:
        return standing, f"announced late: {what}"
    return standing, f"announced: {what}"


def _late(step: StepTaken, messages: Sequence[Message]) -> Span:
    """How late it came about: as it was decided, or as its last message went out."""
    reached = (each for each in messages if each.outcome is Outcome.REACHED)
    went = (at - step.due for each in reached if (at := each.went_at) is not None)
    return max((step.late, *went))
