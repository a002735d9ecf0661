"""Reading the chain: every event as it was stored, whether it still holds, and erasing.

A chain by itself holds when it was written anew from some event on; the leaves of seals tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, tuple_, update

from upheld.calendar.instant import Instant
from upheld.case.events import Origin
from upheld.errors import NotFound
from upheld.ledger import chain
from upheld.ledger.inspection import leaf_faults
from upheld.ledger.records import ChainFault, StoredEvent
from upheld.ledger.schema import event, payload, subject
from upheld.ledger.seals import Seals

_ROWS: Final = (
    select(event, payload.c.salt, payload.c.bytes)
    .outerjoin(payload, (payload.c.subject == event.c.subject) & (payload.c.seq == event.c.seq))
    .where(event.c.subject == bindparam("of"))
    .order_by(event.c.seq)
)
_HEAD: Final = select(subject.c.seq, subject.c.head).where(subject.c.id == bindparam("of"))
_ORPHANS: Final = (
    select(event.c.subject).distinct().where(event.c.subject.not_in(select(subject.c.id)))
)


class Evidence(Seals):
    """The events of a subject, their chain, and what seals say of it."""

    def events(self, subject_id: str) -> list[StoredEvent]:
        """All events in order of arrival, facts and consequences; ``NotFound``."""
        self._head_of(subject_id)
        return [_stored(row) for row in self._rows(subject_id)]

    def stored(self, subject_id: str) -> list[Mapping[str, Any]]:
        """The rows of a subject's events with their payloads, for whoever checks the bytes."""
        return self._rows(subject_id)

    def verify(self, subject_id: str) -> list[ChainFault]:
        """What is not as it was written and sealed in a subject's chain; empty when it holds."""
        return self._verify(subject_id, self._sealed_at())

    def verify_all(self) -> list[ChainFault]:
        """``verify`` for every subject, subjects that are gone, and ``verify_seals``."""
        ids = self._connection.execute(select(subject.c.id).order_by(subject.c.id)).scalars().all()
        sealed_at = self._sealed_at()
        found = [fault for name in ids for fault in self._verify(name, sealed_at)]
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

    def _verify(self, subject_id: str, sealed_at: Mapping[int, Instant]) -> list[ChainFault]:
        head, rows = self._head_of(subject_id), self._rows(subject_id)
        found = chain.faults(subject_id, rows, seq=head.seq, head=head.head)
        return [*found, *leaf_faults(subject_id, rows, self.seals_of(subject_id), sealed_at)]

    def _gone(self) -> list[ChainFault]:
        orphans = set(self._connection.execute(_ORPHANS).scalars())
        sealed = self._sealed_but_gone()
        told = dict.fromkeys(orphans, "there are events, but the subject is gone")
        told |= dict.fromkeys(sealed, "it was sealed, but the subject is gone")
        return [ChainFault(name, sealed.get(name, 0), told[name]) for name in sorted(told)]

    def _rows(self, subject_id: str) -> list[Any]:
        return list(self._connection.execute(_ROWS, {"of": subject_id}).mappings())

    def _head_of(self, subject_id: str) -> Any:
        row = self._connection.execute(_HEAD, {"of": subject_id}).first()
        if row is None:
            raise NotFound(f"there is no {subject_id}", do_next="see `upheld cases list`")
        return row


def _stored(row: Any) -> StoredEvent:
    read = row["bytes"] is not None
    return StoredEvent(
        **{name: row[name] for name in _PLAIN},
        origin=Origin(row["origin"]),
        event=chain.unseal(row["id"], row["at"], row["seen"], row["bytes"]) if read else None,
    )


_PLAIN: Final = [name for name in StoredEvent.__slots__ if name not in {"origin", "event"}]
