"""What a Jira costs: ten thousand issues read for the first time, and an issue that is raised there.

    python benchmarks/jira_site.py [--issues 10000] [--rounds 50] [--quick] [--json]

`upheld run` is a process of its own, on SQLite and the real clock; Jira and PagerDuty are stand-ins here.

Backfill: the issues are there before it starts, in pages of a hundred. Half way it is killed (kill -9)
and started again; in the end each issue is one case. Memory is what the process grew by at its peak,
above what it had after a first round on an empty Jira.

Raised: a person sets an issue to Highest, and the page is on the wire. Time is from the change in Jira
until PagerDuty has the event: by webhook, and by polling alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final, Self

from upheld.ledger import Ledger, ListedCase
from upheld.testing.machine import pass_machine_time
from upheld.testing.on_jira import DESK
from upheld.testing.stage import SITE
from upheld_jira.simulator import Exchange, JiraSimulator
from upheld_pagerduty.simulator import PagerDutySimulator

PAGE: Final = 100
#: Seconds between two looks at a connection that can't be waited for.
POLL: Final = 10.0
#: Seconds of machine time after which something is wrong.
PATIENCE: Final = 1800.0
_LOOK: Final = 0.005
_SECRET: Final = "open sesame"
#: More than there is to send.
_NO_BRAKE: Final = dict.fromkeys(("pages", "customer_messages"), "100000 in 10 minutes")


def now() -> datetime:
    """The real time: both ends are on it."""
    return datetime.now(UTC)


class Bench:
    """A site of its own on a folder: stand-ins here, the daemon in a process."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.folder, self.port = folder, port
        self.searches = 0
        self.process: subprocess.Popen[bytes]
        self.jira = JiraSimulator(now, watch=self._seen)
        self.jira.site.page = PAGE
        self.jira.add_field("Upheld due", "instant")
        self.pager = PagerDutySimulator(now)

    def __enter__(self) -> Self:
        self.jira.start()
        self.pager.start()
        self.file.write_text(json.dumps(self._config()), encoding="utf-8")
        return self

    def __exit__(self, *error: object) -> None:
        self.pager.close()
        self.jira.close()

    @property
    def file(self) -> Path:
        """The site's upheld.yaml (JSON is YAML)."""
        return self.folder / "upheld.yaml"

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """`upheld run`, which ends with the block."""
        secrets = {"JIRA_TOKEN": self.jira.token, "PAGER_KEY": self.pager.key, "HOOK": _SECRET}
        command = [sys.executable, "-m", "upheld", "-c", str(self.file), "run", "--json-logs"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=os.environ | secrets, stdout=log, stderr=log
            )
            try:
                yield self.process
            finally:
                self.process.terminate()
                self.process.wait()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Its ledger, from beside it."""
        ledger = Ledger.open(f"sqlite:///{self.folder / 'upheld.db'}", site="bench")
        try:
            yield ledger
        finally:
            ledger.close()

    def cases(self) -> list[ListedCase]:
        """What is in its ledger."""
        with self.ledger() as ledger, ledger.reading() as tx:
            return tx.cases(limit=1_000_000)

    def _seen(self, exchange: Exchange) -> None:
        if exchange.asked.path.endswith("/search/jql"):
            self.searches += 1

    def _config(self) -> dict[str, Any]:
        names = ("policy", "zone", "people", "roles", "links", "customers")
        screen = {"plugin": "terminal", "to": "messages.txt"}
        return {
            **{name: SITE[name] for name in names},
            "site": "bench",
            "data": str(self.folder),
            "database": f"sqlite:///{self.folder / 'upheld.db'}",
            "go_live": {"mode": "live", "live_for": ["all"], "brake": _NO_BRAKE},
            "reach": {"page": [{"page": "pager"}], "call": [{"voice": "screen"}]}
            | {"notify": [{"mail": "screen"}]},
            "web": {"listen": f"127.0.0.1:{self.port}"},
            "connections": {
                "screen": screen,
                "pager": {
                    "plugin": "pagerduty",
                    "events_url": self.pager.url,
                    "key": {"env": "PAGER_KEY"},
                },
                "desk": {
                    **DESK,
                    "url": self.jira.url,
                    "email": self.jira.email,
                    "token": {"env": "JIRA_TOKEN"},
                    "webhook_secret": {"env": "HOOK"},
                },
            },
        }


def until(bench: Bench, what: Callable[[], bool], *, look: float = _LOOK) -> None:
    """Wait for it, for as long as the daemon runs."""
    began = time.perf_counter()
    while not what():
        if bench.process.poll() is not None or time.perf_counter() - began > PATIENCE:
            raise SystemExit(bench.folder.joinpath("log").read_text(encoding="utf-8")[-2000:])
        time.sleep(look)


def memory(pid: int, what: str) -> float:
    """``VmRSS`` or the peak, ``VmHWM``, in MB (proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    (line,) = (each for each in lines if each.startswith(f"{what}:"))
    return int(line.split()[1]) / 1024


# --- backfill -------------------------------------------------------------------------------------


def backfill(folder: Path, issues: int) -> dict[str, Any]:
    """All figures of the first reading."""
    with Bench(folder) as bench:
        with bench.daemon() as process:
            until(bench, lambda: bench.searches > 1)
            at_start = memory(process.pid, "VmRSS")
        for number in range(issues):
            bench.jira.create(f"Issue {number}", by="pat", organisation="Acme", priority="Medium")
        began, before = time.perf_counter(), bench.searches
        half = before + issues // PAGE // 2
        with bench.daemon() as process:
            until(bench, lambda: bench.searches > half)
            process.send_signal(signal.SIGKILL)
            process.wait()
        killed = bench.searches
        left = len(bench.cases())
        with (
            bench.ledger() as ledger
        ):  # or its successor waits two minutes for its lease to run out
            pass_machine_time(ledger)
        with bench.daemon() as process:
            until(bench, lambda: len(bench.cases()) >= issues, look=1.0)
            took = time.perf_counter() - began
            until(bench, lambda: bench.searches > killed + 1)
            peak = memory(process.pid, "VmHWM")
        cases = bench.cases()
        return {
            "issues": issues,
            "cases when killed": left,
            "cases in the end": len(cases),
            "each once": len({case.title for case in cases}) == len(cases),
            "searches": bench.searches - before,
            "first reading, s": took,
            "memory after an empty round, MB": at_start,
            "peak above that, MB": peak - at_start,
        }


# --- raised ---------------------------------------------------------------------------------------


def raised(folder: Path, rounds: int, *, webhook: bool) -> dict[str, Any]:
    """Seconds from the change in Jira until the page is on the wire."""
    port = _free_port()
    with Bench(folder, port=port) as bench:
        if webhook:
            url = f"http://127.0.0.1:{port}/hooks/desk"
            bench.jira.register_webhook(url, secret=_SECRET)
        with bench.daemon():
            until(bench, lambda: bench.searches > 1)
            keys = [
                bench.jira.create(f"Issue {n}", by="pat", organisation="Acme", priority="Medium")
                for n in range(rounds)
            ]
            until(bench, lambda: len(bench.cases()) == rounds, look=0.5)
            times = [_one(bench, key, 1.0 if webhook else POLL) for key in keys]
    cuts = quantiles(times, n=100, method="inclusive")
    return {"rounds": rounds, "median, s": median(times), "p99, s": cuts[98], "most, s": max(times)}


def _one(bench: Bench, key: str, within: float) -> float:
    """At an instant that has nothing to do with the daemon's own turns."""
    time.sleep(random.uniform(0, within))
    pages = len(bench.pager.incidents)
    changed = now()
    bench.jira.edit(key, by="ann", priority="Highest")
    until(bench, lambda: len(bench.pager.incidents) > pages)
    first = bench.pager.incidents[pages].opened
    until(bench, lambda: len(bench.pager.incidents) > pages + 1)  # the engineer's, too
    return (first - changed).total_seconds()


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def measure(issues: int, rounds: int) -> dict[str, Any]:
    """Everything, each on a folder of its own."""
    found: dict[str, Any] = {}
    works: dict[str, Callable[[Path], dict[str, Any]]] = {
        "backfill": lambda folder: backfill(folder, issues),
        "raised, by webhook": lambda folder: raised(folder, rounds, webhook=True),
        "raised, by polling": lambda folder: raised(folder, rounds, webhook=False),
    }
    for name, work in works.items():
        with tempfile.TemporaryDirectory(prefix="upheld-jira-") as folder:
            found[name] = work(Path(folder))
    return found


def main() -> None:
    """Measure, print."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    words.add_argument("--issues", type=int, default=10_000)
    words.add_argument("--rounds", type=int, default=50)
    words.add_argument("--quick", action="store_true", help="a thousand issues, ten rounds")
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    issues, rounds = (1000, 10) if given.quick else (given.issues, given.rounds)
    found = measure(issues, rounds)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    for name, figures in found.items():
        print(name)
        for what, figure in figures.items():
            print(
                f"  {what:<34} {figure:.3f}"
                if isinstance(figure, float)
                else f"  {what:<34} {figure}"
            )


if __name__ == "__main__":
    main()
