"""Trouble of Upheld's own: since when, and whether the operator heard that it came and that it is over.

A row is *open*, *over but not told to be over* (``cleared`` and ``told_to`` are set), or *settled*.
Telling is leased, so that of several daemons one tells.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Table,
    Text,
    and_,
    case,
    delete,
    exists,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from upheld.calendar.instant import DAY, SECOND, Instant, Span
from upheld.ledger.machine import NOW
from upheld.ledger.part import Part
from upheld.ledger.records import Trouble
from upheld.ledger.schema import metadata

# What is wrong with Upheld itself: since when, and whether somebody was told.
trouble: Final = Table(
    "trouble",
    metadata,
    Column("key", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("told", BigInteger),
    Column("told_to", Text),
    Column("cleared", BigInteger),
    Column("owner", Text),
    Column("lease_until", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
)

#: What is settled is kept so long, to be looked up.
_KEPT: Final[Span] = 90 * DAY
_COLUMNS: Final = [trouble.c[name] for name in Trouble.__slots__]
_OPEN: Final = trouble.c.cleared.is_(None)
_OVER: Final = and_(trouble.c.cleared.is_not(None), trouble.c.told_to.is_not(None))
_SETTLED: Final = and_(trouble.c.cleared.is_not(None), trouble.c.told_to.is_(None))


def _coming(dialect: Any) -> Insert:
    insert = dialect.insert(trouble)
    new = insert.excluded
    coming: Insert = insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "subject": new.subject,
            "what": new.what,
            "since": case((_SETTLED, new.since), else_=trouble.c.since),
            "told": case((_SETTLED, null()), else_=trouble.c.told),
            "attempts": case((_SETTLED, 0), else_=trouble.c.attempts),
            "cleared": None,
        },
    )
    return coming


_COMING: Final = {"sqlite": _coming(sqlite), "postgresql": _coming(postgresql)}


class Troubles(Part):
    """What is wrong with Upheld itself."""

    def troubles(self) -> list[Trouble]:
        """What is open, and what is over and still to be told so; the oldest first."""
        rows = select(*_COLUMNS).where(or_(_OPEN, _OVER)).order_by(trouble.c.since, trouble.c.key)
        return [Trouble(*row) for row in self._connection.execute(rows)]

    def trouble(self, key: str, subject: str, what: str, now: Instant) -> None:
        """It is there. Where it is open already, or was told and comes back before anybody heard
        that it was over, it stays told; else it is new."""
        row = {"key": key, "subject": subject, "what": what, "since": now}
        self._connection.execute(_COMING[self._dialect], row)

    def troubles_over(self, keys: Collection[str], now: Instant) -> None:
        """They are there no more; those that nobody was told of are settled with that."""
        over = update(trouble).where(trouble.c.key.in_(list(keys)), _OPEN).values(cleared=now)
        self._connection.execute(over)
        self._connection.execute(delete(trouble).where(_SETTLED, trouble.c.cleared < now - _KEPT))

    def lease_troubles(
        self, owner: str, *, seconds: float, now: Instant, calm: Span
    ) -> list[Trouble]:
        """Take what is to be told: what is new; and what is over for ``calm``, once all that was told
        with it is over too."""
        free = or_(trouble.c.lease_until.is_(None), trouble.c.lease_until <= NOW)
        new = and_(_OPEN, trouble.c.told.is_(None))
        over = and_(_OVER, trouble.c.cleared <= now - calm, ~_still_open_with_it())
        taken = (
            update(trouble)
            .where(or_(new, over), free)
            .values(owner=owner, lease_until=NOW + int(seconds * SECOND))
            .returning(*_COLUMNS)
        )
        rows = [Trouble(*row) for row in self._connection.execute(taken)]
        return sorted(rows, key=lambda row: (row.since, row.key))

    def trouble_told(self, owner: str, keys: Collection[str], to: str, now: Instant) -> None:
        """``to`` heard at ``now`` that it came."""
        self._let_go(owner, keys, told=now, told_to=to)

    def trouble_told_over(self, owner: str, keys: Collection[str]) -> None:
        """Whoever had heard of it heard that it is over."""
        self._let_go(owner, keys, told_to=None)

    def trouble_not_told(self, owner: str, keys: Collection[str]) -> None:
        """Nobody could be told; whoever leases it next tries again."""
        self._let_go(owner, keys)

    def _let_go(self, owner: str, keys: Collection[str], **values: Any) -> None:
        ours = update(trouble).where(trouble.c.key.in_(list(keys)), trouble.c.owner == owner)
        freed = {"owner": None, "lease_until": None, "attempts": trouble.c.attempts + 1}
        self._connection.execute(ours.values(**freed, **values))


def _still_open_with_it() -> ColumnElement[bool]:
    other = trouble.alias()
    return exists().where(other.c.told == trouble.c.told, other.c.cleared.is_(None))
