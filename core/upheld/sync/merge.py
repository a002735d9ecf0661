"""The three-way merge of one field. Pure.

Both sides keep what they last agreed on, as a pair: maps lose detail, so what is Medium there and 2
here stays so until somebody changes either. Whether a side changed is told by its own value alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from upheld.calendar.instant import Instant
from upheld.sync.ours import empty

V = TypeVar("V")


class ConflictRule(StrEnum):
    """Who wins where both sides changed a field. ``HOLD``: nobody, until a person decides."""

    REMOTE = "remote"
    LOCAL = "local"
    NEWEST = "newest"
    HOLD = "hold"


class Winner(StrEnum):
    """Whose value stands."""

    OURS = "ours"
    THEIRS = "theirs"


class Move(StrEnum):
    """What is to be done about a field."""

    NOTHING = "nothing"
    TAKE = "take"  # theirs becomes ours
    WRITE = "write"  # ours becomes theirs
    HOLD = "hold"  # neither, until somebody decides


@dataclass(frozen=True, slots=True)
class Side(Generic[V]):
    """A value on one side, and when it was changed last, where that is known."""

    value: V
    at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The move, and whether both sides had changed: then it is journalled, whoever wins."""

    move: Move
    conflict: bool = False

    @property
    def winner(self) -> Winner | None:
        """Whose value stands; None where nothing is to move, or nobody has decided."""
        return _WINNERS.get(self.move)


_WINNERS: Final = {Move.TAKE: Winner.THEIRS, Move.WRITE: Winner.OURS}


def merge(
    agreed: tuple[Any, Any] | None,
    ours: Side[Any],
    theirs: Side[Any],
    *,
    same: bool,
    rule: ConflictRule = ConflictRule.REMOTE,
) -> Merged:
    """What becomes of a field. ``agreed`` is (ours, theirs) when they last were one, None where they
    never were; ``same`` whether the two mean the same now, as the map has it."""
    if same:
        return Merged(Move.NOTHING)
    if agreed is None:  # nothing to tell by who changed: it is the tracker's, as people typed it
        return Merged(Move.WRITE if empty(theirs.value) else Move.TAKE)
    we, they = ours.value != agreed[0], theirs.value != agreed[1]
    if we and they:
        return Merged(_decided(rule, ours.at, theirs.at), conflict=True)
    if they:
        return Merged(Move.TAKE)
    return Merged(Move.WRITE if we else Move.NOTHING)


def _decided(rule: ConflictRule, ours: Instant | None, theirs: Instant | None) -> Move:
    if rule is ConflictRule.HOLD:
        return Move.HOLD
    if rule is ConflictRule.NEWEST and ours is not None and theirs is not None:
        return Move.WRITE if ours > theirs else Move.TAKE
    # Without both times nobody knows which is newer: what people typed there stays.
    return Move.WRITE if rule is ConflictRule.LOCAL else Move.TAKE
