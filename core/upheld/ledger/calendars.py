"""The days of calendars, kept by version, and which of them new cases open under."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Table, Text, select

from upheld.calendar.instant import Instant
from upheld.ledger.part import Part, unless_there
from upheld.ledger.schema import auto_number, metadata

# The days of every calendar that a case was ever pinned to.
calendar: Final = Table(
    "calendar",
    metadata,
    Column("version", Text, primary_key=True),
    Column("source", Text, nullable=False),
)
# Which calendars cases of a policy open under: the last row of each.
calendar_turn: Final = Table(
    "calendar_turn",
    metadata,
    auto_number(),
    Column("policy", Text, nullable=False, index=True),
    Column("calendar", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
)
_KEEP: Final = unless_there(calendar)


class Calendars(Part):
    """Calendar versions. One that was ever in force stays, so that no verdict loses its days."""

    def keep_calendar(self, version: str, source: str) -> None:
        """Keep the days under the version that names them; again changes nothing."""
        self._connection.execute(_KEEP[self._dialect], {"version": version, "source": source})

    def kept_calendar(self, version: str) -> str | None:
        """The days of a version; None where it was never in force here."""
        found = select(calendar.c.source).where(calendar.c.version == version)
        source: str | None = self._connection.execute(found).scalar()
        return source

    def turn_calendar(self, policy: str, version: str, *, actor: str, now: Instant) -> None:
        """From ``now`` on, cases of this policy version open under that calendar version."""
        row = {"policy": policy, "calendar": version, "since": now, "actor": actor}
        self._connection.execute(calendar_turn.insert().values(row))

    def calendar_in_force(self, policy: str) -> str | None:
        """The calendar version under which cases of a policy version open; None before there is one."""
        turns = select(calendar_turn.c.calendar).where(calendar_turn.c.policy == policy)
        latest = turns.order_by(calendar_turn.c.number.desc()).limit(1)
        version: str | None = self._connection.execute(latest).scalar()
        return version
