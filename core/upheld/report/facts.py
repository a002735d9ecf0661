"""Evidence that needs no step and no clock: a case opened, proposed, triaged, closed, begun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from upheld.case.events import (
    Closed,
    Event,
    Opened,
    PassedOver,
    Proposed,
    Rejected,
    Resolved,
    StepTaken,
    Triaged,
)
from upheld.case.state import CaseState
from upheld.engine.case import replay
from upheld.engine.conditions import holds
from upheld.engine.fold import deeds
from upheld.engine.gates import missing
from upheld.engine.intake import arrival
from upheld.policy.model import Require, Verb
from upheld.report.history import History, Recorded
from upheld.report.model import EvidenceLine, Standing
from upheld.report.rulebook import Rulebook
from upheld.report.steps import Lines

#: What a ``require`` rule guards, by the fact that passes through it.
_GATES = {Triaged: "number", Rejected: "number", Resolved: "resolve", Closed: "close"}


@dataclass(frozen=True, slots=True)
class _Found:
    clause: str
    rule: str
    what: str
    kept: bool = True


def fact_lines(history: History, book: Rulebook) -> Lines:
    """A line for each fact that shows a clause kept or missed, with the clause."""
    facts = history.facts
    for index, fact in enumerate(facts):
        for found in _found(history, facts[: index + 1], book):
            yield found.clause, _line(history.id, fact, found)


def _line(case: str, fact: Recorded, found: _Found) -> EvidenceLine:
    standing = Standing.KEPT if found.kept else Standing.MISSED
    if not fact.enforced(fact.event.at):
        standing = Standing.BEFORE_ENFORCEMENT
    key = f"{case}/{found.clause}/{found.rule}/{fact.event.id}"
    return EvidenceLine(case, fact.event.at, found.what, key, standing)


def _found(history: History, facts: list[Recorded], book: Rulebook) -> Iterator[_Found]:
    event = facts[-1].event
    match event.body:
        case Opened():
            yield from _opened(event.body, book)
        case Proposed():
            yield from _proposed(event.body)
        case Triaged() | Rejected() | Resolved() | Closed():
            yield from _passed_gate(history, facts, book)
    if "worked" in deeds(event) and not any("worked" in deeds(e.event) for e in facts[:-1]):
        yield from _begun(history, event, book)


def _opened(opened: Opened, book: Rulebook) -> Iterator[_Found]:
    if opened.source != "email":
        return
    sender = "partner" if opened.customer else opened.customer_kind or "unknown"
    for clause, do in arrival(book.policy, sender, "normal"):
        if do.verb is Verb.OPEN:
            who = opened.reporter or "a partner"
            yield _Found(clause.id, "opened", f"mail from {who} opened the case")


def _proposed(proposed: Proposed) -> Iterator[_Found]:
    # A plugin's proposal carries the plugin's name, which is no clause.
    for rule in proposed.rule.split(", "):
        clause, slash, name = rule.partition("/")
        if slash:
            said = (
                f"severity {proposed.severity}"
                if proposed.severity
                else proposed.outcome or "flags"
            )
            yield _Found(clause, name, f"{said} proposed: {proposed.reason}")


def _passed_gate(history: History, facts: list[Recorded], book: Rulebook) -> Iterator[_Found]:
    event = facts[-1].event
    guarded = [each for each in book.requires if each[1].before == _GATES[type(event.body)]]
    if not guarded or not isinstance(facts[0].event.body, Opened):
        return
    events = [each.event for each in facts]
    state = replay(book.terms, history.id, events, event.at).state
    for clause, rule in guarded:
        if holds(rule.applies, state, acting=True):
            lacks = _lacks(clause.id, rule, state, book)
            what = f"{_did(event)} without {', '.join(lacks)}" if lacks else _did(event)
            yield _Found(clause.id, rule.name, what, kept=not lacks)


def _lacks(clause: str, rule: Require, state: CaseState, book: Rulebook) -> list[str]:
    found = (each for each in missing(book.policy, state, rule.before) if each.clause.id == clause)
    needs = {need for each in found for need in each.needs}
    return [need for need in rule.needs if need in needs]


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
