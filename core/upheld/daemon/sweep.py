"""The clock as an event: every case whose ``wake_at`` has come is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from upheld.case.events import UPHELD, Event, Ticked
from upheld.daemon.look import Look
from upheld.desk.records import Records
from upheld.desk.shifts import SHIFT, Shifts
from upheld.desk.windows import read_again
from upheld.errors import LedgerError
from upheld.ledger import Transaction
from upheld.logs import logger


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Costs what is due, not what is open."""

    records: Records
    look: Look | None = None
    shifts: Shifts | None = None
    batch: int = 50

    def sweep(self) -> int:
        """Look at the cases that are due; answers how many were. Those that a tracker is asked of come
        last: it may hang."""
        now, asked = self.records.clock.now(), list[str]()
        due = self.records.ledger.due(now, self.batch)
        swept = sum(self._contained(case, partial(self._unless_asked, asked)) for case in due)
        return swept + sum(self._contained(case, self._once_asked) for case in asked)

    def _unless_asked(self, asked: list[str], case: str) -> bool:
        if self.look is not None and self.look.asks(case):
            asked.append(case)
            return False
        return self._ticked(case)

    def _once_asked(self, case: str) -> bool:
        looked = self.look is not None and self.look.before(case)
        return self._ticked(case) or looked

    def _ticked(self, case: str) -> bool:
        return self.records.ledger.retrying(partial(self._tick, case))

    def _contained(self, case: str, turn: Callable[[str], bool]) -> bool:
        """One case; what goes wrong with it must not keep the clocks of the others."""
        try:
            return turn(case)
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001  the audit tells of it as overdue
            what = f"{type(error).__name__}: {error}"
            logger().error("case_not_swept", case=case, error=what)
            return False

    def _tick(self, case: str, tx: Transaction) -> bool:
        now = self.records.clock.now()
        if not tx.still_due(case, now):  # another daemon was faster
            return False
        subject = tx.subject(case)
        if subject.kind == SHIFT and self.shifts is not None:
            self.shifts.turn(tx, subject)
            return True
        window = tx.window(case) if subject.kind == "window" else None
        tick = Event(f"tick:{subject.seq + 1}", now, now, UPHELD, Ticked())
        self.records.add(tx, case, tick)
        if window is not None:
            read_again(tx, window, now)
        return True
