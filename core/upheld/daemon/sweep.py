"""The clock as an event: every case whose ``wake_at`` has come is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from upheld.case.events import UPHELD, Event, Ticked
from upheld.desk.records import Records
from upheld.ledger import Transaction


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Costs what is due, not what is open."""

    records: Records
    batch: int = 50

    def sweep(self) -> int:
        """Look at the cases that are due; answers how many."""
        now = self.records.clock.now()
        due = self.records.ledger.due(now, self.batch)
        for case in due:
            self.records.ledger.retrying(partial(self._tick, case))
        return len(due)

    def _tick(self, case: str, tx: Transaction) -> None:
        now = self.records.clock.now()
        seq = tx.subject(case).seq
        self.records.add(tx, case, Event(f"tick:{seq + 1}", now, now, UPHELD, Ticked()))
