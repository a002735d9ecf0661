"""What a case remembers of its own consequences: the steps taken and the verdicts given.

Everything else is derived anew from the facts each time. A track's steps come in order, so the last
occurrence that was dealt with stands for all before it, however long a case stays open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from upheld.calendar.instant import Instant
from upheld.case.events import StepResult
from upheld.engine.step import Step


@dataclass(slots=True)
class Memory:
    """``steps``: track -> [last occurrence, its result]; ``verdicts``: key -> verdict;
    ``seen``: the latest instant at which the case was looked at."""

    steps: dict[str, list[Any]]
    verdicts: dict[str, str]
    seen: Instant

    @classmethod
    def read(cls, state: Mapping[str, Any] | None) -> Memory:
        """From the state that the last decision left; empty at first."""
        kept = state or {}
        return cls(
            steps={track: list(last) for track, last in kept.get("steps", {}).items()},
            verdicts=dict(kept.get("verdicts", {})),
            seen=kept.get("seen", 0),
        )

    def write(self) -> dict[str, Any]:
        """As plain values for the ledger."""
        return {"seen": self.seen, "steps": self.steps, "verdicts": self.verdicts}

    def knows(self, step: Step) -> bool:
        """Whether this step was dealt with before."""
        last = self.steps.get(step.track)
        return last is not None and last[0] >= step.occurrence

    def keep(self, step: Step, result: StepResult) -> None:
        """Never deal with this step again."""
        self.steps[step.track] = [step.occurrence, result.value]

    def taken_once(self) -> dict[str, str]:
        """Tracks whose only step was really taken: those that late news can prove wrong."""
        return {
            track: result
            for track, (occurrence, result) in self.steps.items()
            if occurrence == 1 and result == StepResult.TAKEN
        }
