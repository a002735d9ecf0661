"""Statements are compiled once for all ledgers of a process, and for each kind of database by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.sql.compiler import SQLCompiler

from tests.core.ledger.scene import new_case
from upheld.ledger import Ledger


def worked(url: str) -> list[str]:
    """Something is written and read in a new ledger; what it holds then."""
    Ledger.create(url)
    with Ledger.open(url, site="test") as ledger:
        new_case(ledger)
        with ledger.reading() as tx:
            return [case.title for case in tx.cases()]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The dialects for which something is compiled from now on."""
    found: list[str] = []
    made = SQLCompiler.__init__

    def init(self: SQLCompiler, dialect: object, *args: object, **values: object) -> None:
        found.append(type(dialect).__name__)
        made(self, dialect, *args, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(SQLCompiler, "__init__", init)
    return found


def test_a_second_ledger_compiles_nothing(tmp_path: Path, compiled: list[str]) -> None:
    first = worked(f"sqlite:///{tmp_path / 'first' / 'ledger.db'}")
    before = list(compiled)
    assert worked(f"sqlite:///{tmp_path / 'second' / 'ledger.db'}") == first
    assert compiled == before


def test_what_is_compiled_for_one_database_is_not_given_to_the_other(
    tmp_path: Path, fresh_schema: str
) -> None:
    on_sqlite = worked(f"sqlite:///{tmp_path / 'a' / 'ledger.db'}")
    assert worked(fresh_schema) == on_sqlite == worked(f"sqlite:///{tmp_path / 'b' / 'ledger.db'}")
