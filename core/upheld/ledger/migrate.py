"""Bringing a database to this program's schema, and telling how old it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from upheld.errors import SchemaMismatch
from upheld.ledger.database import connect, parse_url, sqlite_file
from upheld.ledger.faults import translated
from upheld.ledger.schema import REVISIONS


def exists(url: str) -> bool:
    """Whether there is a ledger, of whatever schema."""
    parsed = parse_url(url)
    path = sqlite_file(parsed)
    if path is not None and not path.exists():
        return False
    engine = connect(parsed)
    try:
        with translated(where(engine)), engine.connect() as connection:
            return revision(connection) is not None
    finally:
        engine.dispose()


def upgrade(url: str) -> Path | None:
    """Create or upgrade the ledger at ``url``; where an SQLite file was changed, its copy.

    A ledger that is newer than this program raises ``SchemaMismatch``; nothing is changed then.
    """
    parsed = parse_url(url)
    path = sqlite_file(parsed)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = connect(parsed)
    try:
        with translated(where(engine)):
            return _upgrade(engine, path)
    finally:
        engine.dispose()


def _upgrade(engine: Engine, path: Path | None) -> Path | None:
    with engine.connect() as connection:
        found = revision(connection)
    if found == REVISIONS[-1]:
        return None
    if found is not None and found not in REVISIONS:
        raise mismatch(found, where(engine))
    copy = _copy(path, found) if path is not None and found is not None else None
    with engine.begin() as connection:
        _run(connection)
    return copy


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        # Two daemons that start at once: the second waits, then finds nothing left to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('upheld upgrade'))"))
    config = Config()
    config.set_main_option("script_location", "upheld.ledger:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _copy(path: Path, found: str) -> Path:
    target = path.with_name(f"{path.name}.before-{REVISIONS[-1]}-was-{found}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.before-{REVISIONS[-1]}-was-{found}.{number}")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def revision(connection: Connection) -> str | None:
    """The schema's revision; None where there is no ledger yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def check(connection: Connection, place: str) -> None:
    """Raise ``SchemaMismatch`` unless the schema is the one that this program was written for."""
    found = revision(connection)
    if found != REVISIONS[-1]:
        raise mismatch(found, place)


def mismatch(found: str | None, place: str) -> SchemaMismatch:
    """Which of the two is older, and what to do about it."""
    if found is None:
        return SchemaMismatch(
            "there is no ledger yet", where=place, do_next="run `upheld db upgrade`"
        )
    if found in REVISIONS:
        what = f"the ledger has schema {found}, this program needs {REVISIONS[-1]}"
        return SchemaMismatch(what, where=place, do_next="run `upheld db upgrade`")
    what = f"the ledger has schema {found}, which is newer than this program ({REVISIONS[-1]})"
    return SchemaMismatch(what, where=place, do_next="install the newer Upheld on this machine too")


def where(engine: Engine) -> str:
    """The ledger's URL without its password."""
    return engine.url.render_as_string(hide_password=True)
