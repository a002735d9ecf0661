"""Hints that an item of a connection changed: kept until it was read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from upheld.calendar.instant import Instant
from upheld.ledger.part import Part
from upheld.ledger.records import Hint
from upheld.ledger.schema import auto_number, metadata

# One row an item: ten webhooks of one change are one reading. ``times`` tells a hint that came
# while the item was being read.
hint: Final = Table(
    "hint",
    metadata,
    auto_number(),
    Column("connection", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("remote_key", Text, nullable=False),
    Column("url", Text),
    Column("since", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("connection", "remote_id"),
)


def _keeping(insert: Insert) -> Insert:
    once_more = {"times": hint.c.times + 1}
    kept: Insert = insert.on_conflict_do_update(  # type: ignore[attr-defined]
        index_elements=["connection", "remote_id"], set_=once_more
    )
    return kept


_KEEP: Final = {
    "sqlite": _keeping(sqlite.insert(hint)),
    "postgresql": _keeping(postgresql.insert(hint)),
}
_FIRST: Final = (
    select(*(hint.c[name] for name in Hint.__slots__))
    .where(hint.c.connection == bindparam("of"))
    .order_by(hint.c.number)
    .limit(bindparam("many"))
)
_READ: Final = delete(hint).where(
    hint.c.number == bindparam("of"), hint.c.times == bindparam("as_often")
)


class Hints(Part):
    """What is to be read again."""

    def keep_hint(
        self,
        connection: str,
        *,
        scope: str,
        remote_id: str,
        key: str,
        url: str | None,
        now: Instant,
    ) -> None:
        """This item is to be read; once more where that was known already."""
        row = {"connection": connection, "scope": scope, "remote_id": remote_id}
        rest = {"remote_key": key, "url": url, "since": now, "times": 1}
        self._connection.execute(_KEEP[self._dialect], row | rest)

    def hints(self, connection: str, *, limit: int) -> list[Hint]:
        """What is to be read of a connection, the oldest first."""
        rows = self._connection.execute(_FIRST, {"of": connection, "many": limit})
        return [Hint(*row) for row in rows]

    def drop_hints(self, read: Iterable[Hint]) -> None:
        """These were read; one that came again meanwhile stays."""
        rows: Sequence[dict[str, int]] = [
            {"of": each.number, "as_often": each.times} for each in read
        ]
        if rows:
            self._connection.execute(_READ, rows)

    def hints_waiting(self) -> dict[str, tuple[int, Instant]]:
        """By connection: how many wait, and since when the oldest does."""
        counted = select(hint.c.connection, func.count(), func.min(hint.c.since)).group_by(
            hint.c.connection
        )
        return {name: (many, since) for name, many, since in self._connection.execute(counted)}
