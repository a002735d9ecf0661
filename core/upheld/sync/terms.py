"""What a connection's entry in upheld.yaml says of a tracker: its map, whose items are, who is who."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from upheld.config import Config, ConnectionEntry
from upheld.desk.restated import DOMAIN
from upheld.directory import Directory
from upheld.plugin import Change, RemoteCase, Value
from upheld.sync.fieldmap import FieldMap, field_map
from upheld.sync.merge import ConflictRule

#: How the customer of an item is found where nothing is said.
CUSTOMER_BY: Final = ("customer", DOMAIN)


@dataclass(frozen=True, slots=True)
class Staff:
    """Who of a tracker's users is ours: those of a group, where one is named; never ``machines``."""

    group: str | None = None
    machines: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tracking:
    """A tracker as sync needs it. ``customer_by`` are fields of the tracker, and `reporter_domain`."""

    map: FieldMap = field(default_factory=FieldMap)
    staff: Staff = field(default_factory=Staff)
    customer_by: tuple[str, ...] = CUSTOMER_BY
    rules: Mapping[str, ConflictRule] = field(default_factory=dict)
    default: ConflictRule = ConflictRule.REMOTE

    def inward(self, item: RemoteCase) -> RemoteCase:
        """The item in our words; the first field of ``customer_by`` that is filled tells whose it is."""
        ours = self.map.inward(item)
        named = tuple(each for each in self.customer_by if each not in CUSTOMER_BY)
        if not named:
            return ours
        there = {**item.fields, "customer": ours.fields.get("customer")}
        filled = (_one(there.get(each)) for each in self.customer_by if each != DOMAIN)
        whose = next((each for each in filled if each), None)
        history = ours.history
        if history is not None:
            history = (*history, *_whose(item.history or (), named))
        return replace(ours, fields={**ours.fields, "customer": whose}, history=history)

    def rule(self, field: str) -> ConflictRule:
        """Who wins where both sides changed a field of ours."""
        return self.rules.get(field, self.default)


def _whose(history: Iterable[Change], named: tuple[str, ...]) -> Iterator[Change]:
    for change in history:
        if change.field in named:
            old, new = _one(change.old), _one(change.new)
            yield replace(change, id=f"{change.id}#customer", field="customer", old=old, new=new)


def _one(value: Value) -> Value:
    """Of a list the first: a case is one customer's."""
    return next(iter(value), None) if isinstance(value, tuple) else value


def trackings(config: Config, directory: Directory) -> dict[str, Tracking]:
    """Of all connections, by name."""
    return {name: tracking(config.mapped(name), directory) for name in config.connections}


def tracking(entry: ConnectionEntry, directory: Directory) -> Tracking:
    """Of a connection's entry, with all that it takes over by `like`."""
    words = dict(entry.conflicts.written())
    return Tracking(
        map=field_map(entry.map.values(), names(directory, entry.name, entry.plugin)),
        staff=Staff(entry.staff.group, frozenset(entry.staff.no_staff)),
        customer_by=entry.customer_by or CUSTOMER_BY,
        rules={name: ConflictRule(word) for name, word in words.items() if name != "default"},
        default=ConflictRule(entry.conflicts.default),
    )


def names(directory: Directory, connection: str, plugin: str) -> dict[str, str]:
    """What our people are called on a tracker, by their ids: as `people` says, else their mail."""
    found = {}
    for person in directory.people.values():
        known = (person.addresses.get(key) for key in (connection, plugin, "mail"))
        name = next((each for each in known if each), None)
        if name is not None:
            found[person.id] = name
    return found
