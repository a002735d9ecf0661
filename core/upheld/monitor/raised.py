"""The case that a monitor has opened, while it is open: what it turns to next is told to that one."""

from __future__ import annotations

from upheld.case.events import Raised
from upheld.case.state import Status
from upheld.ledger import Transaction


def open_case(tx: Transaction, subject: str) -> str | None:
    """The last case that the monitor with this subject opened; None where it is over, or there is none."""
    facts = reversed(tx.subject(subject).facts)
    raised = next((fact.body.case for fact in facts if isinstance(fact.body, Raised)), None)
    if raised is None or tx.case(raised).status in {Status.RESOLVED, Status.CLOSED}:
        return None
    return raised
