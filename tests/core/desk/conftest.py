"""Desks over ledgers that are made once and emptied for each test."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.event import listen

from tests.core.desk.scene import Desk
from tests.postgresql import schema
from upheld.ledger import Ledger
from upheld.ledger.schema import metadata


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path_factory.mktemp('desk') / 'ledger.db'}"
    Ledger.create(url)
    with Ledger.open(url, site="test") as ledger:
        ledger._engine.dispose()
        listen(ledger._engine, "connect", _unsafe)
        yield ledger


def _unsafe(connection: sqlite3.Connection, _record: Any) -> None:
    """Nobody pulls the plug of these tests, so none needs to wait for its disk."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def on_postgresql() -> Iterator[Ledger]:
    with schema() as url:
        Ledger.create(url)
        with Ledger.open(url, site="test") as ledger:
            yield ledger


def emptied(ledger: Ledger) -> Ledger:
    with ledger._engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    return ledger


@pytest.fixture
def ledger(on_sqlite: Ledger) -> Ledger:
    return emptied(on_sqlite)


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


@pytest.fixture(params=["sqlite", "postgresql"])
def desk_on_both(request: pytest.FixtureRequest) -> Desk:
    """For what the database decides: transactions, savepoints, what it can hold."""
    return Desk(emptied(request.getfixturevalue(f"on_{request.param}")))
