"""The SQLite file: opening it, its tables, one transaction, its errors in our words.

Every transaction has a connection of its own, so that any thread and any process may come.
WAL and ``synchronous=FULL``: what was answered survives a power cut. WAL needs shared memory,
so the file must not lie on a network file system (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from upheld.plugin import Misconfigured, PluginError, Retry

VERSION: Final = 1
_PATIENCE: Final = 5.0  # seconds of machine time that a writer waits for another

_TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE item (
  id TEXT PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  marker TEXT NOT NULL UNIQUE,
  scope TEXT NOT NULL,
  fields TEXT NOT NULL,
  version INTEGER NOT NULL,
  change INTEGER NOT NULL UNIQUE,
  created TEXT NOT NULL,
  updated TEXT NOT NULL
);
CREATE TABLE history (
  id INTEGER PRIMARY KEY,
  item TEXT NOT NULL REFERENCES item,
  field TEXT NOT NULL,
  old TEXT NOT NULL,
  new TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
);
CREATE INDEX history_item ON history (item);
CREATE TABLE comment (
  id INTEGER PRIMARY KEY,
  item TEXT NOT NULL REFERENCES item,
  marker TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT,
  visibility TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  UNIQUE (item, marker)
);
CREATE TABLE file (
  id INTEGER PRIMARY KEY,
  item TEXT NOT NULL REFERENCES item,
  comment INTEGER REFERENCES comment,
  marker TEXT NOT NULL,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  visibility TEXT NOT NULL,
  size INTEGER NOT NULL,
  content BLOB NOT NULL,
  UNIQUE (item, marker)
);
"""
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NOT_OURS: Final = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


class Store:
    """One file; nothing is opened before the first transaction."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone among writers from its beginning; all of it or nothing."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def problem(self) -> str:
        """What is wrong with the file as it is, "" for nothing; changes nothing."""
        # Without a log beside it nobody has it open, and it can be read without making one.
        alone = not self.path.with_name(self.path.name + "-wal").exists()
        uri = f"{self.path.absolute().as_uri()}?{'immutable=1' if alone else 'mode=ro'}"
        try:
            with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as connection:
                _refuse_newer(connection, self.path)
                found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except (sqlite3.Error, PluginError) as error:
            return str(error)
        return "" if found == "ok" else found

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._opened()) as connection:
                connection.execute(begin)
                try:
                    yield connection
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()
        except (sqlite3.Error, OSError) as error:
            raise explained(error, self.path) from error

    def _opened(self) -> sqlite3.Connection:
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)  # customers' words: ours alone to read
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            _prepare(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection


def explained(error: sqlite3.Error | OSError, path: Path) -> PluginError:
    """The error in our words; nothing of the transaction was kept."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    what = f"the case file {path.name}: {error}"
    if primary in _BUSY:
        return Retry(what, "somebody else writes for long: see which program has it open")
    if primary == sqlite3.SQLITE_FULL:
        return Retry(what, "make room on the disk")
    if primary in _NOT_OURS or isinstance(error, OSError):
        return Misconfigured(what, "set `path` to a file that we may write, or restore it")
    return Retry(what, "see the log; it is tried again")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if _version(connection) == VERSION:
        return
    _refuse_newer(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if _version(connection) == 0:  # still: another may have been faster
        _create(connection)
    connection.commit()


def _create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('store', ?)", (uuid.uuid4().hex,))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if version > VERSION:
        what = f"the case file {path.name} has format {version}, this program knows {VERSION}"
        raise Misconfigured(what, "update Upheld, or set another `path`")
