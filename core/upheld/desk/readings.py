"""What takes readings that connections bring: the room of monitors, which this room does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from upheld.ledger import Transaction
from upheld.plugin import Reading

if TYPE_CHECKING:
    from upheld.desk.intake import Source


class Readings(Protocol):
    """Counts them for what is watched."""

    def take(self, tx: Transaction, source: Source, reading: Reading) -> bool:
        """One reading; whether it was news. What is of nothing that is watched goes to quarantine."""
