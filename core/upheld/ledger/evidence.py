"""Reading the chain: every event as it was stored, whether it still holds, and erasing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, tuple_, update

from upheld.calendar.instant import Instant
from upheld.case.events import Origin
from upheld.errors import NotFound
from upheld.ledger import chain
from upheld.ledger.part import Part
from upheld.ledger.records import ChainFault, StoredEvent
from upheld.ledger.schema import event, payload, subject

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


class Evidence(Part):
    """The events of a subject, and their chain."""

    def events(self, subject_id: str) -> list[StoredEvent]:
        """All events in order of arrival, facts and consequences; ``NotFound``."""
        self._head_of(subject_id)
        return [_stored(row) for row in self._rows(subject_id)]

    def verify(self, subject_id: str) -> list[ChainFault]:
        """What is not as it was written in a subject's chain; empty when it holds."""
        head = self._head_of(subject_id)
        return chain.faults(subject_id, self._rows(subject_id), seq=head.seq, head=head.head)

    def verify_all(self) -> list[ChainFault]:
        """``verify`` for every subject, and events whose subject is gone."""
        ids = self._connection.execute(select(subject.c.id).order_by(subject.c.id)).scalars().all()
        found = [fault for name in ids for fault in self.verify(name)]
        orphans = self._connection.execute(_ORPHANS).scalars()
        gone = "there are events, but the subject is gone"
        return found + [ChainFault(name, 0, gone) for name in orphans]

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
