"""Since when: a connection is read, and what is promised to whom really leaves."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, update

from upheld.calendar.instant import Instant
from upheld.ledger.part import Part, unless_there
from upheld.ledger.records import Period
from upheld.ledger.schema import scope

_BEGIN: Final = unless_there(scope)
_STANDING: Final = select(scope.c.name, scope.c.since).where(scope.c.until.is_(None))


def paused(connection: str) -> str:
    """The scope in which a connection is neither read nor written to."""
    return f"paused/{connection}"


class Scopes(Part):
    """Periods by name. A period that ended stays, so that no report forgets it."""

    def scopes(self) -> dict[str, Instant]:
        """Since when each scope stands; those that ended are left out."""
        return {row.name: row.since for row in self._connection.execute(_STANDING)}

    def since(self, name: str) -> Instant | None:
        """Since when this scope stands."""
        found: Instant | None = self._connection.execute(
            select(scope.c.since).where(scope.c.name == name, scope.c.until.is_(None))
        ).scalar()
        return found

    def begin_scope(self, name: str, at: Instant) -> None:
        """From ``at`` on; where it stands already, it stands since then."""
        self._connection.execute(_BEGIN[self._dialect], {"name": name, "since": at})

    def end_scope(self, name: str, at: Instant) -> None:
        """It stands no more; nothing happens where it did not."""
        standing = update(scope).where(scope.c.name == name, scope.c.until.is_(None))
        self._connection.execute(standing.values(until=at))

    def periods(self) -> list[Period]:
        """All that there were, in the order in which they began."""
        rows = self._connection.execute(select(scope).order_by(scope.c.since, scope.c.number))
        return [Period(row.name, row.since, row.until) for row in rows]
