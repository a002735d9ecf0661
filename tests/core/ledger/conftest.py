"""Every test of this folder runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.ledger.scene import Database
from upheld.ledger import Ledger
from upheld.ledger.schema import metadata

SERVER = os.environ.get("UPHELD_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """An administrator's connection to PostgreSQL; without one, its tests are skipped."""
    psycopg = pytest.importorskip("psycopg")
    try:
        connection = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL: set UPHELD_TEST_POSTGRESQL to a URL")
    with connection:
        yield connection


@pytest.fixture
def fresh_schema(server: Any) -> Iterator[str]:
    """The URL of an empty schema of its own."""
    yield from _schema(server)


def _schema(server: Any) -> Iterator[str]:
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    server.execute(f"CREATE SCHEMA {name}")
    try:
        # Nothing here pulls the server's plug, so nobody needs to wait for its disk.
        yield f"{SERVER}?options=-csearch_path%3D{name}%20-csynchronous_commit%3Doff"
    finally:
        server.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger in a file."""
    yield from _ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")


@pytest.fixture(scope="session")
def on_postgresql(server: Any) -> Iterator[Ledger]:
    """A ledger in a schema of its own."""
    for url in _schema(server):
        yield from _ledger(url)


def _ledger(url: str) -> Iterator[Ledger]:
    Ledger.create(url)
    with Ledger.open(url, site="test") as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """An empty ledger of the site ``test``."""
    opened: Ledger = request.getfixturevalue(f"on_{request.param}")
    with opened._engine.begin() as connection:
        for table in metadata.sorted_tables:  # far faster than TRUNCATE for a few rows
            connection.execute(table.delete())
    return opened


@pytest.fixture
def database(ledger: Ledger) -> Database:
    """The database of ``ledger``, to open it a second time."""
    url = ledger._engine.url.render_as_string(hide_password=False)
    return Database(url, url.partition(":")[0].partition("+")[0])


@pytest.fixture(params=["sqlite", "postgresql"])
def unmade(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database without a ledger."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'new' / 'ledger.db'}", "sqlite")
    return Database(request.getfixturevalue("fresh_schema"), "postgresql")
