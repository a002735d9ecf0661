"""What the parts of a transaction share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert


class Part:
    """One subject of what can be done in a transaction; all parts share its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name


def unless_there(table: Table) -> dict[str, Insert]:
    """By dialect: insert, and leave alone what is there already."""
    return {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing(),
    }


def or_replace(table: Table, *columns: str) -> dict[str, Insert]:
    """By dialect: insert, or give what is there the new values of all but the key ``columns``."""
    return {"sqlite": _replacing(sqlite, table, columns)} | {
        "postgresql": _replacing(postgresql, table, columns)
    }


def _replacing(dialect: Any, table: Table, columns: tuple[str, ...]) -> Insert:
    insert = dialect.insert(table)
    values = {c.name: insert.excluded[c.name] for c in table.c if c.name not in columns}
    replacing: Insert = insert.on_conflict_do_update(index_elements=columns, set_=values)
    return replacing


def one_of(column: ColumnElement[str], states: Iterable[StrEnum]) -> ColumnElement[bool]:
    """``column IN ('…', …)`` with the values written out: a partial index is found only by those."""
    return column.in_([literal_column(f"'{state.value}'") for state in states])


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def dump(value: Any) -> str:
    """JSON without spaces."""
    return _ENCODER.encode(value)
