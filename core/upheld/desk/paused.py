"""A monitor that nobody reads for a while: since when, and who said so."""

from __future__ import annotations

from upheld.case.decision import Subject
from upheld.case.events import Event, Held, Released
from upheld.ledger import Transaction


def paused(tx: Transaction, monitor: str) -> tuple[Event, Held] | None:
    """The pause that a monitor is in, by its name; None too where nobody watches it any more."""
    subjects = tx.subjects([row.subject for row in tx.monitors([monitor]) if row.paused])
    return next(map(held, subjects), None)


def held(subject: Subject) -> tuple[Event, Held] | None:
    """The pause that a monitor is in, by its facts."""
    for fact in reversed(subject.facts):
        if isinstance(fact.body, Released):
            return None
        if isinstance(fact.body, Held):
            return fact, fact.body
    return None
