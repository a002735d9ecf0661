"""Seals: the heads of all chains that moved, bound together, each seal to the one before.

Never in the commit path: whoever calls ``seal`` does so in a transaction of its own. A subject that
is being written just then is left for the next seal, so that neither waits for the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import exists, func, insert, select, update

from upheld.calendar.instant import Instant
from upheld.ledger.faults import overtaken
from upheld.ledger.inspection import seal_faults
from upheld.ledger.merkle import head_hash, leaf_hash, root_of
from upheld.ledger.part import Bulk, Part, among, unless_there
from upheld.ledger.records import ChainFault, Leaf, Seal
from upheld.ledger.schema import leaf, subject
from upheld.ledger.schema import seal as seal_table

_MOVED: Final = (
    select(subject.c.id, subject.c.seq, subject.c.head)
    .where(subject.c.seq > subject.c.sealed)
    .with_for_update(skip_locked=True)
)
_SEALED: Final = {
    name: update(subject).where(ids).values(sealed=subject.c.seq)
    for name, ids in among(subject.c.id).items()
}
_FOLLOW: Final = {
    name: query.returning(seal_table.c.number) for name, query in unless_there(seal_table).items()
}
_INSERT_LEAF: Final = Bulk(insert(leaf), *Leaf.__slots__)
_SEALS: Final = select(*(seal_table.c[name] for name in Seal.__slots__)).order_by(
    seal_table.c.number
)
_LEAVES: Final = select(*(leaf.c[name] for name in Leaf.__slots__))
_LEAVES_OF: Final = {
    name: _LEAVES.where(ids).order_by(leaf.c.subject, leaf.c.seal)
    for name, ids in among(leaf.c.subject).items()
}
_AT_A_TIME: Final = 10_000


class Seals(Part):
    """What was sealed, when, and whether it still is what it was."""

    def seal(self, now: Instant) -> Seal | None:
        """Seal every chain that moved since it was last sealed; None where none has.

        Costs what moved. ``Conflict`` where another daemon sealed first: see ``Ledger.retrying``.
        """
        moved = sorted(self._connection.execute(_MOVED).all(), key=itemgetter(0))
        if not moved:
            return None
        made = _following(self.newest_seal(), now, moved)
        if self._connection.execute(_FOLLOW[self._dialect], _row(made)).first() is None:
            raise overtaken(f"seal {made.number}")
        _INSERT_LEAF.run(self._connection, _leaves(made.number, moved))
        # Their rows are locked, so no seq has moved on since it was read.
        ids = self._ids([row.id for row in moved])
        self._connection.execute(_SEALED[self._dialect], ids)
        return made

    def newest_seal(self) -> Seal | None:
        """The last seal; None where nothing was ever sealed."""
        newest = _SEALS.order_by(None).order_by(seal_table.c.number.desc()).limit(1)
        row = self._connection.execute(newest).first()
        return None if row is None else Seal(*row)

    def seals(self) -> list[Seal]:
        """All seals, oldest first."""
        return [Seal(*row) for row in self._connection.execute(_SEALS)]

    def seals_of(self, subject_id: str) -> list[Leaf]:
        """The leaves of a subject, oldest first."""
        return self._leaves_of([subject_id]).get(subject_id, [])

    def _leaves_of(self, ids: Sequence[str]) -> dict[str, list[Leaf]]:
        found: defaultdict[str, list[Leaf]] = defaultdict(list)
        for row in self._connection.execute(_LEAVES_OF[self._dialect], self._ids(ids)):
            found[row.subject].append(Leaf(*row))
        return found

    def leaves(self, seal: int) -> list[Leaf]:
        """The leaves of a seal in their order."""
        found = _LEAVES.where(leaf.c.seal == seal).order_by(leaf.c.place)
        return [Leaf(*row) for row in self._connection.execute(found)]

    def sealed_between(self, after: int, upto: int) -> dict[str, int]:
        """The subjects in the seals behind ``after`` up to ``upto``, each with its last event there."""
        newest = select(leaf.c.subject, func.max(leaf.c.seq))
        within = newest.where(leaf.c.seal > after, leaf.c.seal <= upto)
        rows = self._connection.execute(within.group_by(leaf.c.subject).order_by(leaf.c.subject))
        return {row[0]: row[1] for row in rows}

    def verify_seals(self) -> list[ChainFault]:
        """What is not as it was in the chain of seals and in their trees; empty when all holds."""
        return list(seal_faults(self.seals(), self._all_leaves()))

    def _all_leaves(self) -> Iterator[Leaf]:
        inorder = _LEAVES.order_by(leaf.c.seal, leaf.c.place)
        for row in self._connection.execute(inorder.execution_options(yield_per=_AT_A_TIME)):
            yield Leaf(*row)

    def _sealed_at(self) -> Mapping[int, Instant]:
        rows = self._connection.execute(select(seal_table.c.number, seal_table.c.at))
        return {row.number: row.at for row in rows}

    def _sealed_but_gone(self) -> dict[str, int]:
        """Subjects of which nothing but leaves is left, with the last event that was sealed."""
        there = exists().where(subject.c.id == leaf.c.subject)
        gone = select(leaf.c.subject, func.max(leaf.c.seq)).where(~there)
        rows = self._connection.execute(gone.group_by(leaf.c.subject).order_by(leaf.c.subject))
        return {row[0]: row[1] for row in rows}


def _following(last: Seal | None, now: Instant, moved: Sequence[Any]) -> Seal:
    number, previous = (last.number + 1, last.head) if last else (1, b"")
    root = root_of([leaf_hash(*row) for row in moved])
    head = head_hash(previous, number, now, root, len(moved))
    return Seal(number, now, previous, root, len(moved), head)


def _leaves(number: int, moved: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"seal": number, "place": place, "subject": name, "seq": seq, "link": link}
        for place, (name, seq, link) in enumerate(moved)
    ]


def _row(made: Seal) -> dict[str, Any]:
    return {name: getattr(made, name) for name in Seal.__slots__}
