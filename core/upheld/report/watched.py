"""What is (and was) watched, read from the ledger for a report of its availability."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from upheld.calendar.instant import MINUTE, Instant, Span
from upheld.case.decision import Subject
from upheld.case.events import Attached, Event, Opened, Provided
from upheld.case.opening import opening
from upheld.ledger import MonitorRow, Transaction
from upheld.report.availability import Target
from upheld.report.history import cases
from upheld.report.uptime import Stretch, uptime

#: What a case is asked for at its resolution (M-27).
CAUSE: Final = "cause"
_AT_ONCE: Final = 200
#: A reading that is later than this is missing: we are not there to make it.
_LATE: Final[Span] = 15 * MINUTE


def targets(
    tx: Transaction,
    zone_of: Callable[[str | None], str],
    now: Instant,
    *,
    customer: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
) -> Iterator[Target]:
    """Everything that was ever watched, of a customer or of all, as it was in that time."""
    rows = {row.subject: row for row in tx.monitors()}
    begins, ends = since or 0, now if until is None else until
    for subject in _monitors(tx, customer):
        opened = opening(subject.facts)
        if opened is not None:
            found = _stretches(subject, rows.get(subject.id), now)
            parts = (part for each in found if (part := each.within(begins, ends)))
            yield _target(subject, opened, zone_of, tuple(parts), subject.id not in rows)


def causes(tx: Transaction, found: Iterable[Target]) -> Mapping[str, str]:
    """What each case that an outage opened was caused by, as far as somebody said so."""
    named = {each.case for target in found for each in target.stretches if each.case}
    known = {case: _cause(tx, case) for case in sorted(named)}
    spelled: dict[str, str] = {}
    return {
        case: spelled.setdefault(cause.casefold(), cause) for case, cause in known.items() if cause
    }


def _monitors(tx: Transaction, customer: str | None) -> Iterator[Subject]:
    ids = [each.id for each in cases(tx, customer, "monitor")]
    for first in range(0, len(ids), _AT_ONCE):
        yield from tx.subjects(ids[first : first + _AT_ONCE])


def _stretches(subject: Subject, row: MonitorRow | None, now: Instant) -> Sequence[Stretch]:
    due = row.due if row else None
    return uptime(subject.facts, now, due if due is not None and due < now - _LATE else None)


def _target(
    subject: Subject,
    opened: Opened,
    zone_of: Callable[[str | None], str],
    stretches: tuple[Stretch, ...],
    retired: bool,
) -> Target:
    items = _provided(subject.facts)
    return Target(
        id=subject.id,
        name=opened.subject,
        zone=zone_of(opened.customer),
        stretches=stretches,
        customer=opened.customer,
        provider=items.get("provider") or None,
        of=items.get("of") or "servers",
        backup_of=items.get("backup_of") or None,
        retired=retired,
    )


def _cause(tx: Transaction, case: str) -> str:
    """Where it is attached to another one, that knows."""
    facts = tx.subject(case).facts
    parents = [fact.body.parent for fact in facts if isinstance(fact.body, Attached)]
    told = _provided(facts).get(CAUSE) or ""
    if not told and parents:
        told = _provided(tx.subject(parents[-1]).facts).get(CAUSE) or ""
    return " ".join(told.split())


def _provided(facts: Iterable[Event]) -> Mapping[str, str]:
    bodies = (fact.body for fact in facts)
    return {body.item: body.value for body in bodies if isinstance(body, Provided)}
