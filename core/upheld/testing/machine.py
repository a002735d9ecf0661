"""Machine time, for tests: leases run out and back-offs are over, while policy time stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from upheld.ledger.schema import metadata

if TYPE_CHECKING:
    from upheld.ledger import Ledger

#: Microseconds: more than any lease and any back-off.
_LONG: Final = 24 * 3600 * 1_000_000
_COLUMNS: Final = {
    "delivery": ("not_before", "lease_until", "changed"),
    "pull": ("lease_until",),
    "attempt": ("began", "ended"),
}


def pass_machine_time(ledger: Ledger) -> None:
    """A day of machine time: whoever holds a lease has lost it, whatever waits may be tried."""
    with ledger._engine.begin() as connection:  # noqa: SLF001  nobody else may turn this clock
        for name, columns in _COLUMNS.items():
            table = metadata.tables[name]
            earlier = {each: table.c[each] - _LONG for each in columns}
            connection.execute(table.update().values(earlier))
