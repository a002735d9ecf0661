"""How a clock fills: time of one calendar, or of two at once, of which the first to be full counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from upheld.calendar import Calendar
from upheld.calendar.instant import Instant, Span

#: What has run on each lane of a meter.
Spent: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Meter:
    """``lanes``: a calendar and the length promised on it; with ``outside_hours`` there are two."""

    lanes: tuple[tuple[Calendar, Span], ...]

    @property
    def empty(self) -> Spent:
        """Nothing has run."""
        return (0,) * len(self.lanes)

    def carried(self, spent: Spent) -> Spent:
        """What ran on another meter, as this one counts it: hours inside as inside."""
        return (*spent, 0)[: len(self.lanes)]

    def since(self, start: Instant, end: Instant) -> Spent:
        """What runs from ``start`` until ``end``."""
        return tuple(calendar.elapsed(start, end) for calendar, _ in self.lanes)

    def due(self, start: Instant, spent: Spent) -> Instant:
        """When the first lane is full, if it runs on from ``start``."""
        return min(
            calendar.add(start, max(0, length - done))
            for (calendar, length), done in zip(self.lanes, spent, strict=True)
        )

    def limit(self, start: Instant, spent: Spent) -> Instant:
        """Until when no lane is more than full."""
        return min(
            calendar.limit(start, max(0, length - done))
            for (calendar, length), done in zip(self.lanes, spent, strict=True)
        )

    def holds(self, spent: Spent) -> bool:
        """Whether no more has run than was promised, on any lane."""
        return all(done <= length for (_, length), done in zip(self.lanes, spent, strict=True))


def added(one: Sequence[Span], other: Sequence[Span]) -> Spent:
    """The sums, lane by lane."""
    return tuple(a + b for a, b in zip(one, other, strict=True))
