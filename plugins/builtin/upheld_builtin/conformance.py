"""The tracker contract, over the real file: people write into it past the plugin, the disk fails."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final
from unittest.mock import patch

import pytest

from upheld.plugin import Actor, Comment, Draft, Ref, Value, Visibility
from upheld.testing import SteppedClock
from upheld.testing.kit import (
    SOMEBODY,
    Call,
    Fault,
    Held,
    Stored,
    TrackerContract,
    TrackerFarEnd,
    without_network,
)
from upheld_builtin.adapter import A_PAGE, Builtin
from upheld_builtin.items import PERSON, Items
from upheld_builtin.store import Store

_ALONE: Final = "one file serves everybody alike: it has no accounts and no index"
_OURS: Final = "only Upheld writes the file, and it neither rewrites nor removes comments"


class Disk:
    """The disk under the file: it counts, and it fails on demand."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.faults: deque[Fault] = deque()

    def connect(self, path: Path, **options: Any) -> sqlite3.Connection:
        """What `sqlite3.connect` would give, over this disk."""
        return _Connection(self, path, **options)


_connect: Final[Callable[..., sqlite3.Connection]] = sqlite3.connect


class _Connection(sqlite3.Connection):
    def __init__(self, disk: Disk, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._disk = disk

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql.startswith("BEGIN"):
            self._begun(sql)
        return super().execute(sql, *values)

    def commit(self) -> None:
        super().commit()
        if self._disk.faults and self._disk.faults[0] is Fault.LOST_REPLY:
            self._disk.faults.popleft()
            raise _failure("disk I/O error", sqlite3.SQLITE_IOERR)

    def _begun(self, sql: str) -> None:
        self._disk.calls.append(Call(sql.lower(), writes="IMMEDIATE" in sql))
        if self._disk.faults and self._disk.faults[0] is not Fault.LOST_REPLY:
            raise _FAILURES[self._disk.faults.popleft()]


def _failure(text: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


_FAILURES: Final = {
    Fault.RESET: _failure("disk I/O error", sqlite3.SQLITE_IOERR),
    Fault.TIMEOUT: _failure("database is locked", sqlite3.SQLITE_BUSY),
}


class CaseFile(TrackerFarEnd):
    """The file, and people who write into it."""

    live: ClassVar[bool] = True
    instant_field: ClassVar[str | None] = "due"
    page: ClassVar[int] = A_PAGE
    too_large: ClassVar[int] = 1_000_001
    lacks: ClassVar[Mapping[str, str]] = {
        **without_network("a file on this machine: there is no network"),
        Fault.LAG.name: _ALONE,
        "set_zone": _ALONE,
        "rename": "numbers are for good",
        "edit_comment": _OURS,
        "delete_comment": _OURS,
        "comment_of_unknown_visibility": "the file takes no comment without its visibility",
        "public_files": "nobody but us reads the file",
    }

    def __init__(self, clock: SteppedClock, path: Path, disk: Disk) -> None:
        super().__init__(clock)
        self.path, self.disk = path, disk
        self._written = 0

    @property
    def options(self) -> Mapping[str, object]:
        """The file, and a small limit for attachments."""
        return {"path": str(self.path), "largest_file": 1}

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """A folder in place of the file, and a file that is no database."""
        other = self.path.with_name("other.sqlite")
        other.write_bytes(b"no database at all" * 100)
        return {"a folder": {"path": str(self.path.parent)}, "another file": {"path": str(other)}}

    def calls(self) -> tuple[Call, ...]:
        """The transactions so far."""
        return tuple(self.disk.calls)

    def inject(self, fault: Fault) -> None:
        """The next transaction meets it."""
        self.disk.faults.append(fault)

    def heal(self) -> None:
        """The disk is well."""
        self.disk.faults.clear()

    def ids(self) -> tuple[str, ...]:
        """In the order of their numbers."""
        return tuple(row[0] for row in self._rows("SELECT id FROM item ORDER BY number"))

    def stored(self, ref: Ref) -> Stored:
        """Read by the file's own words for it."""
        with closing(self._opened()) as connection:
            item = Items(connection, _unopened).one(ref.id)
        comments = (
            Held(text, visibility == "public", by, str(id_))
            for text, visibility, by, id_ in self._rows(
                "SELECT text, visibility, by, id FROM comment WHERE item = ? ORDER BY id", ref.id
            )
        )
        files = self._rows("SELECT id || '/' || name, content FROM file WHERE item = ?", ref.id)
        return Stored(item.fields, tuple(comments), dict(files))

    def create(self, text: str, by: Actor, fields: Mapping[str, Value]) -> Ref:
        """A person's item bears a key that Upheld does not use."""
        with self._people() as items:
            draft = Draft(self.scope, text, by, fields)
            return items.create(draft, self._key(), 1001, self.clock.as_datetime()).ref

    def edit(self, ref: Ref, by: Actor, fields: Mapping[str, Value]) -> None:
        """In their name."""
        with self._people() as items:
            items.update(items.one(ref.id), dict(fields), by, self.clock.as_datetime())

    def comment(self, ref: Ref, by: Actor, text: str, visibility: Visibility) -> str:
        """In their name."""
        at = self.clock.as_datetime()
        with self._people() as items:
            comment = Comment("", text, visibility, by, at)
            return items.add_comment(ref.id, comment, (), self._key(), at).id

    def delete(self, ref: Ref) -> None:
        """Out of the file."""
        with closing(self._opened()) as connection:
            for table in ("history", "comment", "file"):
                connection.execute(f"DELETE FROM {table} WHERE item = ?", (ref.id,))  # noqa: S608
            connection.execute("DELETE FROM item WHERE id = ?", (ref.id,))
            connection.commit()

    def fill(self, number: int) -> None:
        """In one transaction."""
        with self._people() as items:
            for each in range(number):
                draft = Draft(self.scope, f"One of many: {each}", SOMEBODY, {})
                items.create(draft, self._key(), 1001, self.clock.as_datetime())

    def _key(self) -> str:
        self._written += 1
        return f"{PERSON}{self._written}"

    @contextmanager
    def _people(self) -> Iterator[Items]:
        """A transaction of another program, on a disk that is well."""
        well = patch("upheld_builtin.store.sqlite3.connect", _connect)
        with well, Store(self.path).writing() as connection:
            yield Items(connection, _unopened)

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with closing(self._opened()) as connection:
            return list(connection.execute(sql, values))

    def _opened(self) -> sqlite3.Connection:
        with patch("upheld_builtin.store.sqlite3.connect", _connect), Store(self.path).reading():
            pass
        opened: sqlite3.Connection = _connect(self.path)
        opened.row_factory = sqlite3.Row
        return opened


def _unopened(_file: int) -> Callable[[], BinaryIO]:
    return BytesIO


class TestBuiltin(TrackerContract):
    """The built-in tracker."""

    plugin = Builtin

    @pytest.fixture
    def remote(self, clock: SteppedClock, tmp_path: Path) -> Iterator[CaseFile]:
        """The file on a disk that can fail."""
        disk = Disk()
        with patch("upheld_builtin.store.sqlite3.connect", disk.connect):
            yield CaseFile(clock, tmp_path / "cases.sqlite", disk)
