"""A provider's word on a sending: accepted, delivered, acknowledged, failed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from upheld.case.decision import Purpose, Subject
from upheld.case.events import Actor, Event, PageAcknowledged, Receipted, Side
from upheld.desk.answered import tell
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
        """The delivery comes further, the case has evidence; whether it was news. So it is with all that
        were told in the same message."""
        found = tx.receipt(connection, receipt.key or receipt.handle or "")
        if found is None:
            return False
        told = [self.take_one(tx, each, receipt) for each in (found, *tx.told_with(found))]
        return any(told)

    def take_one(self, tx: Transaction, found: LedgerDelivery, receipt: Receipt) -> bool:
        """The same of one delivery alone."""
        if receipt.state is Delivery.RESOLVED and receipt.by is not None:
            # Whoever resolves a page there has answered it; it ends nothing else here.
            self.take_one(tx, found, replace(receipt, state=Delivery.ACKNOWLEDGED))
        if receipt.state is not Delivery.RESOLVED:
            state = DeliveryState(receipt.state.value)
            at = self.records.dated(receipt.at)
            moved = tx.advance(found.key, state, detail=self._detail(found, receipt), now=at)
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
        by = self._by(found, receipt)
        side = Side.CUSTOMER if self.directory.is_contact(by) else Side.STAFF
        actor, body = Actor(by, side), PageAcknowledged(found.outbox_key)
        event = Event(_word(found, receipt), at, now, actor, body)
        if self.records.add(tx, case.id, event) is None:
            return False
        out = tx.perhaps_there(case.id) if side is Side.STAFF else []
        if any(each.purpose == Purpose.PAGE and each.key != found.key for each in out):
            tell(tx, case.id, by, at, now)
        return True

    def _by(self, found: LedgerDelivery, receipt: Receipt) -> str:
        """Who answered: one of ours by their id, else what they are called there."""
        if receipt.by is None:
            return found.recipient
        at, who = self.records.dated(receipt.at), receipt.by
        known = (self.directory.sender(each, at).person for each in (who.id, *who.addresses))
        return next((person.id for person in known if person), who.id)

    def _detail(self, found: LedgerDelivery, receipt: Receipt) -> str | None:
        """What stands on the sending: also who answered it, since that need not be who got it."""
        if receipt.state is not Delivery.ACKNOWLEDGED:
            return receipt.detail or None
        who = self.directory.called(self._by(found, receipt))
        return ", ".join(filter(None, (f"acknowledged by {who}", receipt.detail)))

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
