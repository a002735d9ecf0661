"""The journal of conflicts: both sides changed a field since they last agreed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Table, Text, insert, select, text, update

from upheld.calendar.instant import Instant
from upheld.errors import NotFound
from upheld.ledger.part import Part
from upheld.ledger.schema import auto_number, metadata

# Values are JSON. ``winner`` NULL: nobody has decided yet.
conflict: Final = Table(
    "conflict",
    metadata,
    auto_number(),
    Column("subject", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("base", Text),
    Column("ours", Text, nullable=False),
    Column("theirs", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("winner", Text),
    Column("at", BigInteger, nullable=False),
    Column("resolved", BigInteger),
    Column("resolved_by", Text),
)
Index("ix_conflict_subject", conflict.c.subject)
Index(
    "ix_conflict_open",
    conflict.c.subject,
    conflict.c.connection,
    conflict.c.field,
    unique=True,
    sqlite_where=text("winner IS NULL"),
    postgresql_where=text("winner IS NULL"),
)


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """Both sides changed a field. Values are JSON; ``winner`` None: nobody has decided yet.

    ``rule`` is what the connection says of such conflicts: remote, local, newest or hold.
    """

    number: int
    subject: str
    connection: str
    field: str
    base: str | None
    ours: str
    theirs: str
    rule: str
    winner: str | None
    at: Instant
    resolved: Instant | None
    resolved_by: str | None


class Conflicts(Part):
    """What both sides wanted otherwise, and who won."""

    def journal(
        self,
        subject: str,
        connection: str,
        field: str,
        *,
        base: str | None,
        ours: str,
        theirs: str,
        rule: str,
        winner: str | None,
        now: Instant,
    ) -> None:
        """Write down a conflict; one that is open already on this field takes over the new values."""
        values = {"base": base, "ours": ours, "theirs": theirs, "rule": rule, "winner": winner}
        known = self.open_conflict(subject, connection, field)
        if known is not None:
            self._set_conflict(known.number, **values)
            return
        row = {"subject": subject, "connection": connection, "field": field, "at": now}
        self._connection.execute(insert(conflict).values(row | values))

    def open_conflict(self, subject: str, connection: str, field: str) -> FieldConflict | None:
        """The conflict of a field that waits for somebody to decide."""
        found = select(conflict).where(
            conflict.c.subject == subject,
            conflict.c.connection == connection,
            conflict.c.field == field,
            conflict.c.winner.is_(None),
        )
        row = self._connection.execute(found).mappings().first()
        return None if row is None else FieldConflict(**row)

    def conflicts(
        self, *, subject: str | None = None, unresolved: bool = False, limit: int = 1000
    ) -> list[FieldConflict]:
        """The journal, newest first."""
        found = select(conflict).order_by(conflict.c.number.desc()).limit(limit)
        if subject is not None:
            found = found.where(conflict.c.subject == subject)
        if unresolved:
            found = found.where(conflict.c.winner.is_(None))
        return [FieldConflict(**row) for row in self._connection.execute(found).mappings()]

    def conflict(self, number: int) -> FieldConflict:
        """One of the journal; ``NotFound``."""
        row = (
            self._connection.execute(select(conflict).where(conflict.c.number == number))
            .mappings()
            .first()
        )
        if row is None:
            raise NotFound(f"there is no conflict {number}", do_next="see `upheld conflicts list`")
        return FieldConflict(**row)

    def resolve_conflict(self, number: int, winner: str, *, by: str, now: Instant) -> None:
        """Somebody has decided."""
        self._set_conflict(number, winner=winner, resolved=now, resolved_by=by)

    def _set_conflict(self, number: int, **values: Any) -> None:
        which = conflict.c.number == number
        self._connection.execute(update(conflict).where(which).values(**values))
