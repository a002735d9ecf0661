"""From the commit of a Severity 1 marking to the request on the wire: the daemon runs in another process.

    python benchmarks/paging.py [--times 500] [--open 1000000] [--postgresql URL] [--json]

This process marks cases one after the other, as `upheld cases triage` does, and stands in for PagerDuty:
the clock stops when the body of the page has arrived. ``--open`` cases lie in the ledger beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import text

from upheld.case.events import Actor, Opened, Side
from upheld.daemon.site import Site
from upheld.testing.stage import SITE

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


def written(folder: Path, pager: Pager, database: str | None) -> Path:
    """The site's upheld.yaml."""
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
    del site["customers_hear_by"]
    file = folder / "upheld.yaml"
    file.write_text(json.dumps(site), encoding="utf-8")
    return file


def fill(site: Site, template: str, count: int) -> None:
    """As many open cases beside it: rows like that of ``template``, woken in a year."""
    names = {"id", "number", "wake_at"}
    with site.ledger._engine.begin() as connection:  # noqa: SLF001  no command opens a million cases
        row = connection.execute(text("SELECT * FROM subject WHERE id = :t"), {"t": template})
        columns = [name for name in list(row.keys()) if name not in names]
        kept = ", ".join(columns)
        wake = (int(time.time()) + 365 * 86400) * 1_000_000
        numbers = (
            f"SELECT n FROM generate_series(1, {count}) AS s(n)"
            if connection.dialect.name == "postgresql"
            else f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count})"
            " SELECT n FROM s"
        )
        connection.execute(
            text(
                f"INSERT INTO subject (id, wake_at, {kept})"
                f" SELECT 'X' || n, {wake} + n, {kept} FROM ({numbers}) AS numbers,"
                f" (SELECT * FROM subject WHERE id = '{template}') AS one"
            )
        )
    with site.ledger._engine.connect() as connection:  # noqa: SLF001
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


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
        reporter="pat@acme.example",
        customer="acme",
        enforced_from=site.clock.now(),
    )
    return site.verbs.open(case, ANN)


def measure(site: Site, pager: Pager, times: int) -> dict[str, float]:
    """Milliseconds from commit to wire."""
    took: list[float] = []
    for _ in range(times + 5):
        case = opened(site)
        time.sleep(_BETWEEN)
        site.verbs.triage(case, ANN, 1, number=f"T{case}")
        committed = time.perf_counter()
        took.append((pager.wait_for(case) - committed) * 1000)
    took = sorted(took[5:])
    return {
        "median_ms": round(statistics.median(took), 1),
        "p99_ms": round(took[int(len(took) * 0.99) - 1], 1),
        "worst_ms": round(took[-1], 1),
    }


def main() -> None:
    """Measure, and say what came of it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--times", type=int, default=500)
    asked.add_argument("--open", type=int, default=0)
    asked.add_argument("--postgresql", metavar="URL")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    os.environ["PAGING_KEY"] = KEY
    pager = Pager()
    threading.Thread(target=pager.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder), pager, given.postgresql)
        with Site.open(file) as site:
            first = opened(site)
            if given.open:
                fill(site, first, given.open)
            with daemon(file):
                time.sleep(5)
                found = measure(site, pager, given.times)
    pager.shutdown()
    print(json.dumps(found) if given.json else "\n".join(f"{k:10} {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
