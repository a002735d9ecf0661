"""What a case remembers of its own consequences: the steps taken and the verdicts given.

Everything else is derived anew from the facts each time. A track's steps come in order, so the last
occurrence that was dealt with stands for all before it, however long a case stays open. Only where
late news moves a whole grid later, its occurrences begin anew, under other keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from upheld.calendar.instant import Instant
from upheld.case.events import StepResult
from upheld.engine.step import Step

WITHDRAWN: Final = "withdrawn"


@dataclass(slots=True)
class Memory:
    """``steps``: track -> [last occurrence, its result, its generation, its instant];
    ``verdicts``: key -> [verdict, due]; ``warnings``: key of a clock -> when it was warned of, None
    where that was taken back; ``seen``: the latest instant at which the case was looked at."""

    steps: dict[str, list[Any]]
    verdicts: dict[str, list[Any]]
    seen: Instant
    warnings: dict[str, Instant | None] = field(default_factory=dict)

    @classmethod
    def read(cls, state: Mapping[str, Any] | None) -> Memory:
        """From the state that the last decision left; empty at first."""
        kept = state or {}
        return cls(
            steps={track: [*last, None][:4] for track, last in kept.get("steps", {}).items()},
            verdicts={key: list(given) for key, given in kept.get("verdicts", {}).items()},
            seen=kept.get("seen", 0),
            warnings=dict(kept.get("warnings", {})),
        )

    def write(self) -> dict[str, Any]:
        """As plain values for the ledger."""
        warnings = {"warnings": self.warnings} if self.warnings else {}
        return {"seen": self.seen, "steps": self.steps, "verdicts": self.verdicts, **warnings}

    def knows(self, step: Step) -> bool:
        """Whether this step was dealt with, and not withdrawn since.

        One of a grid that late news moved later is another one, though its number was used.
        """
        last, result, _, due = self.steps.get(step.track, (0, "", 0, None))
        if step.repeats and due is not None and step.due > due:
            return False
        return bool(last > step.occurrence or (last == step.occurrence and result != WITHDRAWN))

    def keep(self, step: Step, result: StepResult) -> None:
        """Never deal with this step again, unless it is withdrawn and comes to stand once more."""
        last, _, generation, _ = self.steps.get(step.track, (0, "", 1, None))
        generation += last >= step.occurrence
        self.steps[step.track] = [step.occurrence, result.value, generation, step.due]

    def before(self, step: Step) -> bool:
        """Whether this rule has really done the same in another cycle."""
        others = f"{step.clause}/{step.rule}/"
        return any(
            track.startswith(others) and track != step.track and result == StepResult.TAKEN
            for track, (_, result, *_) in self.steps.items()
        )

    def withdraw(self, track: str) -> None:
        """The last step of this track should not have been taken."""
        self.steps[track][1] = WITHDRAWN

    def key(self, case: str, track: str) -> str:
        """The key of a track's last step; another one for each time that it was really taken."""
        occurrence, _, generation, _ = self.steps[track]
        return f"{case}/{track}/{occurrence}" + (f"~{generation}" if generation > 1 else "")

    @property
    def folded(self) -> bool:
        """Whether the last step of any track was left to a parent to say."""
        return any(result == StepResult.FOLDED for _, result, *_ in self.steps.values())

    def taken(self) -> Iterable[tuple[str, int]]:
        """Track and occurrence of what was really done last: what late news can prove wrong."""
        last = self.steps.items()
        return [(track, done) for track, (done, result, *_) in last if result == StepResult.TAKEN]
