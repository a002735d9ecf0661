"""A case that was closed long ago is not opened again by a mail: what comes is a case that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from upheld.calendar.instant import Instant
from upheld.case.decision import Subject
from upheld.case.events import Closed, Event, Reopened
from upheld.ledger import Transaction

if TYPE_CHECKING:
    from upheld.desk.intake import Source


def latest(tx: Transaction, source: Source, case: Subject) -> Subject:
    """The case itself, or the last of those that follow it, whichever mailbox the follower came by."""
    seen, boxes = {case.id}, source.alike or (source.name,)
    while (found := tx.thread_of_any(boxes, [_mark(case.id)])) is not None and found not in seen:
        seen.add(found)
        case = tx.subject(found)
    return case


def long_over(source: Source, case: Subject, at: Instant) -> bool:
    """Whether it was closed so long before ``at`` that the connection opens it no more."""
    within, closed = source.reopen_within, _closed(case.facts)
    return within is not None and closed is not None and at - closed > within


def followed(tx: Transaction, source: Source, case: Subject, by: str) -> None:
    """From here on what is written in its conversation belongs to the case that follows."""
    tx.bind_thread(source.name, _mark(case.id), by)


def _closed(facts: Sequence[Event]) -> Instant | None:
    """Since when it is closed; None where it is open."""
    turns = [fact for fact in facts if isinstance(fact.body, Closed | Reopened)]
    last = max(turns, key=lambda fact: fact.at, default=None)
    return last.at if last is not None and isinstance(last.body, Closed) else None


def _mark(case: str) -> str:
    return f"after:{case}"
