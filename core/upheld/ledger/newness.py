"""A hint that something was written to be sent, so that it need not wait for the next look.

Nothing depends on it: whoever waits looks again after at most a second. PostgreSQL notifies on a
connection of its own; of SQLite the version of the data is asked, which another process's commit changes
(sqlite.org/pragma.html#pragma_data_version).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

#: What PostgreSQL calls it; the schema stands in the payload.
CHANNEL: Final = "upheld"
_TELL: Final = text("SELECT pg_notify('upheld', current_schema())")
#: SQLite is asked so often (seconds), and a stop is seen as soon.
_EVERY: Final = 0.01
#: PostgreSQL tells at once; whether it is over is asked so often (seconds).
_SLICE: Final = 0.05
#: A connection that broke is opened again after so long (seconds).
_AGAIN: Final = 5.0


def tell(connection: Connection) -> None:
    """Tell all who wait, once this transaction is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(_TELL)


class Newness:
    """Waits for something new, on a connection that is used for nothing else. For one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wait = self._data_version if engine.dialect.name == "sqlite" else self._notified
        self._connection: Any = None
        self._version: int | None = None
        self._schema = ""
        self._broken_until = 0.0

    def wait(self, seconds: float, ended: Callable[[], bool]) -> None:
        """Return as soon as there may be something new, ``ended`` or the time is up."""
        until = time.monotonic() + seconds
        if time.monotonic() < self._broken_until or not self._waited(until, ended):
            while not ended() and time.monotonic() < until:
                time.sleep(_EVERY)

    def _waited(self, until: float, ended: Callable[[], bool]) -> bool:
        """Whether it could; it is a hint, and without it the next look comes by time."""
        try:
            self._wait(until, ended)
        except Exception:  # noqa: BLE001  whatever a driver raises of a connection that is gone
            self.close()
            self._broken_until = time.monotonic() + _AGAIN
            return False
        return True

    def close(self) -> None:
        """Let go of the connection; the next wait opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()

    def _open(self) -> Any:
        if self._connection is None:
            # Out of the pool for good: whoever closes it closes the connection.
            pooled = self._engine.raw_connection()
            self._connection = pooled.driver_connection
            pooled.detach()
        return self._connection

    def _data_version(self, until: float, ended: Callable[[], bool]) -> None:
        connection = self._open()
        while not ended() and time.monotonic() < until:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            known, self._version = self._version, version
            if version != known:
                return
            time.sleep(_EVERY)

    def _notified(self, until: float, ended: Callable[[], bool]) -> None:
        connection = self._listening()
        while not ended() and (left := until - time.monotonic()) > 0:
            heard = connection.notifies(timeout=min(left, _SLICE), stop_after=1)
            if any(each.payload == self._schema for each in heard):  # sites may share a database
                return

    def _listening(self) -> Any:
        new = self._connection is None
        connection = self._open()
        if new:
            connection.autocommit = True
            (self._schema,) = connection.execute("SELECT current_schema()").fetchone()
            connection.execute(f"LISTEN {CHANNEL}")
        return connection


class Bell:
    """Rung in this process, or heard of from another: whoever waits goes on."""

    def __init__(self, newness: Newness) -> None:
        self._newness = newness
        self._rung = threading.Event()

    def ring(self) -> None:
        """Something is there."""
        self._rung.set()

    def wait(self, seconds: float) -> None:
        """Until it rings, something new is committed, or the time is up."""
        self._newness.wait(seconds, self._rung.is_set)
        self._rung.clear()

    def close(self) -> None:
        """Let go of the connection."""
        self._newness.close()
