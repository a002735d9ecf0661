"""What systems run, as far as their monitors tell."""

from __future__ import annotations

from collections.abc import Mapping

from upheld.desk.advisories import Running
from upheld.ledger import Transaction
from upheld.monitor.watchlist import Watched


def runs(watched: Watched, version: str) -> Running | None:
    """What one of them runs that told a version; None where nobody said what it is that it tells of."""
    entry = watched.entry
    if entry.runs is None or not version:
        return None
    return Running(watched.name, entry.runs, version, entry.customer, entry.system)


def running(tx: Transaction, watched: Mapping[str, Watched]) -> list[Running]:
    """All of them, by the last version that each told."""
    found = (
        runs(watched[row.name], _last([each.version for each in row.tally.recent]))
        for row in tx.monitors()
        if row.name in watched
    )
    return [each for each in found if each is not None]


def _last(versions: list[str]) -> str:
    return next((each for each in reversed(versions) if each), "")
