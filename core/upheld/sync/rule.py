"""One rule of a map: what one of our fields is on a tracker. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from upheld.config.mapping import RuleEntry, Word
from upheld.plugin import Value

#: Where trackers keep labels, unless a rule names another field.
LABELS: Final = "labels"
#: Verbs that a label, a filled field or a line of the map can be.
ACTS: Final = frozenset({"call", "mobilise", "work"})
#: What people say there alone: never written to an item that is there.
_THEIRS_ALONE: Final = frozenset({"triaged", "duplicate_of"})
#: What nobody but us can know: never read.
_OURS_ALONE: Final = frozenset({"due", "number"})


class Unmapped(str):
    """A tracker's value that the map does not have: it means nothing here, and is never written."""

    __slots__ = ()


class How(StrEnum):
    """The kinds of rules."""

    ATTRIBUTE = "attribute"  # read and written
    REMOTE = "remote"  # read, never written
    CONSTANT = "constant"  # written at creation, never read
    LABEL = "label"  # there or not: a flag
    COMMENT = "comment"  # a first line that is a verb


@dataclass(frozen=True, slots=True)
class Rule:
    """What ``ours`` is there: ``field`` is the tracker's name; ``pairs`` are (theirs, ours)."""

    ours: str
    how: How
    field: str
    pairs: tuple[tuple[Word, Word], ...] = ()
    otherwise: Word | None = None
    constant: Word | None = None
    label: str = ""
    line: str = ""
    overwrite: bool = True

    @classmethod
    def of(cls, entry: RuleEntry) -> Self:
        """As it is written."""
        how = next((how for how in How if getattr(entry, how, None) is not None), How.ATTRIBUTE)
        name = LABELS if how is How.LABEL else entry.field or entry.remote or entry.ours
        return cls(
            ours=entry.ours,
            how=how,
            field=name,
            pairs=entry.pairs,
            otherwise=entry.otherwise,
            constant=entry.constant,
            label=entry.label or "",
            line=entry.comment or "",
            overwrite=entry.overwrite,
        )

    @property
    def reads(self) -> bool:
        """Whether news of this field is taken in."""
        named = self.how in {How.ATTRIBUTE, How.REMOTE, How.LABEL}
        return named and self.ours not in _OURS_ALONE

    @property
    def writes(self) -> bool:
        """Whether it is ever written to an item that is there."""
        return self.how in {How.ATTRIBUTE, How.LABEL} and self.ours not in _THEIRS_ALONE

    @property
    def flag(self) -> bool:
        """Whether it is a flag of the policy."""
        words = [ours for _, ours in self.pairs]
        return self.how is How.LABEL or (
            bool(words) and all(isinstance(word, bool) for word in words)
        )

    def there(self, theirs: Mapping[str, Value]) -> bool:
        """Whether the item has the field at all."""
        return self.field in theirs

    def theirs(self, fields: Mapping[str, Value]) -> Value:
        """The tracker's own value; of a label True, or None where it is not there."""
        found = fields.get(self.field)
        if self.how is How.LABEL:
            return True if self.label in _labels(found) else None
        return found

    def inward(self, theirs: Value) -> Value:
        """What a value of theirs is here."""
        if self.how is How.LABEL:
            return bool(theirs)
        if not self.pairs or theirs is None or theirs == "":
            return theirs
        known = (ours for word, ours in self.pairs if str(word) == str(theirs))
        fallback = Unmapped(theirs) if self.otherwise is None else self.otherwise
        return next(known, fallback)

    def outward(self, ours: Value) -> tuple[str, Value] | None:
        """Their name, and the word for a value of ours: the first that means it; None where none does."""
        if self.how is How.LABEL:
            return self.field, self.label if ours else ""
        if not self.pairs or ours is None:
            return self.field, ours
        word = next((word for word, meant in self.pairs if str(meant) == str(ours)), None)
        return None if word is None else (self.field, word)

    def means_something(self, value: Value) -> bool:
        """Whether a value is one of ours."""
        return not isinstance(value, Unmapped)

    def leaves(self, theirs: Mapping[str, Value]) -> bool:
        """Whether what stands in the tracker's field is left alone."""
        return not self.overwrite and theirs.get(self.field) not in (None, "", ())

    def labels(self, theirs: Mapping[str, Value], on: Value) -> tuple[str, ...]:
        """All labels of the item, with this one or without it."""
        others = tuple(each for each in _labels(theirs.get(self.field)) if each != self.label)
        return (*others, self.label) if on else others

    @property
    def lossy(self) -> Iterator[tuple[Word, Word]]:
        """Values of theirs that are read and never written: another one means the same."""
        seen: set[str] = set()
        for theirs, ours in self.pairs:
            if str(ours) in seen:
                yield theirs, ours
            seen.add(str(ours))


def _labels(value: Value) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return () if value is None or value == "" else tuple(str(value).split())
