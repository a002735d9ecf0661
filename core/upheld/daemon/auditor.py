"""The auditor: is anything overdue that has no outcome, is a connection blind, is a letter dead?

What it finds is logged once when it comes and once when it goes, and shown by ``upheld status``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from upheld.calendar.instant import MINUTE, Instant, Span, iso
from upheld.ledger import DeliveryState, Ledger, Transaction
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
        before = {finding.what for finding in self.findings}
        for finding in found:
            if finding.what not in before:
                self.log.error("audit", about=finding.subject, what=finding.what)
        for gone in before - {finding.what for finding in found}:
            self.log.info("audit_clear", what=gone)
        self.findings = found
        return found


def audit(ledger: Ledger, lives: Sequence[Live], now: Instant) -> tuple[Finding, ...]:
    """Everything that should have happened and has no outcome, from the ledger alone."""
    with ledger.reading() as tx:
        return (
            *_overdue(tx, now),
            *_parked(tx),
            *_blind(tx, now),
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


def _blind(tx: Transaction, now: Instant) -> list[Finding]:
    found = []
    for pull in tx.pulls():
        if not pull.error:
            continue
        if pull.succeeded is None:
            found.append(_error(pull.connection, f"never read: {pull.error}"))
        elif now - pull.succeeded > BLIND:
            since = iso(pull.succeeded)
            found.append(_error(pull.connection, f"not read since {since}: {pull.error}"))
    return found


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
