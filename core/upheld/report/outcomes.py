"""What was taken off a clock: by whom, why, and how close to its limit it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from upheld.calendar.instant import Instant, Span
from upheld.case.clock import ClockRun, ClockState
from upheld.case.decision import Subject
from upheld.case.events import Event, Opened, OutcomeSet, Proposed
from upheld.desk.records import Records
from upheld.engine.case import replay
from upheld.engine.outcomes import stopped_by
from upheld.engine.terms import Terms
from upheld.ledger import Transaction
from upheld.policy.model import Verb
from upheld.report.history import cases
from upheld.report.plain import Plain, as_plain

_RAN = frozenset({ClockState.RUNNING, ClockState.PAUSED, ClockState.MISSED})


@dataclass(frozen=True, slots=True)
class Stopped:
    """A clock as it stood when it was stopped: ``spent`` of ``within``, or missed already."""

    clause: str
    rule: str
    target: str
    spent: Span
    within: Span
    missed: bool


@dataclass(frozen=True, slots=True)
class TakenOff:
    """A case that was taken off the clock by a person, a rule or a plugin (``by``), until somebody took that
    back. ``clocks`` are those that ran; ``about`` names what was meant."""

    case: str
    customer: str | None
    title: str
    outcome: str
    at: Instant
    by: str
    reason: str
    about: str
    clocks: tuple[Stopped, ...]
    until: Instant | None = None
    until_by: str = ""

    def as_dict(self) -> Plain:
        """Plain values: instants in ISO 8601, spans in seconds."""
        return as_plain(self)


@dataclass(frozen=True, slots=True)
class _Say:
    """Somebody, or some rule, says what the case is (or that it is a problem to solve)."""

    at: Instant
    by: str
    reason: str
    about: str = ""
    fact: str = ""


def taken_off(
    records: Records,
    tx: Transaction,
    *,
    customer: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
) -> tuple[TakenOff, ...]:
    """Everything that was taken off a clock in that time (``until`` not included), oldest first."""
    found = [
        each
        for case in cases(tx, customer)
        for each in of_case(records.book.of(case.policy), tx.subject(case.id), records.clock.now())
        if (since is None or each.at >= since) and (until is None or each.at < until)
    ]
    return tuple(sorted(found, key=lambda each: each.at))


def of_case(terms: Terms, subject: Subject, now: Instant) -> list[TakenOff]:
    """The same of one case; one whose opening was erased tells nothing."""
    facts = sorted(subject.facts, key=lambda fact: fact.order)
    found: list[TakenOff] = []
    if not terms.policy.outcomes or not any(isinstance(f.body, Opened) for f in facts):
        return found
    off: str | None = None
    for say in sorted(_says(terms, subject, facts, now), key=lambda say: say.at):
        known = [fact for fact in facts if fact.at <= say.at]
        state = replay(terms, subject.id, known, say.at).state
        before, off = off, stopped_by(terms.policy, state)
        if off is not None and off != before:
            clocks = _clocks(terms, subject.id, [f for f in known if f.id != say.fact], say.at)
            found.append(_taken(subject.id, state.opened, off, say, clocks))
        elif off is None and before is not None:
            found[-1] = replace(found[-1], until=say.at, until_by=say.by)
    return found


def _says(terms: Terms, subject: Subject, facts: Sequence[Event], now: Instant) -> Iterator[_Say]:
    for fact in facts:
        match fact.body:
            case Proposed(outcome=str(), rule=rule, reason=reason):
                yield _Say(fact.at, rule or fact.actor.id, reason, fact=fact.id)
            case OutcomeSet(reason=reason, about=about):
                yield _Say(fact.at, fact.actor.id, reason, about, fact.id)
    for step in replay(terms, subject.id, facts, now).steps:
        for do in step.do:
            if do.verb is Verb.SET and do.outcome is not None:
                yield _Say(step.due, f"{step.clause}/{step.rule}", do.text or "")


def _clocks(terms: Terms, case: str, facts: Sequence[Event], at: Instant) -> tuple[Stopped, ...]:
    runs = replay(terms, case, facts, at).clocks
    return tuple(_stopped(run) for run in runs if run.state in _RAN)


def _stopped(run: ClockRun) -> Stopped:
    missed = run.state is ClockState.MISSED
    return Stopped(run.clause, run.rule, run.target, run.spent, run.within, missed)


def _taken(
    case: str, opened: Opened, outcome: str, say: _Say, clocks: tuple[Stopped, ...]
) -> TakenOff:
    return TakenOff(
        case,
        opened.customer,
        opened.subject,
        outcome,
        say.at,
        say.by,
        say.reason,
        say.about,
        clocks,
    )
