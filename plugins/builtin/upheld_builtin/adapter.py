"""The built-in tracker as the core sees it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from upheld.plugin import (
    Ability,
    Actor,
    Attachment,
    Comment,
    Draft,
    Finding,
    Level,
    Lookup,
    Page,
    Permanent,
    Ref,
    RemoteCase,
    Schema,
    Side,
    Stale,
    Tracker,
    Value,
    Visibility,
)
from upheld_builtin.config import BuiltinConfig
from upheld_builtin.fields import SCHEMA, accepted
from upheld_builtin.items import File, Items
from upheld_builtin.store import Store

A_PAGE: Final = 50
_MEGABYTE: Final = 1_000_000


class Builtin(Tracker[BuiltinConfig]):
    """Cases in a small SQLite file. Keys are running numbers, ids never change.

    Every write makes a new version. A create, comment or file is found by its key in the same
    transaction that would write it, so a repeat has no second effect and `find` is conclusive.
    """

    name = "builtin"
    conformance = "upheld_builtin.conformance"
    Config = BuiltinConfig
    abilities: ClassVar[frozenset[Ability]] = frozenset(
        {
            Ability.PULL,
            Ability.FIND,
            Ability.REPEAT,
            Ability.INTERNAL_COMMENTS,
            Ability.LOCAL,
        }
    )

    def check(self) -> Iterable[Finding]:
        """Whether the file can be written and is whole; makes none."""
        return [self._looked_at(self._path())]

    def schema(self) -> Schema:
        """The same for every case; every status may follow every other."""
        return SCHEMA

    def fetch(self, ref: Ref) -> RemoteCase:
        """The case with all its comments, files and history; `Gone` where it is not there."""
        with self._reading() as items:
            return items.called(ref.id)

    def find(self, key: str, since: datetime) -> Lookup[RemoteCase]:
        """The case created under ``key``; conclusive, whenever it was."""
        with self._reading() as items:
            return Lookup(items.by_marker(key), conclusive=True)

    def create(self, draft: Draft, key: str) -> RemoteCase:
        """A new case, or the one that has this key. The title is the text's first line if none."""
        with self._writing() as items:
            found = items.by_marker(key)
            first, at = self.config.first_number, self.context.now()
            return found or items.create(draft, key, first, at)

    def update(self, ref: Ref, fields: Mapping[str, Value], seen: str) -> RemoteCase:
        """Write fields; `Stale` when ``seen`` is no longer the version."""
        wanted, us = accepted(fields), Actor(self.context.name, side=Side.UPHELD)
        with self._writing() as items:
            item = items.one(ref.id)
            if item.version != seen:
                what = f"case {item.ref.key} is at version {item.version}, not at {seen}"
                raise Stale(what, "read it again")
            return items.update(item, wanted, us, self.context.now())

    def comment(self, ref: Ref, comment: Comment, key: str) -> Comment:
        """Add a comment with its files; its time is the time of storing."""
        files = [self._taken(file) for file in comment.attachments]
        with self._writing() as items:
            items.one(ref.id)
            stored = items.comment(ref.id, key)
            return stored or items.add_comment(ref.id, comment, files, key, self.context.now())

    def attach(
        self, ref: Ref, attachment: Attachment, visibility: Visibility, key: str
    ) -> Attachment:
        """Add a file; `Permanent` where it is larger than ``largest_file``."""
        file = self._taken(attachment)
        with self._writing() as items:
            items.one(ref.id)
            stored = items.file(ref.id, key)
            return stored or items.add_file(ref.id, file, visibility, key, self.context.now())

    def pull(self, cursor: str | None) -> Page:
        """Cases changed since the cursor, in the order of their last change.

        The cursor names the file and a change in it. One of another file, or from the future
        (the file was restored), starts from the beginning: nothing is missed, some come twice.
        """
        with self._reading() as items:
            as_of, last = self.context.now(), items.last_change()
            start = _position(cursor, items.store_id(), last)
            found, end = items.changed_since(start, A_PAGE)
            return Page(tuple(found), f"{items.store_id()}:{end}", end < last, as_of)

    # --- the file ---

    def _path(self) -> Path:
        given = Path(self.config.path or "cases.sqlite").expanduser()
        return Path(self.context.folder) / given

    @contextmanager
    def _reading(self) -> Iterator[Items]:
        with Store(self._path()).reading() as connection:
            yield Items(connection, self._opener)

    @contextmanager
    def _writing(self) -> Iterator[Items]:
        with Store(self._path()).writing() as connection:
            yield Items(connection, self._opener)

    def _opener(self, file: int) -> Callable[[], BinaryIO]:
        def opened() -> BinaryIO:
            with self._reading() as items:
                return BytesIO(items.content(file))

        return opened

    def _taken(self, attachment: Attachment) -> File:
        most = self.config.largest_file * _MEGABYTE
        with attachment.open() as stream:
            content = stream.read(most + 1)
        if len(content) > most:
            what = f"'{attachment.name}' is larger than {self.config.largest_file} MB"
            raise Permanent(what, "raise `largest_file`, or put it elsewhere and link it")
        return File(attachment.name, attachment.media_type, content)

    def _looked_at(self, path: Path) -> Finding:
        name = self.context.name
        if not _writable(path):
            what, then = f"can't write to {path}", "set `path` to a file that we may write"
            return Finding(Level.ERROR, name, what, then)
        problem = Store(path).problem() if path.exists() and path.stat().st_size else ""
        if problem:
            then = "restore it from a backup, or set another `path`"
            return Finding(Level.ERROR, name, f"the case file {path}: {problem}", then)
        return Finding(Level.OK, name, f"cases are kept in {path}")


def _writable(path: Path) -> bool:
    if path.exists():
        return path.is_file() and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def _position(cursor: str | None, store: str, last: int) -> int:
    file, _, change = (cursor or "").partition(":")
    if file != store or not change.isdecimal():
        return 0
    return int(change) if int(change) <= last else 0
