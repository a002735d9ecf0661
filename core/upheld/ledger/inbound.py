"""What comes in: seen before? Which case does it belong to? And what belongs to none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from upheld.calendar.instant import Instant
from upheld.errors import NotFound
from upheld.ledger.machine import NOW
from upheld.ledger.part import Part, one_of, unless_there
from upheld.ledger.records import Kept
from upheld.ledger.schema import inbound, kept, thread
from upheld.ledger.states import Fate

_CLAIM: Final = {
    name: query.values(claimed=NOW).returning(inbound.c.item)
    for name, query in unless_there(inbound).items()
}
_CLAIMED: Final = select(inbound.c.item).where(
    inbound.c.connection == bindparam("by"), inbound.c.item == bindparam("name")
)
_BIND: Final = unless_there(thread)
_KEEP: Final = unless_there(kept)


class Inbound(Part):
    """Items of connections, conversations, and what fits nowhere."""

    def claim_item(self, connection: str, item: str, digest: str | None = None) -> bool:
        """True the first time that an item comes in, False ever after. ``digest`` is of what it says."""
        row = {"connection": connection, "item": item, "digest": digest}
        return self._connection.execute(_CLAIM[self._dialect], row).first() is not None

    def claimed(self, connection: str, item: str) -> bool:
        """Whether an item has come in before."""
        asked = {"by": connection, "name": item}
        return self._connection.execute(_CLAIMED, asked).first() is not None

    def digests(self, connections: Sequence[str], item: str) -> set[str | None]:
        """What items of this id said that came in by these connections; None where that is not known."""
        found = select(inbound.c.digest).where(
            inbound.c.connection.in_(list(connections)), inbound.c.item == item
        )
        return set(self._connection.execute(found).scalars())

    def bind_thread(self, connection: str, token: str, subject: str) -> None:
        """This message id or token belongs to ``subject``; the first binding stays."""
        row = {"connection": connection, "token": token, "subject": subject}
        self._connection.execute(_BIND[self._dialect], row)

    def thread(self, connection: str, tokens: Sequence[str]) -> str | None:
        """The subject of the first of ``tokens`` that is known (they come surest first)."""
        return self.thread_of_any([connection], tokens)

    def thread_of_any(self, connections: Sequence[str], tokens: Sequence[str]) -> str | None:
        """The same, by whichever of several connections they came."""
        found = select(thread.c.token, thread.c.subject).where(
            thread.c.connection.in_(list(connections)), thread.c.token.in_(list(tokens))
        )
        subjects = {row.token: row.subject for row in self._connection.execute(found)}
        return next((subjects[token] for token in tokens if token in subjects), None)

    def thread_handles(self, subject: str, connection: str) -> list[str]:
        """The message ids and tokens of a subject's conversation, oldest first."""
        handles = (
            select(thread.c.token)
            .where(thread.c.subject == subject, thread.c.connection == connection)
            .order_by(thread.c.number)
        )
        return list(self._connection.execute(handles).scalars())

    def quarantine(
        self,
        connection: str,
        item: str,
        reason: str,
        raw: bytes,
        now: Instant,
        *,
        sender: str = "",
        title: str = "",
    ) -> None:
        """Keep what could not be taken."""
        row = {"connection": connection, "item": item, "fate": Fate.REFUSED.value}
        self._keep(
            row | {"reason": reason, "sender": sender, "title": title, "raw": raw, "at": now}
        )

    def keep_unrouted(
        self,
        connection: str,
        item: str,
        *,
        sender: str,
        title: str,
        raw: bytes,
        now: Instant,
        reason: str = "the sender belongs to no customer",
    ) -> None:
        """Keep mail from somebody who belongs to no customer: it was referred, and opens no case."""
        row = {"connection": connection, "item": item, "fate": Fate.REFERRED.value}
        self._keep(
            row | {"reason": reason, "sender": sender, "title": title, "raw": raw, "at": now}
        )

    def kept(self, *fates: Fate, limit: int = 1000) -> list[Kept]:
        """What belongs to no case (all of it, or what met with one of ``fates``), oldest first."""
        query = select(kept).order_by(kept.c.number).limit(limit)
        if fates:
            query = query.where(one_of(kept.c.fate, fates))
        rows = self._connection.execute(query).mappings()
        return [Kept(**{**row, "fate": Fate(row["fate"])}) for row in rows]

    def kept_as(self, number: int) -> Kept:
        """What is kept under a number; ``NotFound``."""
        row = (
            self._connection.execute(select(kept).where(kept.c.number == number)).mappings().first()
        )
        if row is None:
            raise _not_kept(number)
        return Kept(**{**row, "fate": Fate(row["fate"])})

    def kept_lately(self, limit: int) -> list[Kept]:
        """The last items that were kept, the newest first; without what came."""
        columns = [column for column in kept.c if column.name != "raw"]
        newest = select(*columns).order_by(kept.c.number.desc()).limit(limit)
        rows = self._connection.execute(newest).mappings()
        return [Kept(**{**row, "fate": Fate(row["fate"]), "raw": b""}) for row in rows]

    def settle_kept(
        self, number: int, fate: Fate, *, by: str, why: str | None, now: Instant
    ) -> bool:
        """Release or drop what was kept; False where that was done before. It stays on record."""
        done = update(kept).where(kept.c.number == number, kept.c.settled.is_(None))
        told = {"settled": now, "settled_by": by, "settled_why": why}
        return self._connection.execute(done.values(fate=fate.value, **told)).rowcount == 1

    def _keep(self, row: dict[str, Any]) -> None:
        self._connection.execute(_KEEP[self._dialect], row)


def _not_kept(number: int) -> NotFound:
    return NotFound(
        f"nothing is kept under number {number}", do_next="see `upheld mail quarantine list`"
    )
