"""The auditor: is anything overdue that has no outcome, is a connection blind, is a letter dead?

What it finds is logged once when it comes and once when it goes, and shown by ``upheld status``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from upheld.calendar.instant import MINUTE, Instant, Span, iso
from upheld.ledger import DeliveryState, Ledger, PullStatus, Transaction
from upheld.plugin import Finding, Level, Logger
from upheld.seam import Live

#: How late the sweep may be before somebody hears of it.
OVERDUE: Final[Span] = 2 * MINUTE
#: A connection that was not read for so long is blind.
BLIND: Final[Span] = 10 * MINUTE


@dataclass(slots=True)
class Auditor:
    """Looks every minute. Only a clean answer is a good one."""

    ledger: Ledger
    lives: Sequence[Live]
    log: Logger
    findings: tuple[Finding, ...] = field(default=())

    def audit(self, now: Instant) -> tuple[Finding, ...]:
        """All that is wrong just now."""
        found = audit(self.ledger, self.lives, now)
        for finding in found:
            if finding not in self.findings:
                self.log.error("audit", about=finding.subject, what=finding.what)
        for gone in self.findings:
            if gone not in found:
                self.log.info("audit_clear", about=gone.subject, what=gone.what)
        self.findings = found
        return found


def audit(ledger: Ledger, lives: Sequence[Live], now: Instant) -> tuple[Finding, ...]:
    """Everything that should have happened and has no outcome, as the ledger knows it.

    Without ``lives`` (a command beside the daemon) nobody here can say that a connection is stopped.
    """
    with ledger.reading() as tx:
        return (
            *_overdue(tx, now),
            *_parked(tx),
            *_blind(tx, lives, now),
            *_letters(tx),
            *(_error(live.name, f"stopped: {live.stopped}") for live in lives if live.stopped),
        )


def _overdue(tx: Transaction, now: Instant) -> list[Finding]:
    late = tx.peek_due(now - OVERDUE, 100)
    parked = {subject.id for subject in tx.parked()}
    late = [case for case in late if case not in parked]
    return [_error("sweep", f"{len(late)} cases overdue, {late[0]} first")] if late else []


def _parked(tx: Transaction) -> list[Finding]:
    return [
        _error(subject.id, f"parked, its decider failed: {subject.error}")
        for subject in tx.parked()
    ]


def _blind(tx: Transaction, lives: Sequence[Live], now: Instant) -> list[Finding]:
    ours = {live.name for live in lives}
    # What is no longer configured leaves its row behind, and is blind to nobody.
    pulls = [pull for pull in tx.pulls() if not ours or pull.connection in ours]
    return [finding for pull in pulls if (finding := _not_read(pull, bool(ours), now)) is not None]


def _not_read(pull: PullStatus, running: bool, now: Instant) -> Finding | None:
    if pull.succeeded is None:
        return _error(pull.connection, f"never read: {pull.error}") if pull.error else None
    # Beside the daemon, silence may mean no more than that nobody runs.
    if now - pull.succeeded <= BLIND or not (pull.error or running):
        return None
    why = pull.error or "no pull has come to an end"
    return _error(pull.connection, f"not read since {iso(pull.succeeded)}: {why}")


def _letters(tx: Transaction) -> list[Finding]:
    dead = tx.dead_letters()
    unknown = tx.in_flight().get(DeliveryState.UNKNOWN, 0)
    found = []
    if dead:
        what = f"{len(dead)} dead letters; see `upheld deadletters list`"
        found.append(_error("outbox", what))
    if unknown:
        found.append(_error("outbox", f"{unknown} sendings whose outcome is not known"))
    return found


def _error(subject: str, what: str) -> Finding:
    return Finding(Level.ERROR, subject, what)
