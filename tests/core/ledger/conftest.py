"""Every test of this folder runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.ledger.scene import Database
from tests.postgresql import schema
from upheld.ledger import Ledger
from upheld.ledger.schema import metadata


@pytest.fixture
def fresh_schema() -> Iterator[str]:
    """The URL of an empty schema of its own."""
    with schema() as url:
        yield url


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger in a file."""
    yield from _ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")


@pytest.fixture(scope="session")
def on_postgresql() -> Iterator[Ledger]:
    """A ledger in a schema of its own."""
    with schema() as url:
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
