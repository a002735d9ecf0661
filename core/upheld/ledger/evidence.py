"""Reading the chain: every event as it was stored, whether it still holds, and erasing.

A chain by itself holds when it was written anew from some event on; the leaves of seals tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, exists, func, select, tuple_, update

from upheld.calendar.instant import Instant
from upheld.case.events import Origin
from upheld.errors import NotFound
from upheld.ledger import chain
from upheld.ledger.inspection import leaf_faults
from upheld.ledger.part import among
from upheld.ledger.records import ChainFault, StoredEvent
from upheld.ledger.schema import event, payload, subject
from upheld.ledger.seals import Seals

_ROWS: Final = (
    select(event, payload.c.salt, payload.c.bytes)
    .outerjoin(payload, (payload.c.subject == event.c.subject) & (payload.c.seq == event.c.seq))
    .order_by(event.c.subject, event.c.seq)
)
_ROWS_OF: Final = {name: _ROWS.where(ids) for name, ids in among(event.c.subject).items()}
_HEADS: Final = select(subject.c.id, subject.c.seq, subject.c.head)
_HEADS_OF: Final = {name: _HEADS.where(ids) for name, ids in among(subject.c.id).items()}
_AT_A_TIME: Final = 500
# Not `NOT IN`: PostgreSQL would go through all subjects for each event.
_ORPHANS: Final = (
    select(event.c.subject).distinct().where(~exists().where(subject.c.id == event.c.subject))
)


class Evidence(Seals):
    """The events of a subject, their chain, and what seals say of it."""

    def events(self, subject_id: str) -> list[StoredEvent]:
        """All events in order of arrival, facts and consequences; ``NotFound``."""
        return [_stored(row) for row in self.stored(subject_id)]

    def news(self, subject_id: str, *, after: int, limit: int = 1000) -> list[StoredEvent]:
        """Events in order of arrival, those that came after a ``seq``."""
        found = _ROWS.where(event.c.subject == subject_id, event.c.seq > after).limit(limit)
        return [_stored(row) for row in self._connection.execute(found).mappings()]

    def stored(self, subject_id: str) -> list[Mapping[str, Any]]:
        """The rows of a subject's events with their payloads, for whoever checks the bytes."""
        self._there(subject_id)
        return self._rows([subject_id])[subject_id]

    def verify(self, subject_id: str) -> list[ChainFault]:
        """What is not as it was written and sealed in a subject's chain; empty when it holds."""
        self._there(subject_id)
        return list(self._faults([subject_id], self._sealed_at()))

    def verify_all(self) -> list[ChainFault]:
        """``verify`` for every subject, subjects that are gone, and ``verify_seals``."""
        ids = self._connection.execute(select(subject.c.id)).scalars().all()
        sealed_at, found = self._sealed_at(), list[ChainFault]()
        for start in range(0, len(ids), _AT_A_TIME):
            found += self._faults(ids[start : start + _AT_A_TIME], sealed_at)
        found.sort(key=lambda fault: fault.subject or "")
        return [*found, *self._gone(), *self.verify_seals()]

    def erased(self, subject_id: str | None = None) -> int:
        """How many payloads were erased, of one subject or of all."""
        which = select(func.count()).select_from(event).where(event.c.erased.is_not(None))
        if subject_id is not None:
            which = which.where(event.c.subject == subject_id)
        return int(self._connection.execute(which).scalar_one())

    def erase(self, subject_id: str, events: Collection[str], *, now: Instant) -> int:
        """Delete payloads and salts for good; the chain still holds. How many there were."""
        which = (
            (event.c.subject == subject_id)
            & event.c.id.in_(list(events))
            & event.c.erased.is_(None)
        )
        seqs = list(self._connection.execute(select(event.c.seq).where(which)).scalars())
        pairs = [(subject_id, seq) for seq in seqs]
        self._connection.execute(
            delete(payload).where(tuple_(payload.c.subject, payload.c.seq).in_(pairs))
        )
        self._connection.execute(update(event).where(which).values(erased=now))
        self._memory.clear()
        return len(seqs)

    def _faults(self, ids: Sequence[str], sealed_at: Mapping[int, Instant]) -> Iterator[ChainFault]:
        heads = self._connection.execute(_HEADS_OF[self._dialect], self._ids(ids)).all()
        rows, leaves = self._rows(ids), self._leaves_of(ids)
        for name, seq, head in heads:
            yield from chain.faults(name, rows[name], seq=seq, head=head)
            yield from leaf_faults(name, rows[name], leaves.get(name, []), sealed_at)

    def _gone(self) -> list[ChainFault]:
        orphans = set(self._connection.execute(_ORPHANS).scalars())
        sealed = self._sealed_but_gone()
        told = dict.fromkeys(orphans, "there are events, but the subject is gone")
        told |= dict.fromkeys(sealed, "it was sealed, but the subject is gone")
        return [ChainFault(name, sealed.get(name, 0), told[name]) for name in sorted(told)]

    def _rows(self, ids: Sequence[str]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {name: [] for name in ids}
        for row in self._connection.execute(_ROWS_OF[self._dialect], self._ids(ids)).mappings():
            found[row["subject"]].append(row)
        return found

    def _there(self, subject_id: str) -> None:
        there = select(subject.c.id).where(subject.c.id == subject_id)
        if self._connection.execute(there).first() is None:
            raise NotFound(f"there is no {subject_id}", do_next="see `upheld cases list`")


def _stored(row: Any) -> StoredEvent:
    read = row["bytes"] is not None
    return StoredEvent(
        **{name: row[name] for name in _PLAIN},
        origin=Origin(row["origin"]),
        event=chain.unseal(row["id"], row["at"], row["seen"], row["bytes"]) if read else None,
    )


_PLAIN: Final = [name for name in StoredEvent.__slots__ if name not in {"origin", "event"}]
