"""A ledger with many open cases: backed up, upgraded from the schema before, and brought back.

    python benchmarks/upgrade.py [--cases 100000] [--postgresql URL]

Seconds of one run each, on SQLite and (where a URL of an empty database or schema is given) on
PostgreSQL. Every case has an opening, a note and a message waiting; all chains are verified after.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, create_engine

from upheld.calendar.instant import SECOND
from upheld.case.events import Actor, Body, Event, Noted, Opened, Side
from upheld.ledger import Ledger, migrate
from upheld.ledger.backup import back_up
from upheld.ledger.chain import START, seal
from upheld.ledger.database import parse_url
from upheld.ledger.restore import restore
from upheld.ledger.rows import transfer

NOW = 1_800_000_000 * SECOND
ANNA = Actor("anna", Side.STAFF)
BEFORE = "0001"
#: Cases that are made and written at a time.
PART = 5_000
BODIES: tuple[Body, ...] = (
    Opened("mail", "Cluster down", "Nothing answers since nine."),
    Noted("Looked at it."),
)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A transaction past the ledger."""
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def case(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of one open case, by table."""
    name, link = f"C{number}", START
    for seq, body in enumerate(BODIES, 1):
        event = Event(f"{name}-{seq}", NOW, NOW, ANNA, body)
        sealed = seal(link, name, seq, event, now=NOW)
        link = sealed.link
        yield "event", sealed.event
        yield "payload", sealed.payload
    yield (
        "subject",
        {
            "id": name,
            "kind": "case",
            "policy": "p",
            "seq": len(BODIES),
            "head": link,
            "wake_at": NOW + number * SECOND,
            "opened": NOW,
            "title": "Cluster down",
        },
    )
    yield "outbox", message(name)


def message(name: str) -> dict[str, Any]:
    """A message of the case that waits."""
    texts = {"recipients": "[]", "clauses": "[]", "facts": "{}", "purpose": "ack"}
    numbers = {"due": NOW, "late": 0, "created": NOW, "urgency": 1}
    return {"key": f"{name}/ack", "subject": name, "state": "pending", **texts, **numbers}


def make(url: str, cases: int) -> None:
    """An SQLite ledger of the schema before, with so many open cases."""
    with connected(url) as connection:
        migrate.run(connection, to=BEFORE)
        tables = MetaData()
        tables.reflect(connection)
        site = {"only": 1, "name": "bench", "epoch": 1}
        connection.execute(tables.tables["site"].insert(), site)
        for first in range(1, cases + 1, PART):
            rows: dict[str, list[dict[str, Any]]] = {}
            for number in range(first, min(first + PART, cases + 1)):
                for table, row in case(number):
                    rows.setdefault(table, []).append(row)
            for table, many in rows.items():
                connection.execute(tables.tables[table].insert(), many)


def timed(what: str, work: Callable[[], Any]) -> Any:
    """Do it, and print how long it took."""
    began = time.perf_counter()
    done = work()
    print(f"  {what:<42} {time.perf_counter() - began:7.1f} s", flush=True)
    return done


def verified(url: str) -> None:
    """Every chain holds."""
    with Ledger.open(url, site="bench") as ledger, ledger.reading() as tx:
        assert tx.verify_all() == []


def measured(url: str, folder: Path) -> None:
    """Backup, upgrade with its own backup, and back."""
    folder.mkdir()
    timed("backup", lambda: back_up(url, folder / "night"))
    kept = timed("upgrade, with a backup first", lambda: Ledger.upgrade(url, folder=folder))
    timed("verify every chain", lambda: verified(url))
    back: dict[str, Any] = {"folder": folder, "actor": "anna", "now": NOW, "force": True}
    timed("back from the backup, newer kept first", lambda: restore(kept, url, **back))
    verified(url)


def main() -> None:
    """Both databases, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--postgresql", metavar="URL")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = f"sqlite:///{Path(scratch, 'ledger.db').as_posix()}"
        print(f"SQLite, {given.cases} open cases")
        make(source, given.cases)
        if given.postgresql:
            with connected(source) as rows, connected(given.postgresql) as target:
                migrate.run(target, to=BEFORE)
                transfer(rows, target)
        measured(source, Path(scratch, "s"))
        if given.postgresql:
            print(f"PostgreSQL, {given.cases} open cases")
            measured(given.postgresql, Path(scratch, "p"))


if __name__ == "__main__":
    main()
