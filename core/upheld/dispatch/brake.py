"""The brake: more than so many messages in so long are not sent but held, and the operator is told.

It keeps a rule gone wild over hundreds of cases from waking everybody and from flooding customers, and
two machines that don't know each other for what they are from answering each other for ever (RFC 3834 §2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose
from upheld.config.model import Rate
from upheld.dispatch.routes import outside
from upheld.ledger import NewDelivery, OutboxItem, OutboxState, Transaction

PAGES: Final = "pages"
CUSTOMER_MESSAGES: Final = "customer messages"
ANSWERS: Final = "automatic answers to one address"
#: Under these a message that is held has trouble in the ledger: for each brake, and for the others.
BRAKE: Final = "brake"
HELD: Final = "held"

_WAKING: Final = frozenset({Purpose.PAGE, Purpose.CALL})
_CUSTOMER: Final = frozenset(
    {
        Purpose.ACK,
        Purpose.TICKET_NUMBER,
        Purpose.STATUS,
        Purpose.REPLY,
        Purpose.REFERRAL,
        Purpose.MAIL,
        Purpose.QUESTION,
    }
)


#: What is answered by itself: it must never be answered by itself.
AUTOMATIC: Final = frozenset({Purpose.ACK, Purpose.REFERRAL, Purpose.ANSWER})


@dataclass(frozen=True, slots=True)
class Brake:
    """Counts deliveries in policy time, over all daemons. What is None is not braked.

    Standing people down, what asks or tells our own staff, and items on trackers are never braked.
    """

    pages: Rate | None = None
    customer_messages: Rate | None = None
    answers: tuple[Rate, ...] = ()

    def holds(
        self, tx: Transaction, item: OutboxItem, deliveries: Sequence[NewDelivery], now: Instant
    ) -> str | None:
        """Why this message must not be planned now; None where it may.

        What a person released goes, and counts.
        """
        if item.reason is not None:
            return None
        if item.purpose in AUTOMATIC:
            found = (self._over(tx, each.address, now) for each in deliveries)
            over = next((rate for rate in found if rate is not None), None)
            if over is not None:
                return f"{BRAKE} on {ANSWERS}: {over.text}"
        return self._of_its_kind(tx, item, deliveries, now)

    def _over(self, tx: Transaction, address: str, now: Instant) -> Rate | None:
        """The rate that one more automatic answer to this address would be beyond."""
        counts = (
            (rate, tx.planned_to(address, AUTOMATIC, now - rate.per)) for rate in self.answers
        )
        return next((rate for rate, count in counts if count >= rate.count), None)

    def _of_its_kind(
        self, tx: Transaction, item: OutboxItem, deliveries: Sequence[NewDelivery], now: Instant
    ) -> str | None:
        kind = kind_of(item.purpose, item.to)
        rate = self._rate(kind)
        if rate is None:
            return None
        lately = sum(
            each.deliveries
            for each in tx.planned_since(now - rate.per)
            if kind_of(each.purpose, each.to) == kind
        )
        more = sum(1 for each in deliveries if each.merged_into is None)
        return f"{BRAKE} on {kind}: {rate.text}" if lately + more > rate.count else None

    def _rate(self, kind: str | None) -> Rate | None:
        return self.pages if kind == PAGES else self.customer_messages if kind else None


def kind_of(purpose: str, to: Sequence[str]) -> str | None:
    """Which brake a message is under, by its purpose and whom it is for."""
    if purpose in _WAKING:
        return PAGES
    if purpose in _CUSTOMER or (purpose == Purpose.NOTIFY and any(map(outside, to))):
        return CUSTOMER_MESSAGES
    return None


def family(reason: str) -> str:
    """The trouble that a held message belongs to, by the reason for which it is held."""
    return reason.partition(": ")[0] if reason.startswith(f"{BRAKE} on ") else HELD


def hold(tx: Transaction, key: str, reason: str, now: Instant) -> None:
    """Hold a pending message, and have the operator told in the same transaction."""
    tx.settle(key, OutboxState.HELD, reason)
    tx.trouble(family(reason), "outbox", f"messages are held, {reason}", now)
