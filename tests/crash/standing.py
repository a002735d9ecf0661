"""What must be the same whatever crashed: all that the ledger holds, but for how often who tried.

Left out are machine time, leases, attempts, and the order in which the chain grew: they tell of the
crash. So do ``detail`` (a provider's words) and the ids of events (some count attempts).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_LEASED: Final = {"owner", "lease_until", "token"}
_LEFT_OUT: Final[Mapping[str, set[str]]] = {
    "subject": {"seq", "head"},
    "event": {"seq", "id", "digest", "link"},
    "outbox": {"number"},
    "delivery": {"number", "detail", "not_before", "attempts", "changed"} | _LEASED,
    "pull": _LEASED,
    "monitor": _LEASED,
    "inbound": {"claimed"},
    "thread": {"number"},
    "kept": {"number"},
    "link": set(),
    "counter": set(),
    "vault": set(),
    "policy": set(),
    "calendar": set(),
    "calendar_turn": {"number"},
    "scope": {"number"},
    "site": set(),
    "stop": set(),
}

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
Standing = Mapping[str, Counter[tuple[Any, ...]]]


def standing(rows: Rows) -> Standing:
    """How everything stands, from the rows of a ledger."""
    return {
        table: Counter(tuple(_kept(row, left_out)) for row in rows[table])
        for table, left_out in _LEFT_OUT.items()
    }


def _kept(row: Mapping[str, Any], left_out: set[str]) -> Iterator[Any]:
    return (value for column, value in row.items() if column not in left_out)


def differences(wanted: Standing, found: Standing) -> list[str]:
    """What should be there and is not (-), what is there and should not be (+)."""
    return [
        *(f"-{table} {row}" for table in wanted for row in wanted[table] - found[table]),
        *(f"+{table} {row}" for table in wanted for row in found[table] - wanted[table]),
    ]
