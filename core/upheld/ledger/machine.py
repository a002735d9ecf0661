"""Machine time: leases, timeouts and back-off, in microseconds since 1970.

The one place where a database is asked for the time. PostgreSQL answers by itself, so that daemons
on several machines agree; SQLite has one host, whose clock is as good as any.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any, Final

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class MachineTime(FunctionElement[int]):
    """The machine's time inside a statement."""

    type = BigInteger()
    inherit_cache = True


@compiles(MachineTime, "sqlite")
def _on_sqlite(element: MachineTime, compiler: Any, **kw: Any) -> str:  # noqa: ARG001
    return "upheld_machine_time()"


@compiles(MachineTime, "postgresql")
def _on_postgresql(element: MachineTime, compiler: Any, **kw: Any) -> str:  # noqa: ARG001
    return "CAST(extract(epoch from clock_timestamp()) * 1000000 AS BIGINT)"


NOW: Final = MachineTime()


def register(connection: sqlite3.Connection) -> None:
    """Teach an SQLite connection the host's time."""
    connection.create_function("upheld_machine_time", 0, _microseconds)


def _microseconds() -> int:
    return time.time_ns() // 1000
