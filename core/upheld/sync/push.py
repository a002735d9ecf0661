"""What of a case is to be written to its item on a tracker: current values, never a queue. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from upheld.ledger import Agreed, Link
from upheld.plugin import RemoteCase, Schema, Value
from upheld.sync.merge import Move, Side, merge
from upheld.sync.ours import empty, plain


class Words(Protocol):
    """How a connection calls our fields and values: its map."""

    def outward(self, field: str, value: Value) -> tuple[str, Value] | None:
        """The tracker's name and value; None where this field is not written there."""

    def theirs(self, field: str, item: RemoteCase) -> Value:
        """The item's own value, in the tracker's words, of a field of ours."""

    def written(self, values: Mapping[str, Value], item: RemoteCase | None, /) -> dict[str, Value]:
        """All of these in the tracker's words, as they are to be written to the item as it is now;
        None: to one that is to be created."""

    def whole(self, field: str, /) -> bool:
        """Whether the item must be at hand to write this field: labels of others stay on it."""

    def same(self, field: str, ours: Value, theirs: Value) -> bool:
        """Whether the two mean the same."""


@dataclass(frozen=True, slots=True)
class Write:
    """One field that is to be written: our name and value, and the tracker's."""

    field: str
    ours: Value
    name: str
    theirs: Value


def moved(
    link: Link, ours: Mapping[str, Value], words: Words, schema: Schema | None
) -> list[Write]:
    """The fields that are not as agreed any more, and that can be written there.

    What was never agreed on counts where there is something to write. ``schema`` None: not known yet.
    """
    return [
        write
        for field, value in ours.items()
        if _moved(link, field, value)
        for write in _outward(field, value, words)
        if schema is None or writable(schema, write)
    ]


def unread(link: Link, writes: Iterable[Write]) -> bool:
    """Whether the item has to be read before these can be written: nobody knows what stands there."""
    return link.version is None or any(write.field not in link.agreed for write in writes)


def writable(schema: Schema, write: Write) -> bool:
    """Whether the tracker takes this field at all. A value that it does not have, it refuses itself."""
    return any(spec.name == write.name and spec.writable for spec in schema.fields)


def allowed(
    writes: Iterable[Write], link: Link, held: Collection[str], message: str
) -> list[Write]:
    """Without what waits for somebody to decide, and what the tracker has refused already.

    Where a person has the ``message`` that was refused sent again, it is tried again.
    """

    def fits(write: Write) -> bool:
        value, by = link.refused.get(write.field, (None, message))
        return write.field not in held and (by == message or value != plain(write.theirs))

    return [write for write in writes if fits(write)]


def begun(
    link: Link, item: RemoteCase, ours: Mapping[str, Value], words: Words, *, made: bool = False
) -> Iterator[tuple[str, Agreed]]:
    """What the two sides have in fields that were never agreed on, and where they have the same.

    What people typed there stays theirs; what is empty there is ours to fill, and all of what was
    ``made`` by us.
    """
    for field, value in ours.items():
        if words.outward(field, value) is None:
            continue
        theirs = words.theirs(field, item)
        same = words.same(field, value, theirs)
        if field in link.agreed and not same:
            continue
        move = merge(None, Side(value), Side(theirs), same=same).move
        write = move is Move.WRITE or (made and not same)
        yield field, (None if write else plain(value), plain(theirs))


def stored(writes: Iterable[Write], item: RemoteCase, words: Words) -> dict[str, Agreed]:
    """What is agreed after a write: ours, and what the tracker made of it."""
    return {
        write.field: (plain(write.ours), plain(words.theirs(write.field, item))) for write in writes
    }


def _moved(link: Link, field: str, value: Value) -> bool:
    agreed: Agreed | None = link.agreed.get(field)
    return not empty(value) if agreed is None else plain(value) != agreed[0]


def _outward(field: str, value: Value, words: Words) -> Iterator[Write]:
    found: Any = words.outward(field, value)
    if found is not None:
        yield Write(field, value, *found)
