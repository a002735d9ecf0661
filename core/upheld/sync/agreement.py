"""Where the two sides of a link stand, field by field, when news of an item comes in. Pure.

What people did there are facts of the case, but for two: what waits for somebody to decide is not taken
yet, and what comes after a value of ours that stands is kept as a note.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from upheld.calendar.instant import Instant
from upheld.case.events import (
    Assigned,
    Body,
    Closed,
    Event,
    Flagged,
    KindSet,
    Noted,
    OutcomeSet,
    Provided,
    Queued,
    Rejected,
    Reopened,
    Resolved,
    Restated,
    SeveritySet,
    Triaged,
    WaitingOn,
    Worked,
)
from upheld.case.events import Side as CaseSide
from upheld.ledger import Agreed
from upheld.plugin import Value
from upheld.sync.merge import ConflictRule, Merged, Move, Side, merge
from upheld.sync.ours import empty, plain
from upheld.sync.rule import Unmapped

#: What is read once, what is ours alone to know, and what is no field but something that was done.
NEVER: Final = frozenset(
    {"text", "reporter", "customer", "number", "due", "triaged", "duplicate_of"}
)

#: What every tracker is taken to have that speaks our words; where it leaves one out, that is empty.
USUAL: Final = ("title", "status", "severity", "queue", "assignee")


@dataclass(frozen=True, slots=True)
class Standing:
    """A field of ours on both sides, before news of it is taken. ``theirs`` is in the tracker's words,
    ``meant`` what that is in ours; ``rule`` decides a conflict."""

    field: str
    agreed: Agreed | None
    ours: Value
    theirs: Value
    meant: Value
    rule: ConflictRule
    merged: Merged
    ours_at: Instant | None = None

    @property
    def move(self) -> Move:
        """What becomes of the field."""
        return self.merged.move

    def lets(self, at: Instant) -> bool:
        """Whether a change there is a fact of the case; what is older than ours stands before it."""
        if self.agreed is None or self.move in {Move.TAKE, Move.NOTHING}:
            return True
        return self.move is Move.WRITE and at < (self.ours_at or 0)

    def note(self, old: Value, new: Value) -> Noted:
        """A change there that is no fact, since ours stands."""
        return Noted(
            f"[{self.field}] {shown(old)} -> {shown(new)} there; {shown(self.ours)} stands"
        )

    def conflict(self) -> Noted:
        """Both sides changed it: what was, what each wants, and what becomes of it."""
        was = shown(self.agreed[0]) if self.agreed else "nothing"
        return Noted(
            f"[{self.field}] was {was}; here it is {shown(self.ours)}, there {shown(self.theirs)}:"
            f" {_FATES[self.move]} ({self.rule.value})"
        )

    def apart(self, after: Mapping[str, Value]) -> bool:
        """Whether both sides have something else in a field that they never agreed on."""
        ours = after.get(self.field)
        never = self.agreed is None and self.move is Move.TAKE and not empty(ours)
        return never and not isinstance(self.meant, Unmapped) and not alike(ours, self.meant)

    def difference(self) -> Noted:
        """Two that were there before are one case now, and nobody knows who changed it last."""
        both = f"here it is {shown(self.ours)}, there {shown(self.theirs)}"
        return Noted(f"[{self.field}] {both}: each stays until somebody changes either")

    def after(self, ours: Value) -> Agreed | None:
        """What is agreed once the news is taken, with ``ours`` as it is then; None: nothing anew."""
        theirs = plain(self.theirs)
        if self.agreed is not None:
            return self._kept(plain(ours), theirs)
        return (None if empty(theirs) and not empty(ours) else plain(ours)), theirs

    def _kept(self, ours: Any, theirs: Any) -> Agreed | None:
        assert self.agreed is not None
        if self.move is Move.HOLD:
            return None
        if self.move is Move.TAKE or alike(ours, self.meant):
            return ours, theirs
        # What is ours alone so far stays to be written; where theirs was set aside, even if ours goes
        # back to what was agreed before.
        aside = self.merged.conflict and not isinstance(self.meant, Unmapped)
        return plain(self.meant) if aside else self.agreed[0], theirs

    def journal(self) -> dict[str, Any]:
        """Both values, as the journal of conflicts keeps them."""
        winner = self.merged.winner
        return {
            "base": dumped(self.agreed[0]) if self.agreed else None,
            "ours": dumped(self.ours),
            "theirs": dumped(self.theirs),
            "rule": self.rule.value,
            "winner": None if winner is None else winner.value,
        }


_FATES: Final[Mapping[Move, str]] = {
    Move.TAKE: "theirs stands",
    Move.WRITE: "ours stands",
    Move.HOLD: "neither is touched until somebody decides",
}


def standing(
    field: str,
    agreed: Agreed | None,
    ours: Side[Value],
    theirs: Side[Value],
    meant: Value,
    rule: ConflictRule,
) -> Standing:
    """Where a field stands; ours counts as changed where somebody has set it, at ``ours.at``."""
    if ours.at is None and agreed is not None:
        ours_then = Side(agreed[0])
    else:
        ours_then = Side(plain(ours.value), ours.at)
    they = Side(plain(theirs.value), theirs.at)
    same = alike(ours.value, meant)
    merged = merge(agreed, ours_then, they, same=same, rule=rule)
    return Standing(field, agreed, ours.value, theirs.value, meant, rule, merged, ours.at)


def edited_at(facts: Iterable[Event], field: str, item: str) -> Instant | None:
    """When one of our fields was last set by somebody who did not do so on the item; None where nobody
    did: what follows by itself from a reply, a rule or a proposal is nobody's wish against theirs."""
    setting = (fact for fact in facts if sets(fact.body, field))
    last = max(setting, key=lambda fact: fact.order, default=None)
    if last is None or last.actor.side is CaseSide.UPHELD or last.id.startswith(f"{item}/"):
        return None
    return last.at


def sets(body: Body, field: str) -> bool:
    """Whether a fact sets one of our fields."""
    if isinstance(body, Restated):
        return field == "title" and body.title is not None
    kinds = _SETS.get(field)
    if kinds is not None:
        return isinstance(body, kinds)
    if isinstance(body, Provided):
        return body.item == field
    return isinstance(body, Flagged) and body.flag == field


_SETS: Final[Mapping[str, tuple[type, ...]]] = {
    "severity": (SeveritySet, Triaged),
    "status": (Worked, WaitingOn, Resolved, Closed, Reopened, Rejected),
    "queue": (Queued,),
    "assignee": (Assigned,),
    "outcome": (OutcomeSet,),
    "kind": (KindSet,),
}


def alike(ours: Any, meant: Any) -> bool:
    """Whether two values of ours mean the same; a flag that is not set is one that nobody spoke of."""
    return text(ours) == text(meant) or (ours in (None, False) and meant in (None, False))


def text(value: Any) -> str:
    """A value as people compare it."""
    return "" if value is None else str(plain(value)).strip()


def shown(value: Any) -> str:
    """A value in a sentence."""
    return repr(text(value)) if text(value) else "nothing"


def dumped(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(plain(value), ensure_ascii=False)
