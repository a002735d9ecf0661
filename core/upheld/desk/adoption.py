"""Since when a connection is read, and what is older than what it is to enforce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upheld.calendar.instant import Instant
from upheld.ledger import Transaction

if TYPE_CHECKING:
    from upheld.desk.intake import Source


def read_since(connection: str) -> str:
    """The scope in the ledger that tells since when a connection is read."""
    return f"read/{connection}"


def was_there_before(tx: Transaction, source: Source, at: Instant) -> bool:
    """Whether what began at ``at`` is older than what the connection is to enforce.

    That is its ``adopt_from``, and never before the first time that it was read: a tracker or a
    mailbox that is newly connected wakes nobody for what stands in it.
    """
    limits = (source.adopt_from, tx.since(read_since(source.name)))
    return any(limit is not None and at < limit for limit in limits)
