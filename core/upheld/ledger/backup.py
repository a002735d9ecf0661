"""Backups: a whole ledger in one SQLite file, whichever database it lives in, made while it is used.

One form for both, so that there is one way back, and a backup of one can be restored into the other.
``pg_dump`` would be a second form that only a server of the right version reads. SQLite copies itself
page by page; of PostgreSQL every row is read in one transaction, which sees one moment throughout.

Beside FILE stands FILE.json: whose ledger it is, its epoch and schema, and the SHA-256 of the file.
A file without it was not finished, or is not whole any more.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, select

from upheld.calendar.instant import iso
from upheld.errors import DiskFull, LedgerError, Refusal
from upheld.ledger import migrate
from upheld.ledger.database import connect, for_reading, parse_url, sqlite_file
from upheld.ledger.faults import translated
from upheld.ledger.machine import NOW
from upheld.ledger.rows import transfer
from upheld.ledger.schema import site

#: Quarters of a second for which somebody else may keep a database locked.
_PATIENCE: Final = 40


@dataclass(frozen=True, slots=True)
class Backup:
    """What stands beside a backup. ``made`` is the machine's time in ISO 8601, ``size`` in bytes,
    ``sha256`` in hexadecimal; ``site`` is "" where the ledger was nobody's yet."""

    site: str
    epoch: int
    schema: str
    made: str
    size: int
    sha256: str


def back_up(url: str, to: Path) -> Backup:
    """Write the ledger at ``url`` to the new file ``to``, which its owner alone may read.

    ``Refusal`` where ``to`` is there already, ``SchemaMismatch`` where there is no ledger or one that
    this program can't read, ``LedgerError`` for all else; nothing is left behind then.
    """
    if not migrate.exists(url):
        raise migrate.mismatch(None, migrate.shown(parse_url(url)))
    with _reserved(to):
        _fill(url, to)
        made = _described(to)
        _write(note(to), json.dumps(asdict(made), indent=2) + "\n")
    return made


def verified(file: Path) -> Backup:
    """What stands beside ``file``, once the file was held against it; ``LedgerError``."""
    try:
        told = Backup(**json.loads(note(file).read_text(encoding="utf-8")))
        size, digest = file.stat().st_size, _digest(file)
    except (OSError, ValueError, TypeError) as error:
        raise LedgerError(
            "that is no whole backup: the file, or what stands beside it, can't be read",
            where=str(file),
            do_next=f"bring {note(file).name} along with it, or take another backup",
        ) from error
    if (size, digest) != (told.size, told.sha256):
        raise LedgerError(
            "the backup is not as it was written: its checksum differs",
            where=str(file),
            do_next="copy it again from where it came, or take another one",
        )
    return told


def note(file: Path) -> Path:
    """Where it stands what a backup is."""
    return file.with_name(f"{file.name}.json")


@contextmanager
def _reserved(to: Path) -> Iterator[None]:
    """The file is ours from the beginning, so that two backups can't write to one."""
    if note(to).exists():
        raise _there(note(to))
    with storing(to):
        try:
            os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            raise _there(to) from None
        try:
            yield
        except BaseException:
            to.unlink(missing_ok=True)
            note(to).unlink(missing_ok=True)
            raise


def _there(path: Path) -> Refusal:
    do_next = "name a file that is not there; a backup is never written over"
    return Refusal("there is a file of this name", where=str(path), do_next=do_next)


@contextmanager
def storing(where: Path) -> Iterator[None]:
    """What the system and SQLite itself complain about, in our words."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        full = "full" in str(said).lower() or "no space" in str(said).lower()
        raise (DiskFull if full else LedgerError)(
            f"the file can't be used: {said}",
            where=str(where),
            do_next="free some space on its disk" if full else "see its folder and its rights",
        ) from error


def _fill(url: str, to: Path) -> None:
    source = parse_url(url)
    path = sqlite_file(source)
    if path is not None:
        copy_pages(path, to)
        _in_one_file(to)
        return
    engine = connect(source)
    try:
        with translated(migrate.where(engine)), for_reading(engine).connect() as rows:
            _copy_rows(rows, to, migrate.where(engine))
    finally:
        engine.dispose()


def copy_pages(source: Path, target: Path) -> None:
    """One SQLite database over another, at one moment of it, while others write to either."""
    tries = 0

    def not_for_ever(status: int, _remaining: int, _total: int) -> None:
        nonlocal tries
        tries += status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
        if tries > _PATIENCE:
            raise sqlite3.OperationalError("it stays locked by somebody else")

    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here, progress=not_for_ever)


def _copy_rows(source: Connection, to: Path, where: str) -> None:
    found = migrate.revision(source)
    if found is None or not migrate.known(found):
        raise migrate.mismatch(found, where)
    with plain(to) as engine, engine.begin() as target:
        migrate.run(target, to=found)
        transfer(source, target)


@contextmanager
def plain(file: Path) -> Iterator[Engine]:
    """An SQLite file that is ours alone, as one file: without anything written ahead beside it."""
    engine = connect(parse_url(f"sqlite:///{file.as_posix()}"))
    try:
        with translated(str(file)):
            yield engine
    finally:
        engine.dispose()
    _in_one_file(file)


def _in_one_file(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _described(file: Path) -> Backup:
    with plain(file) as engine, engine.connect() as connection:
        row = connection.execute(select(site.c.name, site.c.epoch)).first()
        name, epoch = (row.name, row.epoch) if row is not None else ("", 0)
        schema = str(migrate.revision(connection))
        made = iso(int(connection.execute(select(NOW)).scalar_one()))
    return Backup(name, epoch, schema, made, file.stat().st_size, _digest(file))


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _digest(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
