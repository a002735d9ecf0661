"""Dispatch on a real ledger: SQLite, and PostgreSQL where a sending is interrupted or raced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.core.dispatch.scene import Site
from tests.postgresql import schema
from upheld.ledger import Ledger
from upheld.ledger.schema import metadata


@pytest.fixture(scope="session")
def sqlite_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    yield from _opened(f"sqlite:///{tmp_path_factory.mktemp('dispatch') / 'ledger.db'}")


@pytest.fixture(scope="session")
def postgresql_ledger() -> Iterator[Ledger]:
    with schema() as url:
        yield from _opened(url)


def _opened(url: str) -> Iterator[Ledger]:
    Ledger.create(url)
    with Ledger.open(url, site="test") as ledger:
        if ledger._engine.dialect.name == "sqlite":
            event.listen(ledger._engine, "connect", _without_disk)
            ledger._engine.dispose()
        yield ledger


def _without_disk(connection: Any, _record: object) -> None:
    # Nothing here pulls the plug, so nobody needs to wait for the disk.
    connection.execute("PRAGMA synchronous=OFF")


def emptied(ledger: Ledger) -> Ledger:
    with ledger._engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    return ledger


@pytest.fixture
def site(sqlite_ledger: Ledger, tmp_path: Path) -> Site:
    """A site on an empty SQLite ledger."""
    return Site(emptied(sqlite_ledger), tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """A site on an empty ledger of each kind."""
    ledger: Ledger = request.getfixturevalue(f"{request.param}_ledger")
    return Site(emptied(ledger), tmp_path)
