"""What our fields and values are on a tracker: one connection's `map`. Pure.

Without a map the tracker speaks our words, and all passes through as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from upheld.plugin import Change, RemoteCase, Value
from upheld.sync.rule import How, Rule

#: Fields that every tracker calls so, unless a map says otherwise: what an item is, and whose.
TOLD: Final = frozenset({"title", "text", "reporter", "customer"})


@dataclass(frozen=True)
class FieldMap:
    """A connection's map; ``rules`` by our field, None where there is none.

    ``people`` are the names of ours on this tracker, by their ids.
    """

    rules: Mapping[str, Rule] | None = None
    people: Mapping[str, str] = field(default_factory=dict)

    # --- from the tracker ---

    def inward(self, item: RemoteCase) -> RemoteCase:
        """The item in our words: fields, and what was changed of them. What is not in the map is not
        there; a value that it does not have is ``Unmapped``."""
        if self.rules is None:
            return item
        fields = dict(self._fields(item.fields))
        history = item.history
        if history is not None:
            history = tuple(ours for each in history for ours in self._changes(each))
        return replace(item, fields=fields, history=history)

    def theirs(self, field: str, item: RemoteCase) -> Value:
        """The item's own value, in the tracker's words, of a field of ours; None where it has none."""
        if self.rules is None:
            return item.fields.get(field)
        rule = self._read.get(field)
        if rule is None:
            return item.fields.get(field) if field in TOLD else None
        return rule.theirs(item.fields)

    def meant(self, field: str, theirs: Value) -> Value:
        """What the tracker's value of a field of ours means here."""
        rule = None if self.rules is None else self._read.get(field)
        return theirs if rule is None else self._ours(field, rule.inward(theirs))

    # --- to the tracker ---

    def outward(self, field: str, value: Value) -> tuple[str, Value] | None:
        """The tracker's name and value of ours; None where that is not written there. Of a flag that
        is a label there, the value is the label, or "" for none."""
        if self.rules is None:
            return field, value
        rule = self.rules.get(field)
        if rule is None or not rule.writes:
            return None
        if field == "assignee" and value is not None:
            value = self.people.get(str(value))
            return None if value is None else (rule.field, value)
        return rule.outward(value)

    def written(self, values: Mapping[str, Value], item: RemoteCase | None) -> dict[str, Value]:
        """All of these fields in the tracker's words, as they are to be written to an item.

        ``item`` is as it is now, None for one that is to be created: labels of others stay on it,
        fields that are not to be overwritten are left as they are, and constants are for a new one.
        """
        theirs = dict(item.fields) if item is not None else {}
        found: dict[str, Value] = dict(self._constants()) if item is None else {}
        for ours, value in values.items():
            pair, rule = self.outward(ours, value), (self.rules or {}).get(ours)
            if pair is None or (rule is not None and rule.leaves(theirs)):
                continue
            name, word = pair
            if rule is not None and rule.how is How.LABEL:
                word = theirs[name] = rule.labels(theirs, value)
            found[name] = word
        return found

    def whole(self, field: str) -> bool:
        """Whether the item must be at hand to write a field: other labels stay, and what stands there."""
        rule = (self.rules or {}).get(field)
        return rule is not None and (rule.how is How.LABEL or not rule.overwrite)

    def same(self, field: str, ours: Value, theirs: Value) -> bool:
        """Whether a value of ours and one of the tracker's mean the same."""
        meant = self.meant(field, theirs)
        return _text(ours) == _text(meant) or (not ours and not meant)

    # --- what it covers ---

    def reads(self, field: str) -> bool:
        """Whether a field of ours is read from this tracker."""
        return self.rules is None or field in self._read or field in TOLD

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of ours that are read by the map; none where there is no map."""
        return tuple(self._read)

    @property
    def flags(self) -> frozenset[str]:
        """The fields of ours that are flags of the policy."""
        return frozenset(ours for ours, rule in self._read.items() if rule.flag)

    @property
    def lines(self) -> Mapping[str, str]:
        """First lines of a comment that mean a verb, with the verb."""
        rules = (self.rules or {}).values()
        return {rule.line: rule.ours for rule in rules if rule.how is How.COMMENT}

    @cached_property
    def _read(self) -> Mapping[str, Rule]:
        return {ours: rule for ours, rule in (self.rules or {}).items() if rule.reads}

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {theirs: ours for ours, theirs in self.people.items()}

    def _constants(self) -> Iterator[tuple[str, Value]]:
        for rule in (self.rules or {}).values():
            if rule.how is How.CONSTANT:
                yield rule.field, rule.constant

    def _fields(self, theirs: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
        for name in TOLD - self._read.keys():
            if name in theirs:
                yield name, theirs[name]
        for ours, rule in self._read.items():
            if rule.there(theirs):
                yield ours, self._ours(ours, rule.inward(rule.theirs(theirs)))

    def _ours(self, ours: str, value: Value) -> Value:
        return self._names.get(str(value), value) if ours in {"assignee", "triaged"} else value

    def _changes(self, change: Change) -> Iterator[Change]:
        """A change of theirs as changes of ours: the first keeps its id."""
        if change.field in TOLD - self._read.keys():
            yield change
            return
        fitting = (each for each in self._read.items() if each[1].field == change.field)
        found = (self._changed(change, ours, rule) for ours, rule in fitting)
        for each in found:
            if each is not None:
                yield each

    def _changed(self, change: Change, ours: str, rule: Rule) -> Change | None:
        old, new = (
            self._ours(ours, rule.inward(rule.theirs({change.field: value})))
            for value in (change.old, change.new)
        )
        if old == new and rule.means_something(new):
            return None  # two words of theirs for one of ours, or somebody else's label
        return replace(change, id=self._id(change, ours, rule), field=ours, old=old, new=new)

    def _id(self, change: Change, ours: str, rule: Rule) -> str:
        first = next(each for each in self._read.values() if each.field == change.field)
        return change.id if first is rule else f"{change.id}#{ours}"


def field_map(rules: Iterable[Any], people: Mapping[str, str] | None = None) -> FieldMap:
    """The map that a connection's `map` writes; the identity where there is none."""
    read = {entry.ours: Rule.of(entry) for entry in rules}
    return FieldMap(read or None, people or {})


def _text(value: Value) -> str:
    return "" if value is None else str(value)
