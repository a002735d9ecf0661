"""The proof of a sending, on its case."""

from __future__ import annotations

from upheld.case.events import UPHELD, Actor, Event, Noted, Receipted, Side
from upheld.dispatch.letters import Letters
from upheld.dispatch.outcome import Outcome
from upheld.ledger import LeasedDelivery, Transaction


def prove(tx: Transaction, letters: Letters, leased: LeasedDelivery, outcome: Outcome) -> None:
    """Write down on the case what became of it, for which clauses, and what it offered."""
    records, delivery = letters.records, leased.delivery
    now = records.clock.now()
    body = Receipted(
        key=leased.key,
        state=outcome.proof,
        channel=delivery.channel,
        connection=delivery.connection,
        recipient=delivery.recipient,
        purpose=leased.item.purpose,
        clauses=leased.item.clauses,
        detail=outcome.detail,
    )
    event_id = f"receipt:{leased.key}:{outcome.proof}:{delivery.attempts}"
    actor = Actor(delivery.connection, Side.PROVIDER)
    records.add(tx, leased.item.subject, Event(event_id, now, now, actor, body))
    offers = letters.offers(tx, leased.item) if outcome.proof != "failed" else ()
    if offers:
        note = Noted(f"[offered] {'; '.join(offers)}")
        records.add(tx, leased.item.subject, Event(f"offered:{leased.key}", now, now, UPHELD, note))
