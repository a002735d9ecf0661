"""What else follows from what is said of a case: who has it stops its pages, and the others hear of it; a
Severity 1 is not gathered with other cases."""

from __future__ import annotations

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose, Withdrawal
from upheld.case.events import Event, PageAcknowledged, Proposed, SeveritySet, Side, Triaged
from upheld.ledger import WITHDRAW, Transaction
from upheld.ledger.actions import urgency


def of_the_case(event: Event) -> bool:
    """Whether somebody of ours has the case, and so whatever rings for it."""
    body = event.body
    return isinstance(body, PageAcknowledged) and not body.key and event.actor.side is Side.STAFF


def marks_the_gravest(event: Event) -> bool:
    """Whether the case is a Severity 1 from now on; a proposal acts until it is triaged."""
    return isinstance(event.body, Proposed | Triaged | SeveritySet) and event.body.severity == 1


def stilled(tx: Transaction, case: str, event: Event, now: Instant) -> None:
    """All pages of a case are looked at, since one that nobody answered may go on once this has expired."""
    tx.look_at_pages(case, now)
    if any(each.purpose == Purpose.PAGE for each in tx.perhaps_there(case)):
        tell(tx, case, event.actor.id, event.at, now)


def tell(tx: Transaction, case: str, by: str, at: Instant, now: Instant) -> None:
    """Whoever else was paged hears who has answered; once for all that was answered at once."""
    tx.enqueue(
        f"{case}/stand-down/{Withdrawal.ACKNOWLEDGED}/{at}/{by.replace('>', ' ')}",
        case,
        WITHDRAW,
        now=now,
        why=Withdrawal.ACKNOWLEDGED.value,
        facts={"by": by, "at": at},
        urgency=urgency(Purpose.STAND_DOWN),
    )
