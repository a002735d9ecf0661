"""A PostgreSQL schema of its own for tests; skipped with the reason where no server answers."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from upheld.ledger import Ledger
from upheld.ledger.schema import metadata

SERVER = os.environ.get("UPHELD_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")


@contextmanager
def schema() -> Iterator[str]:
    """The URL of an empty schema, dropped afterwards."""
    try:
        connection = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL ({error}): set UPHELD_TEST_POSTGRESQL to a URL")
    name = f"stage_{uuid.uuid4().hex[:12]}"
    with connection:
        connection.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{SERVER}?options=-csearch_path%3D{name}%20-csynchronous_commit%3Doff"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def made() -> Iterator[str]:
    """The URL of a ledger to be emptied for each test: making one takes longer than most stories."""
    with schema() as url:
        Ledger.create(url)
        yield url


def empty(url: str) -> None:
    """Take everything out of a ledger; for a few rows that is far faster than TRUNCATE."""
    with psycopg.connect(url) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(f'DELETE FROM "{table.name}"')
