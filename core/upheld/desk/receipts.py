"""A provider's word on a sending: accepted, delivered, acknowledged, failed."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.case.decision import Subject
from upheld.case.events import Actor, Event, PageAcknowledged, Receipted, Side
from upheld.desk.records import Records
from upheld.directory import Directory
from upheld.ledger import Delivery as LedgerDelivery
from upheld.ledger import DeliveryState, Transaction
from upheld.plugin import Delivery, Receipt


@dataclass(frozen=True, slots=True)
class Receipts:
    """Turns receipts into the states of deliveries, and into facts of their cases."""

    records: Records
    directory: Directory

    def take(self, tx: Transaction, connection: str, receipt: Receipt) -> bool:
        """The delivery comes further, the case has evidence; whether it was news."""
        found = tx.receipt(connection, receipt.key or receipt.handle or "")
        if found is None:
            return False
        # A page that is resolved there ends nothing here.
        if receipt.state is not Delivery.RESOLVED:
            state = DeliveryState(receipt.state.value)
            now = self.records.clock.now()
            moved = tx.advance(found.key, state, detail=receipt.detail or None, now=now)
            if receipt.state is Delivery.ACCEPTED and not moved:
                return False  # the sender has written that down
        if tx.recorded_before(found.subject, _word(found, receipt)):
            return False
        case = tx.subject(found.subject)
        if receipt.state is Delivery.ACKNOWLEDGED:
            return self._acknowledged(tx, case, found, receipt)
        return self._evidence(tx, case, found, receipt)

    def _acknowledged(
        self, tx: Transaction, case: Subject, found: LedgerDelivery, receipt: Receipt
    ) -> bool:
        now, at = self.records.clock.now(), self.records.dated(receipt.at, case)
        by = found.recipient
        if receipt.by is not None:
            person = self.directory.sender(receipt.by.id, at).person
            by = person.id if person else receipt.by.id
        actor, body = Actor(by, Side.STAFF), PageAcknowledged(found.outbox_key)
        event = Event(_word(found, receipt), at, now, actor, body)
        return self.records.add(tx, case.id, event) is not None

    def _evidence(
        self, tx: Transaction, case: Subject, found: LedgerDelivery, receipt: Receipt
    ) -> bool:
        now, at = self.records.clock.now(), self.records.dated(receipt.at, case)
        body = Receipted(
            key=found.key,
            state=receipt.state.value,
            channel=found.channel,
            connection=found.connection,
            recipient=found.recipient,
            purpose=found.purpose,
            clauses=tx.clauses(found),
            detail=receipt.detail,
        )
        actor = Actor(found.connection, Side.PROVIDER)
        event = Event(_word(found, receipt), at, now, actor, body)
        return self.records.add(tx, case.id, event) is not None


def _word(found: LedgerDelivery, receipt: Receipt) -> str:
    """The id of the event that a provider's word on a delivery becomes."""
    if receipt.state is Delivery.ACKNOWLEDGED:
        return f"ack:{found.key}"
    return f"receipt:{found.key}:{receipt.state}"
