"""The brake: more than so many messages in so long are not sent but held, and the operator is told.

It keeps a rule gone wild over hundreds of cases from waking everybody and from flooding customers, and
two machines that don't know each other for what they are from answering each other for ever (RFC 3834 §2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import Instant, Span
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


#: What may be under each brake; of notices only those for the customer's people are.
_PURPOSES: Final = {PAGES: _WAKING, CUSTOMER_MESSAGES: _CUSTOMER | {Purpose.NOTIFY}}

#: What is answered by itself: it must never be answered by itself.
AUTOMATIC: Final = frozenset({Purpose.ACK, Purpose.REFERRAL, Purpose.ANSWER})


class Lately:
    """What was planned lately, over all daemons: counted once for all that is planned together."""

    def __init__(self, tx: Transaction, now: Instant) -> None:
        self._tx, self.now = tx, now
        self._counts: dict[tuple[str, Span], int] = {}

    def count(self, kind: str, per: Span) -> int:
        """How many deliveries under this brake were planned within so long."""
        if (kind, per) not in self._counts:
            found = self._tx.planned_since(self.now - per, _PURPOSES[kind])
            self._counts[kind, per] = sum(
                each.deliveries for each in found if kind_of(each.purpose, each.to) == kind
            )
        return self._counts[kind, per]

    def planned(self, item: OutboxItem, deliveries: Sequence[NewDelivery]) -> None:
        """This was planned just now."""
        kind = kind_of(item.purpose, item.to)
        for counted in self._counts:
            if counted[0] == kind:
                self._counts[counted] += _leaving(deliveries)


@dataclass(frozen=True, slots=True)
class Brake:
    """Counts deliveries in policy time, over all daemons. What is None is not braked.

    Standing people down, what asks or tells our own staff, and items on trackers are never braked.
    """

    pages: Rate | None = None
    customer_messages: Rate | None = None
    answers: tuple[Rate, ...] = ()

    def holds(
        self,
        tx: Transaction,
        item: OutboxItem,
        deliveries: Sequence[NewDelivery],
        lately: Lately,
    ) -> str | None:
        """Why this message must not be planned now; None where it may.

        What a person released goes, and counts.
        """
        if item.reason is not None:
            return None
        if item.purpose in AUTOMATIC:
            found = (self._over(tx, each.address, lately.now) for each in deliveries)
            over = next((rate for rate in found if rate is not None), None)
            if over is not None:
                return f"{BRAKE} on {ANSWERS}: {over.text}"
        return self._of_its_kind(item, deliveries, lately)

    def _over(self, tx: Transaction, address: str, now: Instant) -> Rate | None:
        """The rate that one more automatic answer to this address would be beyond."""
        counts = (
            (rate, tx.planned_to(address, AUTOMATIC, now - rate.per)) for rate in self.answers
        )
        return next((rate for rate, count in counts if count >= rate.count), None)

    def _of_its_kind(
        self, item: OutboxItem, deliveries: Sequence[NewDelivery], lately: Lately
    ) -> str | None:
        kind = kind_of(item.purpose, item.to)
        rate = self._rate(kind)
        if kind is None or rate is None:
            return None
        over = lately.count(kind, rate.per) + _leaving(deliveries) > rate.count
        return f"{BRAKE} on {kind}: {rate.text}" if over else None

    def _rate(self, kind: str | None) -> Rate | None:
        return self.pages if kind == PAGES else self.customer_messages if kind else None


def _leaving(deliveries: Sequence[NewDelivery]) -> int:
    return sum(1 for each in deliveries if each.merged_into is None)


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
