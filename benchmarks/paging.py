"""From the commit of a Severity 1 marking to the request on the wire: the daemon runs in another process.

    python benchmarks/paging.py [--times 500] [--open 1000000] [--hanging] [--postgresql URL] [--json]

This process marks cases one after the other, as `upheld cases triage` does, and stands in for PagerDuty:
the clock stops when the body of the page has arrived. ``--open`` cases lie in the ledger beside them.
With ``--hanging`` customers hear by a mail server that takes every line and says nothing: their letters wait.
In turns with it the floor is measured: a bare process that hears of a commit in the same way, commits once
and posts to the same stand-in. On a machine that is busy with other work the milliseconds say little, and how
many times the floor it is says more.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, Self

import requests
from sqlalchemy import Column, text

from upheld.case.events import Actor, Opened, Side
from upheld.daemon.site import Site
from upheld.ledger import newness
from upheld.ledger.schema import metadata
from upheld.testing.stage import SITE, simulator

_REPORTERS = count(1)
ANN = Actor("ann", Side.STAFF)
KEY = "0123456789abcdef0123456789abcdef"
#: Nobody waits longer for one page (seconds).
_PATIENCE = 30.0
#: What the opening of a case says has gone out by then (seconds): the marking alone is measured.
_BETWEEN = 0.4


class Pager(ThreadingHTTPServer):
    """Accepts every event, and tells when the page of a case came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.came: dict[str, float] = {}
        self.some = threading.Condition()

    def wait_for(self, case: str) -> float:
        """When its first page after the marking came; raises where none does."""
        with self.some:
            if not self.some.wait_for(lambda: case in self.came, _PATIENCE):
                raise SystemExit(f"no page for {case} within {_PATIENCE} s")
            return self.came[case]


class Handler(BaseHTTPRequestHandler):
    """Accepts events, one connection after the other."""

    server: Pager
    protocol_version = "HTTP/1.1"
    #: Headers and body are two packets: the second would wait forty milliseconds for the other side.
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """An event: accepted, as PagerDuty does."""
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        at, key = time.perf_counter(), str(event["dedup_key"])
        if "/M-11/" in key:  # what pages because it was marked Severity 1
            with self.server.some:
                self.server.came.setdefault(key.partition("/")[0], at)
                self.server.some.notify_all()
        said = {"status": "success", "message": "Event processed", "dedup_key": key}
        body = json.dumps(said).encode()
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def written(folder: Path, pager: Pager, database: str | None, mail: Mapping[str, Any]) -> Path:
    """The site's upheld.yaml; customers hear by ``mail``, where there is such a connection."""
    key = {"env": "PAGING_KEY"}
    url = f"http://127.0.0.1:{pager.server_address[1]}"
    site: dict[str, Any] = json.loads(json.dumps(dict(SITE)))
    site |= {
        "data": str(folder),
        "connections": {
            "pager": {"plugin": "pagerduty", "key": key, "events_url": url},
            "phone": {"plugin": "terminal", "to": "calls.txt"},
        },
        "reach": {"page": ["pager"], "call": [{"voice": "phone"}], "notify": ["phone"]},
        "go_live": {
            "mode": "live",
            "live_for": ["all"],
            "brake": {"pages": "1000000 in 1 minute", "customer_messages": "1000000 in 1 minute"},
        },
        **({"database": database} if database else {}),
    }
    if mail:
        site["connections"]["mailbox"] = mail
    else:
        del site["customers_hear_by"]
    file = folder / "upheld.yaml"
    file.write_text(json.dumps(site), encoding="utf-8")
    return file


@contextmanager
def hanging() -> Iterator[dict[str, Any]]:
    """A connection whose mailbox is empty and whose SMTP server takes the line and says nothing."""
    with (
        simulator("email", lambda: datetime.now(UTC)) as mail,
        socket.create_server(("127.0.0.1", 0)) as mute,
    ):
        os.environ["MAIL_PASSWORD"] = mail.password
        yield {
            "plugin": "email",
            "address": mail.address,
            "imap": mail.imap_url,
            "smtp": f"smtp://127.0.0.1:{mute.getsockname()[1]}",
            "password": {"env": "MAIL_PASSWORD"},
        }


class Floor:
    """The least that a page can take: a process that waits for a mark as the daemon waits for news, writes
    down that it sends in one bare commit, and posts. All else is ours."""

    def __init__(self, place: str, pager: Pager) -> None:
        self._pager = pager
        self._number = int(time.time())  # a database may hold the marks of earlier runs
        self._connection = scratch(place)
        self._mark = _MARK if place.startswith("postgresql") else _MARK.replace("%s", "?")
        url = f"http://127.0.0.1:{pager.server_address[1]}/v2/enqueue"
        command = [sys.executable, __file__, "--bare", place, url]
        self._process = subprocess.Popen(command)

    def once(self) -> float:
        """Milliseconds from the commit of a mark to the body at the stand-in."""
        self._number += 1
        case = f"floor{self._number}"
        self._connection.execute(self._mark, (case,))
        if "%s" in self._mark:
            self._connection.execute("SELECT pg_notify('floor_of_paging', '')")
        self._connection.commit()
        committed = time.perf_counter()
        return (self._pager.wait_for(case) - committed) * 1000

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the other process."""
        self._process.terminate()
        self._process.wait(60)
        self._connection.close()


_MARK = "INSERT INTO floor_of_paging (what) VALUES (%s)"
_NEW = "SELECT number, what FROM floor_of_paging WHERE number > {} AND what LIKE 'floor%' ORDER BY number"


def scratch(place: str) -> Any:
    """A connection to a table of its own, as durable as the ledger."""
    if place.startswith("postgresql"):
        import psycopg

        connection: Any = psycopg.connect(place)
        key = "BIGSERIAL PRIMARY KEY"
    else:
        connection = sqlite3.connect(place, timeout=10)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        key = "INTEGER PRIMARY KEY"
    connection.execute(f"CREATE TABLE IF NOT EXISTS floor_of_paging (number {key}, what TEXT)")
    connection.commit()
    return connection


def bare(place: str, url: str) -> None:
    """What the other process of the floor does until it is ended."""
    work, hears, session, seen = scratch(place), scratch(place), requests.Session(), 0
    mark = _MARK if place.startswith("postgresql") else _MARK.replace("%s", "?")
    for _ in _news(hears, place):
        for number, case in work.execute(_NEW.format(seen)).fetchall():
            seen = number
            work.execute(mark, (f"attempting {case}",))
            work.commit()
            session.post(url, json={"dedup_key": f"{case}/M-11/floor"}, timeout=_PATIENCE)
        work.rollback()


def _news(hears: Any, place: str) -> Iterator[None]:
    """Yields when something was committed, as soon as the daemon would hear of it."""
    if place.startswith("postgresql"):
        hears.autocommit = True
        hears.execute("LISTEN floor_of_paging")
        yield  # what was marked before is seen, too
        for _ in hears.notifies():
            yield
    before = None
    while True:
        (version,) = hears.execute("PRAGMA data_version").fetchone()
        if version != before:
            before = version
            yield
        time.sleep(newness._EVERY)  # noqa: SLF001  as the daemon does


def fill(site: Site, template: str, many: int) -> None:
    """As many open cases beside it, with what came of their opening, all of it finished: copies of what
    the ledger holds of ``template``, planned a year ago and woken in a year."""
    year = 365 * 86400 * 1_000_000
    wake = int(time.time()) * 1_000_000 + year
    own = {
        "subject": {"wake_at": f"{wake} + n", "sealed": "seq", "synced": "seq"},
        "outbox": {"wake_at": "NULL", "state": "'done'", "planned": f"planned - {year} + n"},
        "delivery": {"state": "'accepted'", "lease_until": "NULL"},
    }
    with site.ledger._engine.begin() as connection:  # noqa: SLF001  no command opens a million cases
        numbers = (
            f"SELECT n FROM generate_series(1, {many}) AS s(n)"
            if connection.dialect.name == "postgresql"
            else f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {many})"
            " SELECT n FROM s"
        )
        for name in ("subject", "event", "payload", "outbox", "delivery"):
            values = {c.name: _copied(c, template) for c in metadata.tables[name].c}
            values = {**values, **own.get(name, {})}
            values.pop("number", None)
            whose = "id" if name == "subject" else "subject"
            # Of its history the opening alone: a million of more would be another benchmark.
            first = " AND seq = 1" if name in {"event", "payload"} else ""
            connection.execute(
                text(
                    f"INSERT INTO {name} ({', '.join(values)})"
                    f" SELECT {', '.join(values.values())} FROM ({numbers}) AS numbers,"
                    f" (SELECT * FROM {name} WHERE {whose} = '{template}'{first}) AS one"
                )
            )
    with site.ledger._engine.connect() as connection:  # noqa: SLF001
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    if site.ledger._engine.dialect.name == "sqlite":  # noqa: SLF001
        raw: Any = site.ledger._engine.raw_connection()  # noqa: SLF001
        raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()


def _copied(column: Column[Any], template: str) -> str:
    """The value in the copy of number n: what is named after the case is named after the copy."""
    if column.name == "subject" or (column.name, column.table.name) == ("id", "subject"):
        return "'X' || n"
    named = {"key", "outbox_key", "lane"}
    return (
        f"replace({column.name}, '{template}', 'X' || n)" if column.name in named else column.name
    )


@contextmanager
def daemon(file: Path) -> Iterator[None]:
    """`upheld run`, in a process of its own."""
    command = [sys.executable, "-m", "upheld", "--config", str(file), "run"]
    with (file.parent / "daemon.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def opened(site: Site) -> str:
    """A case that staff entered."""
    case = Opened(
        "phone",
        "Nobody can connect",
        "…",
        reporter=f"pat{next(_REPORTERS)}@acme.example",  # one of them would be answered so often only
        customer="acme",
        enforced_from=site.clock.now(),
    )
    return site.verbs.open(case, ANN)


def measure(site: Site, pager: Pager, floor: Floor, times: int) -> dict[str, float]:
    """Milliseconds from commit to wire, and how often the floor that was measured in turns with it."""
    took: list[float] = []
    least: list[float] = []
    for _ in range(times + 5):
        case = opened(site)
        time.sleep(_BETWEEN)
        least.append(floor.once())
        site.verbs.triage(case, ANN, 1, number=f"T{case}")
        committed = time.perf_counter()
        took.append((pager.wait_for(case) - committed) * 1000)
    took, least = took[5:], least[5:]
    of_each = [one / other for one, other in zip(took, least, strict=True)]
    found = {"median": statistics.median(took), "p99": _p99(took), "worst": max(took)}
    found |= {"floor_median": statistics.median(least), "floor_p99": _p99(least)}
    return {f"{name}_ms": round(value, 1) for name, value in found.items()} | {
        "x_floor": round(statistics.median(of_each), 1),
        "load": round(os.getloadavg()[0], 1),
    }


def _p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99) - 1]


def asked() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--open", type=int, default=0)
    parser.add_argument("--hanging", action="store_true")
    parser.add_argument("--postgresql", metavar="URL")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(folder: Path, pager: Pager, given: argparse.Namespace, mail: Any) -> dict[str, float]:
    """A site in ``folder``, filled where that is asked for, its daemon, and what it took."""
    file = written(folder, pager, given.postgresql, mail)
    with Site.open(file) as site:
        if given.open:
            first = opened(site)
            site.daemon().once()
            fill(site, first, given.open)
        place = given.postgresql or str(folder / "floor.db")
        with Floor(place, pager) as floor, daemon(file):
            time.sleep(5)
            return measure(site, pager, floor, given.times)


def main() -> None:
    """Measure, and say what came of it."""
    given = asked()
    if given.bare:
        return bare(*given.bare)
    os.environ["PAGING_KEY"] = KEY
    pager = Pager()
    threading.Thread(target=pager.serve_forever, daemon=True).start()
    beside: Any = hanging() if given.hanging else nullcontext({})
    with beside as mail, tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), pager, given, mail)
    pager.shutdown()
    lines = (f"{name:16} {value}" for name, value in found.items())
    print(json.dumps(found) if given.json else "\n".join(lines))
    return None


if __name__ == "__main__":
    main()
