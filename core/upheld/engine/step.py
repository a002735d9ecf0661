"""What a rule does at an instant, before it is known whether it was done already."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from upheld.calendar.instant import Instant
from upheld.case.decision import Withdrawal
from upheld.policy.model import CatchUp, Do


class StepKind(StrEnum):
    """A rule's own step, the question ahead of it, a stand-down, or a person's reply to send."""

    DO = "do"
    ASK = "ask"
    STAND_DOWN = "stand_down"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Step:
    """``track`` is clause/rule/cycle; with the occurrence it names the step for good, wherever the
    rule stands in the file. ``filled``: a person had already done what it promises. ``asks``: who is
    asked for a sentence, a role or ``assignee``."""

    track: str
    occurrence: int
    clause: str
    rule: str
    due: Instant
    kind: StepKind = StepKind.DO
    do: tuple[Do, ...] = ()
    catch_up: CatchUp = CatchUp.ALWAYS
    filled: bool = False
    why: Withdrawal | None = None
    text: str = ""
    asks: str = ""
    next_due: Instant | None = None

    @property
    def repeats(self) -> bool:
        """Whether it is one of a grid."""
        return self.next_due is not None
