"""A ledger of an older schema is brought up to date, and everything that was in it stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, create_engine, select

from tests.core.ledger.scene import BODY, NOW, OPENED, Database, event, record
from upheld.desk.scope import Scopes, scopes
from upheld.ledger import Ledger
from upheld.ledger.chain import START, seal
from upheld.ledger.database import parse_url

Rows = dict[str, list[dict[str, Any]]]
NEW_TABLES = {
    "seal",
    "leaf",
    "trouble",
    "scope",
    "hint",
    "calendar",
    "calendar_turn",
    "unlinked",
    "conflict",
    "override",
    "monitor",
    "alembic_version",
}


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def make_0001(url: str) -> None:
    """An empty ledger as the first release made it."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    with connected(url) as connection:
        config = Config()
        config.set_main_option("script_location", "upheld.ledger:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")


def tables(connection: Connection) -> Sequence[Table]:
    found = MetaData()
    found.reflect(connection)
    return found.sorted_tables


def everything(url: str) -> Rows:
    """All rows of all tables, in an order that no upgrade changes."""
    with connected(url) as connection:
        return {
            table.name: sorted(
                (dict(row) for row in connection.execute(select(table)).mappings()), key=str
            )
            for table in tables(connection)
        }


def value_of(column: Any, number: int) -> Any:
    kind = column.type.python_type
    if kind is bytes:
        return f"{column.name} {number}".encode()
    return (
        f"{column.name} {number}" if kind is str else bool(number % 2) if kind is bool else number
    )


def fill(url: str) -> None:
    """A case with a chain that holds, and three rows of every other table."""
    with connected(url) as connection:
        for table in tables(connection):
            if table.name not in {"subject", "event", "payload", "site", "alembic_version"}:
                rows = [{c.name: value_of(c, n) for c in table.columns} for n in (1, 2, 3)]
                connection.execute(table.insert(), rows)
        _case(connection, {table.name: table for table in tables(connection)})


def _case(connection: Connection, there: dict[str, Table]) -> None:
    sealed = seal(START, "C7", 1, event(OPENED), now=NOW)
    row = {"id": "C7", "kind": "case", "policy": "p1", "seq": 1, "head": sealed.link}
    connection.execute(there["subject"].insert(), row | {"opened": NOW, "title": "Ümläut ✓"})
    connection.execute(there["event"].insert(), sealed.event)
    connection.execute(there["payload"].insert(), sealed.payload)
    connection.execute(there["site"].insert(), {"only": 1, "name": "test", "epoch": 4})


def as_before(after: Rows, before: Rows) -> Rows:
    """What the upgrade left, without the tables and columns that it brought."""
    return {
        name: [{c: v for c, v in row.items() if c in rows[0]} for row in after[name]]
        for name, rows in before.items()
    }


@pytest.fixture
def old(unmade: Database) -> Database:
    make_0001(unmade.url)
    fill(unmade.url)
    return unmade


def test_an_upgrade_keeps_every_row_of_every_table(old: Database) -> None:
    before = everything(old.url)
    assert {name for name, rows in before.items() if not rows} == set()
    Ledger.upgrade(old.url)
    after = everything(old.url)
    assert after.keys() - before.keys() == NEW_TABLES - {"alembic_version"}
    before["alembic_version"] = after["alembic_version"]
    assert as_before(after, before) == before


def test_what_an_upgrade_brings_is_empty(old: Database) -> None:
    Ledger.upgrade(old.url)
    after = everything(old.url)
    assert [after[name] for name in ("seal", "leaf", "trouble")] == [[], [], []]
    assert {row["planned"] for row in after["outbox"]} == {None}
    assert {row["sealed"] for row in after["subject"]} == {0}


def test_an_upgraded_ledger_goes_on_and_its_chains_hold(old: Database) -> None:
    Ledger.upgrade(old.url)
    with old.another() as ledger:
        assert (ledger.site.name, ledger.site.epoch) == ("test", 4)
        record(ledger, "C7", BODY)
        with ledger.reading() as tx:
            assert tx.verify_all() == []
            assert tx.subject("C7").seq == 2


def at_work(url: str, *states: str) -> None:
    """It had read a mailbox, and something was to be said; what became of that."""
    with connected(url) as connection:
        there = {table.name: table for table in tables(connection)}
        _case(connection, there)
        columns = there["outbox"].columns
        rows = [
            {c.name: value_of(c, n) for c in columns} | {"state": state}
            for n, state in enumerate(states, 1)
        ]
        connection.execute(there["outbox"].insert(), rows)
        pulls: list[dict[str, Any]] = [
            {"connection": "mailbox", "succeeded": 9},
            {"connection": "new"},
        ]
        for row in pulls:
            connection.execute(there["pull"].insert(), {"token": 1, "failures": 0} | row)


@pytest.mark.parametrize(
    ("states", "live"),
    [
        (("shadow", "done", "planned"), {"all": 2}),
        (("shadow", "shadow"), {}),
        (("pending",), {}),
    ],
)
def test_the_first_start_after_an_upgrade_is_no_going_live(
    unmade: Database, states: tuple[str, ...], live: dict[str, int]
) -> None:
    """Else what is due just then would count as due before anybody was live, and stay unsaid."""
    make_0001(unmade.url)
    at_work(unmade.url, *states)
    Ledger.upgrade(unmade.url)
    with unmade.another() as ledger, ledger.reading() as tx:
        standing = tx.scopes()
        (first, *_) = tx.events("C7")
    assert first.event is not None
    assert standing == live | {"read/mailbox": first.event.seen}
    found = Scopes.under(scopes("live", ["acme"], ["mailbox"]), standing, now=NOW)
    assert found.of("acme") == live.get("all", NOW)
