"""Opening the database: one URL, two engines, the same promises of durability."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.util import LRUCache

from upheld.errors import LedgerError
from upheld.ledger import machine
from upheld.ledger.mounts import network_type

BUSY_SECONDS: Final = 10.0
# A sweep over a large ledger touches hundreds of pages in one commit; SQLite's own 2 MB would spill.
_CACHE_KIB: Final = 32 * 1024
_CHECKPOINT_PAGES: Final = 4_000
#: What a URL may begin with, and the driver for it.
DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class _Compiled(LRUCache[tuple[Any, ...], Any]):
    """What statements compile to, for all engines on one kind of database: each engine by itself would
    compile everything anew, after a restart, in a check, in every test of a contract."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(_by_kind(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(_by_kind(key), compiled)


def _by_kind(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *statement = key
    return dialect.name, *statement


_OPTIONS: Final = {"compiled_cache": _Compiled(1_000)}


def parse_url(text: str) -> URL:
    """The URL with its driver; any other database than SQLite and PostgreSQL is refused."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise _unusable("the ledger's URL can't be read") from None
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        raise _unusable(f"the ledger can't live in {url.drivername}")
    return url.set(drivername=driver)


def _unusable(what: str) -> LedgerError:
    do_next = "write sqlite:///folder/ledger.db or postgresql://user@host/database"
    return LedgerError(what, do_next=do_next)


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite ledger; None on PostgreSQL. A ledger in memory is refused."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise _unusable("a ledger in memory would forget everything")
    return Path(url.database)


def connect(url: URL, *, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """An engine of which every connection keeps the promises; nothing is opened yet."""
    path = sqlite_file(url)
    if path is not None:
        return _sqlite(url, path, busy_seconds)
    return _postgresql(url, busy_seconds)


def _sqlite(url: URL, path: Path, busy_seconds: float) -> Engine:
    kind = network_type(path.parent)
    if kind is not None:
        raise LedgerError(
            f"the ledger would lie on a network file system ({kind}), where SQLite can't keep its word",
            where=str(path),
            do_next="put it on a local disk, or use PostgreSQL",
        )
    engine = create_engine(
        url,
        connect_args={"timeout": busy_seconds},
        execution_options=_OPTIONS,
        hide_parameters=True,
        pool_use_lifo=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise LedgerError(
            f"SQLite can't write ahead here (journal mode {mode})",
            do_next="put the ledger on a local disk, or use PostgreSQL",
        )
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    machine.register(connection)


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("upheld_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _postgresql(url: URL, busy_seconds: float) -> Engine:
    try:
        engine = create_engine(
            url, execution_options=_OPTIONS, pool_size=10, max_overflow=20, hide_parameters=True
        )
    except ModuleNotFoundError as error:
        raise LedgerError(
            "the PostgreSQL driver is not installed",
            do_next="install it: pip install 'upheld[postgres]'",
        ) from error

    def prepare(connection: Any, _record: Any) -> None:
        millis = str(int(busy_seconds * 1000))
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", (millis,))
            cursor.execute("SELECT set_config('idle_in_transaction_session_timeout','60s',false)")
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def for_reading(engine: Engine) -> Engine:
    """The same pool, but its transactions take no write lock and see one moment throughout."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(upheld_reads=True)
    return engine.execution_options(isolation_level="REPEATABLE READ")
