"""What a case remembers of its own consequences: the steps taken and the verdicts given.

Everything else is derived anew from the facts each time. A track's steps come in order, so the last
occurrence that was dealt with stands for all before it, however long a case stays open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from upheld.calendar.instant import Instant
from upheld.case.events import StepResult
from upheld.engine.step import Step

WITHDRAWN: Final = "withdrawn"


@dataclass(slots=True)
class Memory:
    """``steps``: track -> [last occurrence, its result, how often it was dealt with];
    ``verdicts``: key -> [verdict, due]; ``seen``: the latest instant at which the case was looked at."""

    steps: dict[str, list[Any]]
    verdicts: dict[str, list[Any]]
    seen: Instant

    @classmethod
    def read(cls, state: Mapping[str, Any] | None) -> Memory:
        """From the state that the last decision left; empty at first."""
        kept = state or {}
        return cls(
            steps={track: list(last) for track, last in kept.get("steps", {}).items()},
            verdicts={key: list(given) for key, given in kept.get("verdicts", {}).items()},
            seen=kept.get("seen", 0),
        )

    def write(self) -> dict[str, Any]:
        """As plain values for the ledger."""
        return {"seen": self.seen, "steps": self.steps, "verdicts": self.verdicts}

    def knows(self, step: Step) -> bool:
        """Whether this step was dealt with, and not withdrawn since."""
        last, result, _ = self.steps.get(step.track, (0, "", 0))
        return bool(last > step.occurrence or (last == step.occurrence and result != WITHDRAWN))

    def keep(self, step: Step, result: StepResult) -> None:
        """Never deal with this step again, unless it is withdrawn and comes to stand once more."""
        last, _, times = self.steps.get(step.track, (0, "", 0))
        again = times + 1 if last == step.occurrence else 1
        self.steps[step.track] = [step.occurrence, result.value, again]

    def before(self, step: Step) -> bool:
        """Whether this rule has really done the same in another cycle."""
        others = f"{step.clause}/{step.rule}/"
        return any(
            track.startswith(others) and track != step.track and result == StepResult.TAKEN
            for track, (_, result, _) in self.steps.items()
        )

    def withdraw(self, track: str) -> None:
        """The last step of this track should not have been taken."""
        self.steps[track][1] = WITHDRAWN

    def key(self, case: str, track: str) -> str:
        """The key of a track's last step; another one for each time that it was really taken."""
        occurrence, _, times = self.steps[track]
        return f"{case}/{track}/{occurrence}" + (f"~{times}" if times > 1 else "")

    @property
    def folded(self) -> bool:
        """Whether the last step of any track was left to a parent to say."""
        return any(result == StepResult.FOLDED for _, result, _ in self.steps.values())

    def taken(self) -> Iterable[tuple[str, int]]:
        """Track and occurrence of what was really done last: what late news can prove wrong."""
        last = self.steps.items()
        return [(track, done) for track, (done, result, _) in last if result == StepResult.TAKEN]
