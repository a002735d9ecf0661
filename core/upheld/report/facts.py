"""Evidence that needs no step and no clock: a case opened, proposed, triaged, closed, begun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from upheld.case.events import (
    Body,
    Event,
    Opened,
    PassedOver,
    Proposed,
    Provided,
    Rejected,
    StepResult,
    StepTaken,
    Triaged,
)
from upheld.case.state import CaseState
from upheld.engine.conditions import holds
from upheld.engine.desks import PASSING, passed_on
from upheld.engine.desks import begun as begun_at
from upheld.engine.effects import effect
from upheld.engine.fold import begin, deeds, fold
from upheld.engine.gates import missing, passes, there
from upheld.engine.intake import arrival
from upheld.policy.model import Verb
from upheld.report.history import History, Recorded
from upheld.report.model import EvidenceLine, Standing
from upheld.report.rulebook import Rulebook
from upheld.report.sentences import length
from upheld.report.steps import Lines


@dataclass(frozen=True, slots=True)
class _Found:
    clause: str
    rule: str
    what: str
    kept: bool = True


def fact_lines(history: History, book: Rulebook) -> Lines:
    """A line for each fact that shows a clause kept or missed, with the clause."""
    begun = False
    for recorded, state in _lived(history, book):
        event = recorded.event
        found = [*_told(event.body, book), *_through_gate(event, state, book)]
        found += _ticked(event, state, book)
        found += _handed_over(event, state, book)
        if not begun and "worked" in deeds(event):
            begun = True
            found += _begun(history, event, book)
        for each in found:
            yield each.clause, _line(history.id, recorded, each)


def _line(case: str, fact: Recorded, found: _Found) -> EvidenceLine:
    standing = Standing.KEPT if found.kept else Standing.MISSED
    if not fact.enforced(fact.event.at):
        standing = Standing.BEFORE_ENFORCEMENT
    key = f"{case}/{found.clause}/{found.rule}/{fact.event.id}"
    return EvidenceLine(case, fact.event.at, found.what, key, standing)


def _lived(history: History, book: Rulebook) -> Iterator[tuple[Recorded, CaseState | None]]:
    """Each event with the case's state after it: as it was recorded, rather than lived again.

    None before the opening, or where that was erased.
    """
    state: CaseState | None = None
    withdrawn = history.withdrawn
    for each in sorted(history.recorded, key=_opening_first):
        event = each.event
        if isinstance(event.body, StepTaken) and event.body.key in withdrawn:
            continue
        if state is not None:
            state = _after(state, event, book)
        elif isinstance(event.body, Opened):
            state = begun_at(book.policy, begin(event, book.policy.default_plan))
        yield each, state


def _opening_first(recorded: Recorded) -> tuple[bool, object]:
    # A tracker's clock may date a comment before the case that it opened.
    return not isinstance(recorded.event.body, Opened), recorded.event.order


def _after(state: CaseState, event: Event, book: Rulebook) -> CaseState:
    body = event.body
    if not isinstance(body, StepTaken):
        return passed_on(book.policy, state, fold(state, event), event)
    if body.result is not StepResult.FILLED:
        for do in book.does(body.clause, body.rule):
            state = effect(state, do, body.due)
    return state


def _told(body: Body, book: Rulebook) -> Iterator[_Found]:
    match body:
        case Opened(source="email"):
            yield from _opened(body, book)
        case Proposed():
            yield from _proposed(body)
        case _:
            return


def _opened(opened: Opened, book: Rulebook) -> Iterator[_Found]:
    sender = "partner" if opened.customer else opened.customer_kind or "unknown"
    for clause, do in arrival(book.policy, sender, "normal"):
        if do.verb is Verb.OPEN:
            who = opened.reporter or f"a {sender}"
            yield _Found(clause.id, "opened", f"mail from {who} opened the case")


def _proposed(proposed: Proposed) -> Iterator[_Found]:
    said = f"severity {proposed.severity}" if proposed.severity else proposed.outcome or "flags"
    # A plugin's proposal carries the plugin's name, which is no clause.
    for rule in proposed.rule.split(", "):
        clause, slash, name = rule.partition("/")
        if slash:
            yield _Found(clause, name, f"{said} proposed: {proposed.reason}")


def _through_gate(event: Event, state: CaseState | None, book: Rulebook) -> Iterator[_Found]:
    before = passes(event.body)
    if before is None or state is None:
        return
    for clause, rule in book.requires:
        if rule.before != before or not holds(rule.applies, state, acting=True):
            continue
        found = (each for each in missing(book.policy, state, before) if each.clause is clause)
        lacks = {need for each in found for need in each.needs if need in rule.needs}
        # A case that needs no number is reviewed all the same.
        lacks -= {"triage"} if isinstance(event.body, Rejected) else set()
        what = f"{_did(event)} without: {', '.join(sorted(lacks))}" if lacks else _did(event)
        # A clause that allows an exception is kept by one that has its reason.
        why = getattr(event.body, "override", "") if lacks and rule.override else ""
        said = f"{what}, because: {why}" if why else what
        yield _Found(clause.id, rule.name, said, kept=not lacks or bool(why))


def _ticked(event: Event, state: CaseState | None, book: Rulebook) -> Iterator[_Found]:
    """How far the case has come with what a clause asks for."""
    body = event.body
    if not isinstance(body, Provided) or state is None:
        return
    for clause, rule in book.requires:
        if body.item in rule.needs and holds(rule.applies, state, acting=True):
            done = sum(there(need, state) for need in rule.needs)
            said = f": {body.value}" if body.value else ""
            what = f"{event.actor.id} recorded {body.item}{said} ({done} of {len(rule.needs)})"
            yield _Found(clause.id, rule.name, what)


def _handed_over(event: Event, state: CaseState | None, book: Rulebook) -> Iterator[_Found]:
    """Who gave it to whom, and for how long they had had it."""
    turns = state.turns if state is not None and isinstance(event.body, PASSING) else ()
    if len(turns) < 2 or turns[-1].begins != event.at:
        return
    before, turn = turns[-2:]
    had = length(event.at - before.begins)
    what = (
        f"{event.actor.id} handed it from {before.desk} to {turn.desk} after {had}: {turn.reason}"
    )
    for clause, name in book.of_tiers:
        yield _Found(clause.id, name, what)


def _did(event: Event) -> str:
    who, body = event.actor.id, event.body
    match body:
        case Triaged(severity=severity, number=number):
            told = f", number {number}" if number else ""
            return f"{who} triaged it: severity {severity}{told}"
        case Rejected(reason=reason):
            return f"{who} reviewed it: it needs no number ({reason})"
        case _:
            return f"{who} {body.kind} it"


def _begun(history: History, event: Event, book: Rulebook) -> Iterator[_Found]:
    """Work that passed nobody over; where it did, a verdict says so."""
    bodies = [each.event for each in history.recorded]
    if any(isinstance(e.body, PassedOver) and e.id == f"{event.id}#passed-over" for e in bodies):
        return
    ordered = {
        (each.body.clause, each.body.rule)
        for each in bodies
        if isinstance(each.body, StepTaken) and each.body.due <= event.at
    }
    for clause, rule in book.orders:
        if (clause.id, rule.name) in ordered:
            what = f"{event.actor.id} began it; no more severe case of its queue stood unworked"
            yield _Found(clause.id, rule.name, what)
