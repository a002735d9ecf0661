"""Seals held against their leaves, and leaves against the events that they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from upheld.calendar.instant import MINUTE, Instant, Span, iso
from upheld.ledger.merkle import head_hash, leaf_hash, root_of
from upheld.ledger.records import ChainFault, Leaf, Seal

#: By how much an event may be older than a seal that does not hold it: a slow commit, a subject
#: that was being written just then, hosts whose clocks differ.
LATE: Final[Span] = 10 * MINUTE


def seal_faults(seals: Sequence[Seal], leaves: Iterable[Leaf]) -> Iterator[ChainFault]:
    """What is wrong with a chain of seals; both are in their order."""
    trees = {number: _tree(list(of)) for number, of in groupby(leaves, key=attrgetter("seal"))}
    before = Seal(0, 0, b"", b"", 0, b"")
    for seal in seals:
        for what in _whats(before, seal, trees.pop(seal.number, None)):
            yield ChainFault(None, None, f"seal {seal.number}: {what}")
        before = seal
    for number in trees:
        yield ChainFault(None, None, f"seal {number}: there are leaves, but the seal is gone")


def _tree(leaves: Sequence[Leaf]) -> tuple[bytes, int] | None:
    """Root and size; None where a place is empty."""
    if [leaf.place for leaf in leaves] != list(range(len(leaves))):
        return None
    return root_of([leaf_hash(leaf.subject, leaf.seq, leaf.link) for leaf in leaves]), len(leaves)


def _whats(before: Seal, seal: Seal, tree: tuple[bytes, int] | None) -> Iterator[str]:
    if seal.number != before.number + 1:
        yield f"removed before this one: {seal.number - before.number - 1}"
    elif seal.previous != before.head:
        yield f"it does not follow from seal {before.number}"
    if seal.head != head_hash(seal.previous, seal.number, seal.at, seal.root, seal.leaves):
        yield "it was edited: the head does not follow from what it holds"
    if tree != (seal.root, seal.leaves):
        yield "its leaves are not those that were sealed"


def leaf_faults(
    subject: str,
    rows: Sequence[Mapping[str, Any]],
    leaves: Sequence[Leaf],
    sealed_at: Mapping[int, Instant],
) -> Iterator[ChainFault]:
    """Where a subject's events are not those that were sealed.

    ``rows`` have an event's ``seq``, ``link`` and ``recorded``; they and the subject's ``leaves``
    are in their order. ``sealed_at`` has the instant of every seal.
    """
    yield from _rewritten(subject, {row["seq"]: row["link"] for row in rows}, leaves)
    yield from _backdated(subject, rows, leaves, sealed_at)


def _rewritten(
    subject: str, links: Mapping[int, bytes], leaves: Sequence[Leaf]
) -> Iterator[ChainFault]:
    held = 0
    for leaf in leaves:
        found = links.get(leaf.seq)
        if found != leaf.link:
            which = (
                f"event {leaf.seq}" if leaf.seq == held + 1 else f"events {held + 1} to {leaf.seq}"
            )
            gone = "gone" if found is None else "written anew"
            yield ChainFault(
                subject, held + 1, f"{gone}: not what seal {leaf.seal} holds of {which}"
            )
            return
        held = leaf.seq


def _backdated(
    subject: str,
    rows: Sequence[Mapping[str, Any]],
    leaves: Sequence[Leaf],
    sealed_at: Mapping[int, Instant],
) -> Iterator[ChainFault]:
    """Events that say they are older than a seal which does not hold them."""
    waiting, newest = list(leaves), max(sealed_at, default=0)
    for row in rows:
        while waiting and waiting[0].seq < row["seq"]:
            waiting.pop(0)
        without = waiting[0].seal - 1 if waiting else newest
        at = sealed_at.get(without)
        if at is not None and row["recorded"] < at - LATE:
            what = (
                f"put in later: it says it was recorded at {iso(row['recorded'])}, but seal {without}"
                f" of {iso(at)} does not hold it (or the host's clock was set back)"
            )
            yield ChainFault(subject, row["seq"], what)
