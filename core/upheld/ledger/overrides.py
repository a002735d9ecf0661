"""Who stands in for whom on a rotation. What is taken back stays, with who did it: it was in force."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text, insert, select, update

from upheld.calendar.instant import Instant
from upheld.case.override import Override
from upheld.ledger.schema import auto_number, metadata
from upheld.ledger.shifts import Shifts

override: Final = Table(
    "override",
    metadata,
    auto_number(),
    Column("rotation", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn", BigInteger),
    Column("withdrawn_by", Text),
)
# Read whenever somebody is looked for.
Index(
    "ix_override_standing",
    override.c.until,
    sqlite_where=override.c.withdrawn.is_(None),
    postgresql_where=override.c.withdrawn.is_(None),
)

_COLUMNS: Final = [override.c[name] for name in Override.__slots__]
_STANDING: Final = select(*_COLUMNS).where(override.c.withdrawn.is_(None))


class Overrides(Shifts):
    """Overrides of rotations, as people said them. Each may put another person on duty at once."""

    def overrides(self, ending_after: Instant | None = None) -> tuple[Override, ...]:
        """All that stand, in the order in which they were said; of those, what ends later."""
        found = _STANDING.order_by(override.c.number)
        if ending_after is not None:
            found = found.where(override.c.until > ending_after)
        return tuple(Override(*row) for row in self._connection.execute(found))

    def add_override(self, new: Override) -> int:
        """Put somebody on duty; the number under which that stands (that of ``new`` does not count)."""
        row = {name: getattr(new, name) for name in Override.__slots__ if name != "number"}
        made = self._connection.execute(insert(override).values(row).returning(override.c.number))
        self.look_at_shifts(new.at)
        return int(made.scalar_one())

    def withdraw_override(self, number: int, by: str, now: Instant) -> bool:
        """Take one back; False where there is none that stands."""
        standing = (override.c.number == number) & override.c.withdrawn.is_(None)
        gone = update(override).where(standing).values(withdrawn=now, withdrawn_by=by)
        done = self._connection.execute(gone).rowcount == 1
        self.look_at_shifts(now)
        return done
