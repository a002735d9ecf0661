"""What the parts of a transaction share."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import Insert

from upheld.case.decision import Deed
from upheld.ledger.memory import Memory
from upheld.ledger.records import Recorded


class Part:
    """One subject of what can be done in a transaction; all parts share its connection."""

    def __init__(self, connection: Connection, memory: Memory | None = None) -> None:
        self._connection = connection
        self._memory = Memory(0) if memory is None else memory
        #: What this transaction wrote; nobody may be told before it is committed.
        self.recorded: list[Recorded] = []
        #: What decisions do to other subjects, with the subject that decided; see ``take_deeds``.
        self.deeds: list[tuple[str, Deed]] = []

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    def _ids(self, ids: Collection[str]) -> dict[str, Any]:
        """The parameter of ``among``."""
        return listed(self._dialect, ids=ids)


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
    """``column`` is one of ``states``, written out: a partial index is found only by literals."""
    literals: list[ColumnElement[str]] = [literal_column(f"'{state.value}'") for state in states]
    return column == literals[0] if len(literals) == 1 else column.in_(literals)


def among(column: ColumnElement[str], name: str = "ids") -> dict[str, ColumnElement[bool]]:
    """By dialect: ``column`` is one of the parameter ``name``, given by ``listed``.

    One parameter however many ids there are, so that the statement needn't be written anew.
    """
    each = func.json_each(bindparam(name, type_=Text)).table_valued("value")
    given = bindparam(name, type_=postgresql.ARRAY(Text))
    return {"sqlite": column.in_(select(each.c.value)), "postgresql": column == func.any(given)}


def listed(dialect: str, **ids: Collection[str]) -> dict[str, Any]:
    """The parameters of ``among``."""
    as_given = dump if dialect == "sqlite" else list
    return {name: as_given([*each]) for name, each in ids.items()}


class Bulk:
    """A statement for many rows, compiled once a dialect and handed to the driver as it is.

    SQLAlchemy works on the parameters of every row, which costs more than SQLite's own insert.
    """

    def __init__(self, statement: ClauseElement, *columns: str) -> None:
        self._statement = statement
        self._columns = list(columns)
        self._compiled: dict[str, tuple[str, Callable[[Any], Any] | None]] = {}

    def run(self, connection: Connection, rows: list[dict[str, Any]]) -> int:
        """Execute it for each row, in the driver's one call; how many rows of the table it met."""
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._compile(connection)
        sql, pick = self._compiled[name]
        given = rows if pick is None else [pick(row) for row in rows]
        return connection.exec_driver_sql(sql, given).rowcount

    def _compile(self, connection: Connection) -> tuple[str, Callable[[Any], Any] | None]:
        compiled: Any = self._statement.compile(
            dialect=connection.dialect, column_keys=self._columns
        )
        order = compiled.positiontup  # None where the driver takes names
        return str(compiled), None if order is None else itemgetter(*order)


_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), allow_nan=False
)


def dump(value: Any) -> str:
    """JSON without spaces."""
    return _ENCODER.encode(value)
