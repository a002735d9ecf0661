"""A hint that something was written to be sent, so that it need not wait for the next look.

Nothing depends on it: whoever waits looks again after at most a second. PostgreSQL notifies on a
connection of its own; of SQLite the version of the data is asked, which another process's commit changes
(sqlite.org/pragma.html#pragma_data_version).
"""

from __future__ import annotations

import selectors
import socket
import time
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

#: What PostgreSQL calls it; the schema stands in the payload.
CHANNEL: Final = "upheld"
_TELL: Final = text("SELECT pg_notify('upheld', current_schema())")
#: SQLite is asked so often (seconds): half of it is what a page waits on average for another process's word.
_EVERY: Final = 0.005
#: More rings than anybody hears one by one (bytes).
_MANY: Final = 4096
#: A connection that broke is opened again after so long (seconds).
_AGAIN: Final = 5.0


def tell(connection: Connection) -> None:
    """Tell all who wait, once this transaction is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(_TELL)


class Rung:
    """Whether it was rung: a socket, since whoever listens to PostgreSQL waits on another with it.

    It is opened with the first wait; one thread waits, any may ring.
    """

    def __init__(self) -> None:
        self._rung = False
        self._ends: tuple[socket.socket, socket.socket] | None = None
        self._selector: selectors.BaseSelector | None = None

    def set(self) -> None:
        """From any thread; more than one is one."""
        self._rung = True
        if self._ends is not None:
            with suppress(OSError):  # full: it was rung often enough; closed: nobody waits any more
                self._ends[0].send(b"!")

    def wait(self, seconds: float, other: Any = None) -> bool:
        """Until it is rung, the ``other`` has something to read or the time is up; whether it was rung."""
        selector = self._open()  # before the look: who rings from now on sends
        if self._rung:
            return True
        if other is not None:
            selector.register(other, selectors.EVENT_READ)
        try:
            ready = selector.select(max(0.0, seconds))
        finally:
            if other is not None:
                selector.unregister(other)
        return any(key.fileobj is not other for key, _ in ready)

    def clear(self) -> None:
        """It is seen to from here on."""
        if self._ends is not None:
            with suppress(OSError):  # there is nothing more to read
                while self._ends[1].recv(_MANY):
                    pass
        self._rung = False

    def close(self) -> None:
        """Let go of both ends; the next wait opens others."""
        ends, self._ends = self._ends, None
        for end in (self._selector, *ends) if ends and self._selector else ():
            end.close()

    def _open(self) -> selectors.BaseSelector:
        if self._ends is None or self._selector is None:
            self._selector, self._ends = selectors.DefaultSelector(), socket.socketpair()
            for end in self._ends:
                end.setblocking(False)
            self._selector.register(self._ends[1], selectors.EVENT_READ)
        return self._selector


class Newness:
    """Waits for something new, on a connection that is used for nothing else. For one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wait = self._data_version if engine.dialect.name == "sqlite" else self._notified
        self._connection: Any = None
        self._version: int | None = None
        self._schema = ""
        self._broken_until = 0.0

    def wait(self, seconds: float, rung: Rung) -> None:
        """Return as soon as there may be something new, it was ``rung`` or the time is up."""
        until = time.monotonic() + seconds
        if time.monotonic() < self._broken_until or not self._waited(until, rung):
            rung.wait(until - time.monotonic())

    def _waited(self, until: float, rung: Rung) -> bool:
        """Whether it could; it is a hint, and without it the next look comes by time."""
        try:
            self._wait(until, rung)
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

    def _data_version(self, until: float, rung: Rung) -> None:
        connection = self._open()
        while (left := until - time.monotonic()) > 0:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            known, self._version = self._version, version
            if version != known or rung.wait(min(left, _EVERY)):
                return

    def _notified(self, until: float, rung: Rung) -> None:
        connection = self._listening()
        while (left := until - time.monotonic()) > 0:
            heard = list(connection.notifies(timeout=0))
            if any(each.payload == self._schema for each in heard):  # sites may share a database
                return
            if rung.wait(left, connection):
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
    """Rung in this process, or heard of from another: whoever waits goes on at once."""

    def __init__(self, newness: Newness) -> None:
        self._newness = newness
        self._rung = Rung()

    def ring(self) -> None:
        """Something is there."""
        self._rung.set()

    def wait(self, seconds: float) -> None:
        """Until it rings, something new is committed, or the time is up."""
        self._newness.wait(seconds, self._rung)
        self._rung.clear()

    def close(self) -> None:
        """Let go of the connection."""
        self._newness.close()
        self._rung.close()
