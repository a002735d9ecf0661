"""The page that nothing keeps: the first to a person for a Severity 1 case."""

from __future__ import annotations

from collections.abc import Iterable

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose, Subject
from upheld.desk.records import Records
from upheld.ledger import Delivery, DeliveryState, NewDelivery, OutboxItem, Transaction


def first_of_the_gravest(
    tx: Transaction,
    records: Records,
    item: OutboxItem,
    subject: Subject,
    deliveries: Iterable[NewDelivery],
) -> bool:
    """Whether it is the first page of a Severity 1 case to one of these people: that never waits, and is
    never held back. Who was paged to triage it is not whoever is paged once it was marked."""
    if item.purpose != Purpose.PAGE or subject.kind != "case":
        return False
    sent = tx.deliveries(subject=subject.id, limit=None)
    now = records.clock.now()
    paged = {each.recipient for each in sent if each.purpose == Purpose.PAGE and _goes(each, now)}
    new = any(each.recipient not in paged for each in deliveries)
    return new and records.life(subject).state.acting_severity == 1


def _goes(page: Delivery, now: Instant) -> bool:
    """Whether it went out or is on its way: not where it was dropped before, nor while it is gathered."""
    return page.attempts > 0 or (page.state is DeliveryState.PENDING and page.since <= now)
