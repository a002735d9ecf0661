"""Impact and urgency against priority. Pure.

AR System computes the priority of an incident from weights of the other two, and nobody can write it.
So one pair stands for each priority when we write, and the weights tell the priority of any pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

IMPACTS: Final[Mapping[str, int]] = {
    "1-Extensive/Widespread": 9,
    "2-Significant/Large": 5,
    "3-Moderate/Limited": 3,
    "4-Minor/Localized": 0,
}
URGENCIES: Final[Mapping[str, int]] = {"1-Critical": 20, "2-High": 15, "3-Medium": 10, "4-Low": 0}
#: A priority, and the least weight that it needs.
LEAST: Final[Mapping[str, int]] = {"Critical": 24, "High": 18, "Medium": 10, "Low": 0}

#: Impact, urgency.
Pair = tuple[str, str]
PAIRS: Final[Mapping[str, Pair]] = {
    priority: (impact, urgency)
    for priority, impact, urgency in zip(LEAST, IMPACTS, URGENCIES, strict=True)
}


@dataclass(frozen=True, slots=True)
class Priorities:
    """A site's table: ``pairs`` is what is written for a priority, the rest how the site computes it."""

    pairs: Mapping[str, Pair] = field(default_factory=lambda: PAIRS)
    impacts: Mapping[str, int] = field(default_factory=lambda: IMPACTS)
    urgencies: Mapping[str, int] = field(default_factory=lambda: URGENCIES)
    least: Mapping[str, int] = field(default_factory=lambda: LEAST)

    def of(self, impact: str, urgency: str) -> str:
        """The priority of a pair; `KeyError` where the table does not have one of them."""
        weight = self.impacts[impact] + self.urgencies[urgency]
        fitting = [name for name, least in self.least.items() if weight >= least]
        return max(fitting, key=lambda name: self.least[name])

    def wrong(self) -> str | None:
        """A priority whose pair means another one, or is none of the table's."""
        return next((name for name, pair in self.pairs.items() if self._means(pair) != name), None)

    def _means(self, pair: Pair) -> str | None:
        impact, urgency = pair
        known = impact in self.impacts and urgency in self.urgencies
        return self.of(impact, urgency) if known else None
