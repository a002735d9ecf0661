"""Maintenance windows, as people look for them and as readings ask for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Index, Select, bindparam, literal_column, select

from upheld.calendar.instant import Instant
from upheld.ledger.part import Part
from upheld.ledger.schema import subject

_WINDOW: Final = subject.c.kind == literal_column("'window'")
# Asked at every reading that fails, however many cases and bygone windows there are.
Index("ix_subject_window", subject.c.id, sqlite_where=_WINDOW, postgresql_where=_WINDOW)
_COLUMNS: Final = ("id", "status", "customer", "title", "opened", "due", "state")
_ALL: Final = select(*(subject.c[name] for name in _COLUMNS)).where(_WINDOW)
_AHEAD: Final = _ALL.where(subject.c.status.in_(("planned", "standing")))
_ONE: Final = _ALL.where(subject.c.id == bindparam("of"))


@dataclass(frozen=True, slots=True)
class ListedWindow:
    """A window's line: a projection. ``due`` is the beginning of the time that it is, or that comes;
    ``state`` what its last decision left."""

    id: str
    status: str
    customer: str | None
    title: str
    opened: Instant
    due: Instant | None
    state: Mapping[str, Any]


class Windows(Part):
    """Windows by where they stand."""

    def windows(self, *, ahead: bool = True) -> list[ListedWindow]:
        """Those that stand or are still to come, or all; the next one first."""
        found = self._windows(_AHEAD if ahead else _ALL)
        return sorted(found, key=lambda each: (each.due or each.opened, each.id))

    def window(self, subject_id: str) -> ListedWindow | None:
        """One of them; None where there is none of this id."""
        return next(iter(self._windows(_ONE, of=subject_id)), None)

    def _windows(self, which: Select[Any], **asked: str) -> list[ListedWindow]:
        rows = self._connection.execute(which, asked)
        return [
            ListedWindow(**(row | {"state": json.loads(row["state"])}))
            for row in map(dict, rows.mappings())
            if row["state"] is not None
        ]
