"""The schema of a database: how old it is, and the steps that bring it further."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    create_mock_engine,
    inspect,
    text,
)
from sqlalchemy.schema import ExecutableDDLElement

from upheld.errors import LedgerError, SchemaMismatch
from upheld.ledger.database import DRIVERS, connect, parse_url, sqlite_file
from upheld.ledger.faults import translated
from upheld.ledger.schema import REVISIONS, metadata

_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtext('upheld ' || current_schema()))")
# Alembic's own table, as Alembic makes it.
_VERSION: Final = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
_LIFE: Final = text(
    "SELECT (SELECT version_num FROM alembic_version) AS schema, (SELECT epoch FROM site) AS epoch"
)


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


def run(connection: Connection, *, to: str = "head") -> None:
    """Create or upgrade what ``connection`` leads to, up to a revision, in its transaction."""
    if connection.dialect.name == "postgresql":
        # Two daemons that start at once: the second waits, then finds nothing left to do.
        # Ledgers in other schemas of the same database are nobody's concern.
        connection.execute(_ALONE)
    if to in {"head", REVISIONS[-1]} and revision(connection) is None:
        create(connection)
    else:
        climb(connection, to)


def create(connection: Connection) -> None:
    """The newest schema where there is none: what climbing every step would end with, at once."""
    for statement in _statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
    connection.execute(_VERSION.insert().values(version_num=REVISIONS[-1]))


@cache  # writing them out takes longer than carrying them out
def _statements(dialect: str) -> tuple[str, ...]:
    found: list[str] = []

    def write(statement: ExecutableDDLElement, *_: Any, **__: Any) -> None:
        found.append(str(statement.compile(dialect=pretended.dialect)))

    pretended = create_mock_engine(DRIVERS[dialect] + "://", write)
    for tables in (metadata, _VERSION.metadata):
        tables.create_all(pretended, checkfirst=False)
    return tuple(found)


def climb(connection: Connection, to: str = "head") -> None:
    """Step by step, from whatever revision is there."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "upheld.ledger:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def newest() -> str:
    """The revision that this program was written for."""
    return REVISIONS[-1]


def known(found: str | None) -> bool:
    """Whether a revision is this program's or an older one."""
    return found in REVISIONS


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


def check_life(connection: Connection, place: str, epoch: int) -> None:
    """Raise unless the ledger is still the one that was opened: ``SchemaMismatch`` where its schema
    has moved since, ``LedgerError`` where a backup was put in its place."""
    row = connection.execute(_LIFE).one()
    if row.schema != REVISIONS[-1]:
        raise mismatch(row.schema, place)
    if row.epoch not in {None, epoch}:
        raise LedgerError(
            f"the ledger was restored: epoch {row.epoch} has begun, this program knows {epoch}",
            where=place,
            do_next="restart it",
        )


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
    return shown(engine.url)


def shown(url: URL) -> str:
    """A URL without its password."""
    return url.render_as_string(hide_password=True)
