"""Cases in the file: read whole, written change by change. Every function runs in a transaction."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

from upheld.plugin import (
    Actor,
    Attachment,
    Change,
    Comment,
    Draft,
    Gone,
    Ref,
    RemoteCase,
    Value,
    Visibility,
)
from upheld_builtin.fields import (
    initial,
    read,
    read_actor,
    read_fields,
    written,
    written_actor,
    written_fields,
)

Opener = Callable[[int], Callable[[], BinaryIO]]
#: What begins so is no key of Upheld's: somebody else wrote it.
PERSON: Final = "person:"
_FILE: Final = "id, name, media_type, size"  # the bytes are read when they are wanted
_NEXT_CHANGE: Final = "(SELECT coalesce(max(change), 0) + 1 FROM item)"


@dataclass(frozen=True, slots=True)
class File:
    """An attachment with its bytes, to be stored."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Items:
    """The cases, inside one transaction. ``opener`` makes what reads a file's bytes later."""

    connection: sqlite3.Connection
    opener: Opener

    # --- reading ---

    def one(self, id_: str) -> RemoteCase:
        """The case with this id; `Gone` where there is none."""
        return self._whole(self._row(id_))

    def called(self, name: str) -> RemoteCase:
        """The case with this id or this number; `Gone` where there is none."""
        row = self._first("SELECT * FROM item WHERE number = ?", name)
        return self._whole(row) if row else self.one(name)

    def by_marker(self, marker: str) -> RemoteCase | None:
        """The case that was created under this key."""
        row = self._first("SELECT * FROM item WHERE marker = ?", marker)
        return self._whole(row) if row else None

    def changed_since(self, change: int, most: int) -> tuple[list[RemoteCase], int]:
        """Cases changed after this change, oldest first; and the change of the last one."""
        sql = "SELECT * FROM item WHERE change > ? ORDER BY change LIMIT ?"
        rows = self.connection.execute(sql, (change, most)).fetchall()
        return [self._whole(row) for row in rows], rows[-1]["change"] if rows else change

    def last_change(self) -> int:
        """The newest change in the file."""
        row = self._first("SELECT coalesce(max(change), 0) AS last FROM item")
        return int(row["last"]) if row else 0

    def store_id(self) -> str:
        """What tells this file from any other."""
        row = self._first("SELECT value FROM meta WHERE name = 'store'")
        return str(row["value"]) if row else ""

    def comment(self, item: str, marker: str) -> Comment | None:
        """The comment that was added to this case under this key."""
        sql = "SELECT * FROM comment WHERE item = ? AND marker = ?"
        row = self._first(sql, item, marker)
        return self._comment(row) if row else None

    def file(self, item: str, marker: str) -> Attachment | None:
        """The file that was added to this case under this key."""
        sql = f"SELECT {_FILE} FROM file WHERE item = ? AND marker = ?"  # noqa: S608 - ours
        row = self._first(sql, item, marker)
        return self._file(row) if row else None

    def content(self, file: int) -> bytes:
        """The bytes of a file."""
        row = self._first("SELECT content FROM file WHERE id = ?", file)
        if row is None:
            raise Gone(f"file {file} is not in the case file")
        return bytes(row["content"])

    # --- writing ---

    def create(self, draft: Draft, marker: str, first_number: int, at: datetime) -> RemoteCase:
        """A new case with the next number."""
        fields = written_fields(initial(draft.fields, draft.text, draft.reporter))
        id_, when = uuid.uuid4().hex, at.isoformat()
        self.connection.execute(
            "INSERT INTO item (id, number, marker, scope, fields, version, change, created, updated) "  # noqa: S608
            "VALUES (?, max(?, (SELECT coalesce(max(number), 0) + 1 FROM item)), ?, ?, ?, 1, "
            f"{_NEXT_CHANGE}, ?, ?)",
            (id_, first_number, marker, draft.scope, fields, when, when),
        )
        return self.one(id_)

    def update(
        self, item: RemoteCase, fields: dict[str, Value], by: Actor, at: datetime
    ) -> RemoteCase:
        """Write what differs, with a line of history each; nothing where nothing does."""
        id_, when, who = item.ref.id, at.isoformat(), written_actor(by)
        changed = {name: new for name, new in fields.items() if item.fields.get(name) != new}
        if not changed:
            return item
        self.connection.executemany(
            "INSERT INTO history (item, field, old, new, at, by) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (id_, name, written(item.fields.get(name)), written(new), when, who)
                for name, new in changed.items()
            ],
        )
        merged = written_fields({**item.fields, **changed})
        self.connection.execute("UPDATE item SET fields = ? WHERE id = ?", (merged, id_))
        self._touch(id_, at)
        return self.one(id_)

    def add_comment(
        self, id_: str, comment: Comment, files: Iterable[File], marker: str, at: datetime
    ) -> Comment:
        """Add a comment and its files; returned as stored."""
        cursor = self.connection.execute(
            "INSERT INTO comment (item, marker, text, html, visibility, at, by) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                id_,
                marker,
                comment.text,
                comment.html,
                comment.visibility.value,
                at.isoformat(),
                written_actor(comment.by),
            ),
        )
        for place, file in enumerate(files):
            self._insert_file(id_, cursor.lastrowid, file, comment.visibility, f"{marker}/{place}")
        self._touch(id_, at)
        return self._comment(self._known("SELECT * FROM comment WHERE id = ?", cursor.lastrowid))

    def add_file(
        self, id_: str, file: File, visibility: Visibility, marker: str, at: datetime
    ) -> Attachment:
        """Add a file to the case itself; returned as stored."""
        stored = self._insert_file(id_, None, file, visibility, marker)
        self._touch(id_, at)
        sql = f"SELECT {_FILE} FROM file WHERE id = ?"  # noqa: S608 - ours
        return self._file(self._known(sql, stored))

    # --- rows ---

    def _first(self, sql: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return row

    def _known(self, sql: str, *values: object) -> sqlite3.Row:
        row = self._first(sql, *values)
        assert row is not None, "written a moment ago, in the same transaction"
        return row

    def _row(self, id_: str) -> sqlite3.Row:
        row = self._first("SELECT * FROM item WHERE id = ?", id_)
        if row is None:
            raise Gone(f"case {id_} is not in the case file", "see whether another file is meant")
        return row

    def _touch(self, id_: str, at: datetime) -> None:
        self.connection.execute(
            f"UPDATE item SET version = version + 1, change = {_NEXT_CHANGE}, updated = ? "  # noqa: S608
            "WHERE id = ?",
            (at.isoformat(), id_),
        )

    def _insert_file(
        self, item: str, comment: int | None, file: File, visibility: Visibility, marker: str
    ) -> int | None:
        return self.connection.execute(
            "INSERT INTO file (item, comment, marker, name, media_type, visibility, size, content) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                item,
                comment,
                marker,
                file.name,
                file.media_type,
                visibility.value,
                len(file.content),
                file.content,
            ),
        ).lastrowid

    def _whole(self, row: sqlite3.Row) -> RemoteCase:
        id_ = row["id"]
        return RemoteCase(
            ref=Ref(row["scope"], id_, str(row["number"])),
            version=str(row["version"]),
            updated=datetime.fromisoformat(row["updated"]),
            fields=read_fields(row["fields"]),
            key=_key(row),
            history=tuple(_change(found) for found in self._of("history", id_)),
            comments=tuple(self._comment(found) for found in self._of("comment", id_)),
            attachments=self._files("item = ? AND comment IS NULL", id_),
            created=datetime.fromisoformat(row["created"]),
        )

    def _of(self, table: str, item: str) -> list[sqlite3.Row]:
        sql = f"SELECT * FROM {table} WHERE item = ? ORDER BY id"  # noqa: S608 - a name of ours
        return self.connection.execute(sql, (item,)).fetchall()

    def _comment(self, row: sqlite3.Row) -> Comment:
        return Comment(
            id=str(row["id"]),
            text=row["text"],
            visibility=Visibility(row["visibility"]),
            by=read_actor(row["by"]),
            at=datetime.fromisoformat(row["at"]),
            html=row["html"],
            key=_key(row),
            attachments=self._files("comment = ?", row["id"]),
        )

    def _files(self, where: str, value: object) -> tuple[Attachment, ...]:
        sql = f"SELECT {_FILE} FROM file WHERE {where} ORDER BY id"  # noqa: S608 - ours, both
        return tuple(self._file(row) for row in self.connection.execute(sql, (value,)))

    def _file(self, row: sqlite3.Row) -> Attachment:
        id_ = row["id"]
        return Attachment(str(id_), row["name"], row["media_type"], row["size"], self.opener(id_))


def _key(row: sqlite3.Row) -> str | None:
    marker: str = row["marker"]
    return None if marker.startswith(PERSON) else marker


def _change(row: sqlite3.Row) -> Change:
    at, by = datetime.fromisoformat(row["at"]), read_actor(row["by"])
    return Change(str(row["id"]), row["field"], read(row["old"]), read(row["new"]), at, by)
