"""Events committed a second beside the same rows inserted raw, and what a sweep costs.

    python benchmarks/ledger.py [--quick] [--json] [--postgresql URL]

Raw means: the rows that the ledger wrote, read back and written again into the same tables through
the driver alone (sqlite3 with ``synchronous=FULL``; psycopg), as many a commit, in the same run and
in turns. The decider does nothing but count. Figures are medians of several rounds; ratios are
ledger ÷ raw, in time: 1.0 costs nothing, 3.0 is the limit.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import insert, text

from upheld.calendar.instant import HOUR, SECOND
from upheld.case.decision import Decision, Listing, Subject
from upheld.case.events import UPHELD, Actor, Event, Opened, Side, Ticked, Worked
from upheld.ledger import Ledger
from upheld.ledger.schema import event, payload, subject

ANNA = Actor("anna", Side.STAFF)
NOW = 1_800_000_000 * SECOND
TABLES = {
    "subject": [column.name for column in subject.c if column.name not in {"id", "kind", "policy"}],
    "event": [column.name for column in event.c if column.name != "erased"],
    "payload": [column.name for column in payload.c],
}


def decide(found: Subject, happened: Event) -> Decision:
    """Count, and ask to be woken in an hour."""
    seen = (found.state or {}).get("seen", 0) + 1
    listing = Listing(title="Cluster down", severity=1, customer="northwind", opened=NOW)
    return Decision({"seen": seen}, wake_at=happened.seen + HOUR, listing=listing)


@dataclass(frozen=True)
class Raw:
    """The rows of one commit, as the driver takes them."""

    events: list[tuple[Any, ...]]
    payloads: list[tuple[Any, ...]]
    subjects: list[tuple[Any, ...]]


class Bench:
    """One database: the ledger, and a driver's own connection to the same tables."""

    mark = "?"
    name = "sqlite"

    def __init__(self, url: str) -> None:
        Ledger.upgrade(url)
        self.ledger = Ledger.open(url, site="bench")
        self.count = 0

    def close(self) -> None:
        """Close both."""
        self.ledger.close()

    def cases(self, many: int) -> list[str]:
        """New cases, each with its opening."""
        with self.ledger.transaction() as tx:
            ids = [tx.new_subject("case", policy="p", now=NOW) for _ in range(many)]
            opened = Opened("mail", "Cluster down", "Nothing answers since nine o'clock.")
            items = [(name, self.event(opened)) for name in ids]
            tx.record_all(items, decide, now=NOW)
        return ids

    def event(self, body: Any) -> Event:
        """A fresh event."""
        self.count += 1
        actor = UPHELD if isinstance(body, Ticked) else ANNA
        return Event(f"event-{self.count:09}", NOW, NOW, actor, body)

    def through_ledger(self, ids: Sequence[str]) -> float:
        """Record one event a case, in one commit; seconds."""
        items = [(name, self.event(Worked())) for name in ids]
        began = time.perf_counter()
        self.ledger.retrying(lambda tx: tx.record_all(items, decide, now=NOW))
        return time.perf_counter() - began

    def raw(self, rows: Raw) -> float:
        """The same through the driver; seconds."""
        raise NotImplementedError

    def make_due(self, ids: Sequence[str]) -> None:
        """Let these cases be due, over the driver: the ledger finds its caches as cold as ever."""
        raise NotImplementedError

    def tick(self, ids: Sequence[str]) -> None:
        """Record a tick for each, in one commit."""
        items = [(name, self.event(Ticked())) for name in ids]
        self.ledger.retrying(lambda tx: tx.record_all(items, decide, now=NOW))

    def rows_of(self, ids: Sequence[str], *, ahead: int) -> Raw:
        """What the ledger would write for these cases ``ahead`` commits from now."""
        with self.ledger.reading() as tx:
            run = tx._connection.execute  # noqa: SLF001
            last = [run(_LAST, {"of": name}).one() for name in ids]
            now = [run(_SUBJECT, {"of": name}).one()._mapping for name in ids]  # noqa: SLF001
        self.count += 1
        events, payloads, subjects = [], [], []
        for row, values in zip(last, now, strict=True):
            name, seq = row.subject, row.seq + 1 + ahead
            rest = row[3 : len(TABLES["event"])]
            events.append((name, seq, f"raw-{self.count:07}", *rest))
            payloads.append((name, seq, row.salt, row.bytes))
            after = {**values, "seq": seq}
            subjects.append((*(after[c] for c in TABLES["subject"]), name, seq - 1))
        return Raw(events, payloads, subjects)

    def statements(self) -> tuple[str, str, str]:
        """Insert an event, insert a payload, move a subject."""

        def insert_into(table: str) -> str:
            columns = TABLES[table]
            marks = ", ".join([self.mark] * len(columns))
            return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"

        values = ", ".join(f"{column} = {self.mark}" for column in TABLES["subject"])
        move = f"UPDATE subject SET {values} WHERE id = {self.mark} AND seq = {self.mark}"
        return insert_into("event"), insert_into("payload"), move


_LAST = text(
    f"SELECT {', '.join('e.' + c for c in TABLES['event'])}, p.salt, p.bytes FROM event e"
    " JOIN payload p ON p.subject = e.subject AND p.seq = e.seq"
    " WHERE e.subject = :of ORDER BY e.seq DESC LIMIT 1"
)
_DUE = "UPDATE subject SET wake_at = {0} WHERE id = {0}"
_SUBJECT = text("SELECT * FROM subject WHERE id = :of")


class OnSqlite(Bench):
    """SQLite, durable: WAL and ``synchronous=FULL`` on both sides."""

    def __init__(self, folder: str) -> None:
        path = Path(folder) / "ledger.db"
        super().__init__(f"sqlite:///{path}")
        self.driver = sqlite3.connect(path, isolation_level=None)
        self.driver.execute("PRAGMA synchronous=FULL")

    def close(self) -> None:
        """Close both."""
        self.driver.close()
        super().close()

    def raw(self, rows: Raw) -> float:
        """Three statements and a commit."""
        one, two, three = self.statements()
        began = time.perf_counter()
        self.driver.execute("BEGIN IMMEDIATE")
        self.driver.executemany(three, rows.subjects)
        self.driver.executemany(one, rows.events)
        self.driver.executemany(two, rows.payloads)
        self.driver.execute("COMMIT")
        return time.perf_counter() - began

    def make_due(self, ids: Sequence[str]) -> None:
        """One commit."""
        self.driver.execute("BEGIN IMMEDIATE")
        self.driver.executemany(_DUE.format("?"), [(NOW - 1, name) for name in ids])
        self.driver.execute("COMMIT")


class OnPostgresql(Bench):
    """PostgreSQL over psycopg 3."""

    mark = "%s"
    name = "postgresql"

    def __init__(self, url: str, schema: str) -> None:
        import psycopg

        super().__init__(f"{url}?options=-csearch_path%3D{schema}")
        self.driver = psycopg.connect(url, options=f"-csearch_path={schema}")

    def close(self) -> None:
        """Close both."""
        self.driver.close()
        super().close()

    def raw(self, rows: Raw) -> float:
        """Three statements and a commit."""
        one, two, three = self.statements()
        began = time.perf_counter()
        with self.driver.transaction(), self.driver.cursor() as cursor:
            cursor.executemany(three, rows.subjects)
            cursor.executemany(one, rows.events)
            cursor.executemany(two, rows.payloads)
        return time.perf_counter() - began

    def make_due(self, ids: Sequence[str]) -> None:
        """One commit."""
        with self.driver.transaction(), self.driver.cursor() as cursor:
            cursor.executemany(_DUE.format("%s"), [(NOW - 1, name) for name in ids])


def commits(bench: Bench, *, a_commit: int, rounds: int) -> dict[str, float]:
    """Events a second through both, and the ratio of the medians, taken in turns of ten commits."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        # Fresh cases each time: this measures committing, not reading long histories.
        ids = bench.cases(max(a_commit, 10))
        chosen = [ids if a_commit > 1 else [ids[turn]] for turn in range(10)]
        took = [bench.through_ledger(some) for some in chosen]
        again = [0 if a_commit == 1 else turn for turn in range(10)]
        rows = [bench.rows_of(some, ahead=n) for some, n in zip(chosen, again, strict=True)]
        raw = [bench.raw(some) for some in rows]
        # The first of a turn finds the other connection's pages in its cache.
        ours += took[2:]
        theirs += raw[2:]
    return {
        "ledger_per_second": round(a_commit / median(ours)),
        "raw_per_second": round(a_commit / median(theirs)),
        "ratio": round(median(ours) / median(theirs), 2),
    }


@contextmanager
def databases(postgresql: str | None) -> Iterator[list[Callable[[], Bench]]]:
    """A fresh SQLite file and a fresh schema; both are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        makers: list[Callable[[], Bench]] = [partial(OnSqlite, folder)]
        if postgresql is None:
            yield makers
            return
        import psycopg

        schema = f"ledger_bench_{time.time_ns()}"
        with psycopg.connect(postgresql, autocommit=True) as admin:
            admin.execute(f"CREATE SCHEMA {schema}")
            try:
                yield [*makers, partial(OnPostgresql, postgresql, schema)]
            finally:
                admin.execute(f"DROP SCHEMA {schema} CASCADE")


def fill(bench: Bench, upto: int) -> None:
    """Open cases, none of them due, up to a number; written raw, for filling is not measured."""
    with bench.ledger.transaction() as tx:
        run = tx._connection.execute  # noqa: SLF001
        there = run(text("SELECT count(*) FROM subject WHERE id LIKE 'F%'")).scalar_one()
        for start in range(there, upto, 10_000):
            ids = range(start, min(start + 10_000, upto))
            run(insert(subject), [_open_case(number) for number in ids])
    with bench.ledger._engine.connect() as connection:  # noqa: SLF001
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _open_case(number: int) -> dict[str, Any]:
    return {
        "id": f"F{number:07}",
        "kind": "case",
        "policy": "p",
        "seq": 0,
        "head": b"",
        "state": '{"seen":0}',
        "wake_at": NOW + 365 * 24 * HOUR + number,
        "title": "Cluster down",
        "severity": 1,
        "customer": "northwind",
        "opened": NOW,
    }


def sweep(bench: Bench, *, among: int, rounds: int, scattered: bool) -> float:
    """Seconds to find 100 due cases and record a tick for each, in one commit (median).

    Cases that are due together were mostly opened together; ``scattered`` is the worst case, a
    page of its own for each. Either way another connection has just written: caches are cold.
    """
    chance = Random(among)
    taken = []
    for _ in range(rounds + 3):
        first = chance.randrange(among - 99)
        numbers = chance.sample(range(among), 100) if scattered else range(first, first + 100)
        chosen = [f"F{number:07}" for number in numbers]
        bench.make_due(chosen)
        began = time.perf_counter()
        found = bench.ledger.due(NOW, 200)
        bench.tick(found)
        taken.append(time.perf_counter() - began)
        assert sorted(found) == sorted(chosen)
    return median(taken[3:])


def cold(bench: Bench, *, rounds: int) -> int:
    """Events a second, fifty a commit, by a daemon that reads twenty facts a case first."""
    ids = bench.cases(50)
    for _ in range(19):
        bench.through_ledger(ids)
    took = []
    for _ in range(rounds):
        bench.ledger._memory.clear()  # noqa: SLF001
        took.append(bench.through_ledger(ids))
    return round(50 / median(took))


def measure(bench: Bench, *, quick: bool) -> dict[str, Any]:
    """All figures of one database."""
    rounds = 6 if quick else 30
    result: dict[str, Any] = {
        "one_a_commit": commits(bench, a_commit=1, rounds=rounds),
        "fifty_a_commit": commits(bench, a_commit=50, rounds=rounds),
        "fifty_cold_per_second": cold(bench, rounds=rounds),
    }
    for name in ("together", "scattered"):
        result[f"sweep_of_100_{name}_ms"] = {}
    for size in (1_000, 20_000) if quick else (1_000, 100_000, 1_000_000):
        fill(bench, size)
        for name in ("together", "scattered"):
            took = sweep(bench, among=size, rounds=40, scattered=name == "scattered")
            result[f"sweep_of_100_{name}_ms"][str(size)] = round(took * 1000, 1)
    for name in ("together", "scattered"):
        first, *_, last = result[f"sweep_of_100_{name}_ms"].values()
        result[f"sweep_{name}_ratio"] = round(last / first, 2)
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller tables")
    parser.add_argument("--json", action="store_true", help="one object, for machines")
    parser.add_argument("--postgresql", metavar="URL", help="postgresql://user@host/database")
    options = parser.parse_args()
    results = {}
    with databases(options.postgresql) as makers:
        for make in makers:
            with closing(make()) as bench:
                results[bench.name] = measure(bench, quick=options.quick)
    if options.json:
        print(json.dumps(results))
    else:
        _print(results)


def _print(results: dict[str, Any]) -> None:
    for name, found in results.items():
        print(name)
        for label in ("one_a_commit", "fifty_a_commit"):
            figures = found[label]
            print(
                f"  {label.replace('_', ' '):16} {figures['ledger_per_second']:>7} events/s,"
                f" raw {figures['raw_per_second']:>7}/s: {figures['ratio']} x raw"
            )
        print(f"  fifty a commit, 20 facts a case read anew: {found['fifty_cold_per_second']}/s")
        for how in ("together", "scattered"):
            sizes = found[f"sweep_of_100_{how}_ms"].items()
            shown = ", ".join(f"{took} ms among {int(size):,}" for size, took in sizes)
            print(f"  sweep of 100 due, opened {how}: {shown}: x {found[f'sweep_{how}_ratio']}")


if __name__ == "__main__":
    main()
