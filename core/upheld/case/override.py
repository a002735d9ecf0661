"""An override of a rotation, as somebody said it: data that the ledger keeps and the directory reads."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.calendar.instant import Instant


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in from ``since`` until ``until``, as a person said; ``number`` names it."""

    number: int
    rotation: str
    person: str
    since: Instant
    until: Instant
    by: str = ""
    reason: str = ""
    at: Instant = 0

    def covers(self, at: Instant) -> bool:
        """Whether it is in force at ``at``; its end is no longer part of it."""
        return self.since <= at < self.until
