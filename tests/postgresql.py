"""A PostgreSQL schema of its own for tests; skipped with the reason where no server answers."""

from __future__ import annotations

import atexit
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import psycopg
import pytest

from upheld.ledger import Ledger
from upheld.ledger.schema import metadata

SERVER = os.environ.get("UPHELD_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")


#: Each new connection reads these. Where no autovacuum runs, what earlier runs dropped is in its way.
_CATALOGUE: Final = "pg_attribute, pg_class, pg_constraint, pg_depend, pg_index, pg_type"
#: In one statement: for a few rows that is far faster than TRUNCATE.
_EMPTY: Final = ";".join(
    f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)
)


@cache
def server() -> psycopg.Connection[Any]:
    """An administrator's connection to PostgreSQL; where none answers, the test is skipped."""
    try:
        connection = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL ({error}): set UPHELD_TEST_POSTGRESQL to a URL")
    atexit.register(connection.close)
    connection.execute(f"VACUUM (SKIP_LOCKED) {_CATALOGUE}")
    return connection


@contextmanager
def schema() -> Iterator[str]:
    """The URL of an empty schema, dropped afterwards."""
    name = f"stage_{uuid.uuid4().hex[:12]}"
    server().execute(f"CREATE SCHEMA {name}")
    try:
        # Nothing here pulls the server's plug, so nobody needs to wait for its disk.
        yield f"{SERVER}?options=-csearch_path%3D{name}%20-csynchronous_commit%3Doff"
    finally:
        server().execute(f"DROP SCHEMA {name} CASCADE")


@dataclass(frozen=True, slots=True)
class Made:
    """A ledger to be emptied for each test: making one takes longer than most stories."""

    url: str
    _connection: psycopg.Connection[Any]

    def empty(self) -> str:
        """Take everything out of it; its URL."""
        self._connection.execute(_EMPTY)
        return self.url


@contextmanager
def made() -> Iterator[Made]:
    """A ledger in a schema of its own."""
    with schema() as url:
        Ledger.create(url)
        with psycopg.connect(url, autocommit=True) as connection:
            yield Made(url, connection)
