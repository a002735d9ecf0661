"""Opening, upgrading, and what a database can do to us."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, inspect, text

from tests.core.ledger.scene import BODY, NOW, Database, counts, new_case, record
from upheld.case.events import Noted
from upheld.errors import Busy, DiskFull, LedgerError, SchemaMismatch
from upheld.ledger import Ledger, migrate, schema
from upheld.ledger.database import parse_url
from upheld.ledger.mounts import network_type


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A fresh SQLite ledger."""
    path = tmp_path / "ledger.db"
    Ledger.create(f"sqlite:///{path}")
    return path


@pytest.fixture
def in_file(file: Path) -> Iterator[Ledger]:
    """It, opened, with little patience."""
    with Ledger.open(f"sqlite:///{file}", site="test", busy_seconds=0.05) as opened:
        yield opened


def set_revision(url: str, revision: str) -> None:
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    engine.dispose()


@contextmanager
def made(database: Database, make: Callable[[Connection], None]) -> Iterator[Connection]:
    """A connection to a database in which this made the schema."""
    url = parse_url(database.url)
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).parent.mkdir(parents=True)
    engine = create_engine(url)
    with engine.begin() as connection:
        make(connection)
        yield connection
    engine.dispose()


_ASKED = {
    "sqlite": (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'",
    ),
    "postgresql": (
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
        "SELECT sequencename, data_type::text FROM pg_sequences WHERE schemaname = current_schema()",
    ),
}


def described(connection: Connection) -> dict[str, Any]:
    """Each table as the database tells it, every index with its condition, and the revision."""
    seen = inspect(connection)
    found: dict[str, Any] = {
        table: {
            "columns": {each["name"]: repr(each) for each in seen.get_columns(table)},
            "primary": seen.get_pk_constraint(table),
            "unique": sorted(map(repr, seen.get_unique_constraints(table))),
        }
        for table in seen.get_table_names()
    }
    for asked in _ASKED[connection.dialect.name]:
        found[asked] = sorted(map(tuple, connection.execute(text(asked))))
    found["revision"] = connection.execute(text("SELECT * FROM alembic_version")).all()
    return found


# --- schema --------------------------------------------------------------------------------


def test_a_new_ledger_works_at_once(unmade: Database) -> None:
    Ledger.create(unmade.url)
    with unmade.another() as ledger:
        assert new_case(ledger) == "C1"


def test_upgrading_twice_changes_nothing(unmade: Database) -> None:
    Ledger.upgrade(unmade.url)
    with unmade.another() as ledger:
        new_case(ledger)
    assert Ledger.upgrade(unmade.url) is None
    with unmade.another() as ledger:
        assert counts(ledger, "event") == 1


def test_without_a_ledger_it_says_what_to_run(unmade: Database) -> None:
    with pytest.raises(SchemaMismatch, match="there is no ledger yet") as caught:
        Ledger.open(unmade.url, site="test")
    assert "upheld db upgrade" in caught.value.do_next


def test_a_newer_schema_is_refused_by_open_and_upgrade(unmade: Database) -> None:
    Ledger.create(unmade.url)
    set_revision(unmade.url, "9999")
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        Ledger.open(unmade.url, site="test")
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        Ledger.upgrade(unmade.url)


def test_an_older_schema_is_refused(unmade: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    Ledger.create(unmade.url)
    monkeypatch.setattr("upheld.ledger.migrate.REVISIONS", (*schema.REVISIONS, "0099"))
    with pytest.raises(SchemaMismatch, match="this program needs 0099") as caught:
        Ledger.open(unmade.url, site="test")
    assert "upheld db upgrade" in caught.value.do_next


def test_a_schema_that_moves_under_a_daemon_is_noticed(unmade: Database) -> None:
    Ledger.create(unmade.url)
    with unmade.another() as ledger:
        ledger.check_schema()
        set_revision(unmade.url, "9999")
        with pytest.raises(SchemaMismatch):
            ledger.check_schema()


def test_an_sqlite_file_is_copied_before_an_upgrade(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.open(f"sqlite:///{file}", site="test") as ledger:
        new_case(ledger)
    monkeypatch.setattr("upheld.ledger.migrate.REVISIONS", (*schema.REVISIONS, "0099"))
    copies = [Ledger.upgrade(f"sqlite:///{file}") for _ in range(2)]
    assert [c.name for c in copies if c] == [
        f"ledger.db.before-0099-was-{schema.REVISIONS[-1]}",
        f"ledger.db.before-0099-was-{schema.REVISIONS[-1]}.2",
    ]
    monkeypatch.undo()
    with Ledger.open(f"sqlite:///{copies[0]}", site="test") as copy:
        assert counts(copy, "event") == 1


@pytest.mark.parametrize("make", [migrate.create, migrate.climb])
def test_the_migrations_make_the_schema_that_the_code_uses(
    unmade: Database, make: Callable[[Connection], None]
) -> None:
    with made(unmade, make) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_a_new_ledger_is_what_climbing_every_step_ends_with(unmade: Database) -> None:
    """To the last default, index and its condition."""
    with made(unmade, migrate.create) as connection:
        at_once = described(connection)
        schema.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        migrate.climb(connection)
        assert described(connection) == at_once
    assert at_once["event"]["primary"]["constrained_columns"] == ["subject", "seq"]
    assert at_once["revision"] == [(schema.REVISIONS[-1],)]


def test_every_revision_is_listed_in_its_order() -> None:
    scripts = ScriptDirectory(str(Path(schema.__file__).with_name("migrations")))
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(revisions)) == schema.REVISIONS


# --- site ----------------------------------------------------------------------------------


def test_the_first_to_open_it_names_the_site(unmade: Database) -> None:
    Ledger.create(unmade.url)
    with Ledger.open(unmade.url, site="zurich") as ledger:
        assert (ledger.site.name, ledger.site.epoch, ledger.foreign) == ("zurich", 1, False)


def test_a_copy_under_another_name_is_foreign(unmade: Database) -> None:
    Ledger.create(unmade.url)
    Ledger.open(unmade.url, site="zurich").close()
    with Ledger.open(unmade.url, site="staging") as copy:
        assert copy.foreign
        assert copy.site.name == "zurich"


def test_a_restore_begins_a_new_epoch(unmade: Database) -> None:
    Ledger.create(unmade.url)
    with unmade.another() as ledger, ledger.transaction() as tx:
        tx.begin_epoch(2, NOW)
    with unmade.another() as ledger:
        assert (ledger.site.epoch, ledger.restored()) == (2, NOW)


# --- locked, full, wrong -------------------------------------------------------------------


def test_a_locked_file_is_busy_and_nothing_is_written(file: Path, in_file: Ledger) -> None:
    case = new_case(in_file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="nothing was written") as caught:
            record(in_file, case, BODY)
        assert str(file) in str(caught.value)
        other.execute("ROLLBACK")
    assert counts(in_file, "event") == 1
    assert record(in_file, case, BODY) is not None


def test_reading_goes_on_while_the_file_is_locked(file: Path, in_file: Ledger) -> None:
    case = new_case(in_file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with in_file.reading() as tx:
            assert tx.subject(case).seq == 1
        with Ledger.open(f"sqlite:///{file}", site="test") as second:
            assert not second.foreign


def test_a_thread_that_writes_for_ever_makes_the_others_busy(in_file: Ledger) -> None:
    with in_file.transaction(), pytest.raises(Busy, match="another thread"):
        in_file.retrying(lambda tx: tx.next_number("x"), tries=1)


def test_a_full_disk_is_told_and_nothing_is_written(in_file: Ledger) -> None:
    case = new_case(in_file)
    in_file._engine.dispose()

    def fill(connection: Any, *_: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 2}")

    event.listen(in_file._engine, "connect", fill)
    with pytest.raises(DiskFull, match="no space left") as caught:
        record(in_file, case, Noted("x" * 100_000))
    assert "x" * 50 not in str(caught.value)
    event.remove(in_file._engine, "connect", fill)
    in_file._engine.dispose()
    assert counts(in_file, "event") == 1
    assert record(in_file, case, BODY) is not None


def test_a_locked_row_on_postgresql_is_busy(on_postgresql: Ledger) -> None:
    url = on_postgresql._engine.url.render_as_string(hide_password=False)
    case = new_case(on_postgresql)
    with (
        Ledger.open(url, site="test", busy_seconds=0.05) as other,
        on_postgresql.transaction() as tx,
    ):
        tx.pin(case, "p2")
        with pytest.raises(Busy, match="locked"):
            record(other, case, BODY)


def test_a_broken_database_is_told_without_what_customers_wrote(ledger: Ledger) -> None:
    case = new_case(ledger)
    with pytest.raises(LedgerError, match="the database refused") as caught:
        tamper_inside(ledger, case)
    assert "secret" not in str(caught.value)


def tamper_inside(ledger: Ledger, case: str) -> None:
    with ledger.transaction() as tx:
        tx._connection.execute(text("INSERT INTO nowhere VALUES (:x)"), {"x": f"secret {case}"})


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(LedgerError, match="the database refused") as caught:
        Ledger.open("postgresql://me:hidden@127.0.0.1:1/none", site="test")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://x/y", "ledger.db", "sqlite://", "sqlite:///:memory:"])
def test_what_can_not_hold_a_ledger_is_refused(url: str) -> None:
    with pytest.raises(LedgerError) as caught:
        Ledger.create(url)
    assert "postgresql://" in caught.value.do_next


def test_sqlite_keeps_its_promises(in_file: Ledger) -> None:
    with in_file.reading() as tx:
        run = tx._connection.exec_driver_sql
        assert run("PRAGMA journal_mode").scalar() == "wal"
        assert run("PRAGMA synchronous").scalar() == 2


def test_a_network_file_system_is_told_from_a_local_one() -> None:
    mounts = (
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "40 22 0:35 / /mnt/share\\040one rw - nfs4 server:/x rw\n"
        "41 40 8:2 / /mnt/share\\040one/local rw - xfs /dev/sdb1 rw\n"
    )
    assert network_type(Path("/srv/upheld"), mounts) is None
    assert network_type(Path("/mnt/share one/upheld"), mounts) == "nfs4"
    assert network_type(Path("/mnt/share one/local/upheld"), mounts) is None
    assert network_type(Path("/anything"), "") is None


def test_a_ledger_on_a_network_file_system_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upheld.ledger.database.network_type", lambda _path: "nfs4")
    with pytest.raises(LedgerError, match="network file system"):
        Ledger.create(f"sqlite:///{tmp_path / 'ledger.db'}")


# --- plans ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("SELECT id FROM subject WHERE wake_at <= :now ORDER BY wake_at", "ix_subject_wake_at"),
        ("SELECT * FROM event WHERE subject = :now AND id = :now", "sqlite_autoindex_event_2"),
    ],
)
def test_the_sweep_reads_an_index(in_file: Ledger, statement: str, index: str) -> None:
    with in_file.reading() as tx:
        rows = tx._connection.execute(text(f"EXPLAIN QUERY PLAN {statement}"), {"now": NOW}).all()
    assert index in " ".join(row[3] for row in rows)


def test_leasing_reads_only_what_is_unfinished(in_file: Ledger) -> None:
    plans: list[str] = []

    def explain(_conn: Any, cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if "UPDATE delivery" in sql:
            plans.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values))

    event.listen(in_file._engine, "before_cursor_execute", explain)
    in_file.lease("one", limit=5, seconds=1)
    event.remove(in_file._engine, "before_cursor_execute", explain)
    assert any("ix_delivery_unfinished" in line for line in plans)
    assert not any(line.startswith("SCAN delivery") and "USING" not in line for line in plans)


def test_pending_messages_are_read_from_their_index(in_file: Ledger) -> None:
    seen: list[str] = []

    def explain(_conn: Any, cursor: Any, sql: str, values: Any, *_: Any) -> None:
        seen.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values))

    event.listen(in_file._engine, "before_cursor_execute", explain)
    with in_file.reading() as tx:
        tx.pending(10)
    event.remove(in_file._engine, "before_cursor_execute", explain)
    assert any("ix_outbox_pending" in line for line in seen)
