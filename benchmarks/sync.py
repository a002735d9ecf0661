"""What an idle cycle of sync costs, with many links: searches, writes, time, memory.

    python benchmarks/sync.py [--quick] [--json] [--links N] [--postgresql URL]

A tracker in memory holds N items (10,000; a thousand with --quick), each a case. A cycle reads every
connection and sends what is to be sent. Counted are the calls to the tracker and the commits of the
ledger; memory is what Python holds, before and after a hundred idle cycles and a day's reconciling.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

from upheld.calendar.instant import parse
from upheld.daemon.assembly import Configured, Parts, build_daemon
from upheld.daemon.loops import Daemon
from upheld.daemon.pulls import pull_all
from upheld.desk.book import Book
from upheld.desk.intake import Source
from upheld.desk.records import Records
from upheld.directory.build import Written, build_directory
from upheld.dispatch.routes import Mode, SafetyCatch, Ways
from upheld.ledger import Ledger
from upheld.plugin import Actor, Side
from upheld.policy import load_policy
from upheld.testing import ScriptedConfig, ScriptedTracker, SteppedClock

POLICY: Final = """
policy: House
published_by: House Software
severities:
  1: {name: Urgent, means: Everything is down.}
  2: {name: Low, means: Questions.}
roles: {engineer: Engineer}
document:
- heading: What we promise
  clauses:
  - {id: H-1, says: You hear from us., statement: true}
"""
_CALLS: Final = ("pull", "fetch", "find", "create", "update", "comment", "attach", "schema")
_IDLE: Final = 100
_SOMEBODY: Final = Actor("pat@acme.example", "Pat Lin", side=Side.CUSTOMER)


class Bench:
    """A daemon on a ledger with N linked items."""

    def __init__(self, url: str, folder: Path, links: int) -> None:
        Ledger.create(url)
        self.ledger = Ledger.open(url, site="bench")
        self.clock = SteppedClock(parse("2026-12-07T12:00:00Z"))
        self.daemon = self._built(folder)
        plugin = self.daemon.lives[0].plugin
        assert isinstance(plugin, ScriptedTracker)
        self.far, self.calls = plugin, Counter[str]()
        self.cycle()
        for number in range(links):
            self.far.open(_SOMEBODY, "x", title=f"Item {number}", severity=2)
        self.till_rest()
        self._count()

    def cycle(self) -> int:
        """Every connection is read, and what follows is sent."""
        own = self.daemon
        done = pull_all(own.pullers) + own.sweeper.sweep() + own.pusher.look()
        return done + own.planner.plan() + own.sender.send()

    def till_rest(self) -> None:
        """Until nothing is left to do."""
        while self.cycle():
            pass

    def edit(self) -> None:
        """One person changes one field."""
        ref = self.far.items["id-1"].ref
        self.far.edit(ref, _SOMEBODY, queue=f"q{self.far.items['id-1'].version}")

    def _count(self) -> None:
        for name in _CALLS:
            setattr(self.far, name, self._counted(name, getattr(self.far, name)))

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any) -> Any:
            self.calls[name] += 1
            return call(*given)

        return counted

    def _built(self, folder: Path) -> Daemon:
        directory = build_directory(Written())
        records = Records(self.ledger, Book(load_policy(POLICY), directory), self.clock)
        source = Source("tracker", ScriptedTracker.name)
        return build_daemon(
            Parts(
                records=records,
                directory=directory,
                connections=[Configured(ScriptedTracker, ScriptedConfig(), source)],
                ways=Ways(),
                catch=SafetyCatch(Mode.LIVE, None, frozenset({"all"})),
                site="bench",
                zone="UTC",
                folder=folder,
            )
        )


def measure(url: str, folder: Path, links: int) -> dict[str, Any]:
    """All figures of one database."""
    began = time.perf_counter()
    bench = Bench(url, folder, links)
    found: dict[str, Any] = {"links": links, "first reading, s": time.perf_counter() - began}
    tracemalloc.start()
    bench.cycle()
    bench.calls.clear()
    before, writes = tracemalloc.get_traced_memory()[0], bench.far.writes
    times = [_timed(bench.cycle) for _ in range(_IDLE)]
    found["idle cycle, ms"] = 1000 * median(times)
    found["idle: calls a cycle"] = {name: n / _IDLE for name, n in bench.calls.items()}
    found["idle: writes"] = bench.far.writes - writes
    found["idle: memory grown, kB"] = (tracemalloc.get_traced_memory()[0] - before) / 1024
    bench.calls.clear()
    bench.edit()
    bench.till_rest()
    found["one change: calls"] = dict(bench.calls)
    bench.clock.forward(days=1)
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    found["reconcile, s"] = _timed(bench.till_rest)
    after, peak = tracemalloc.get_traced_memory()
    found["reconcile: memory grown, kB"] = (after - before) / 1024
    found["reconcile: peak above, kB"] = (peak - before) / 1024
    found["reconcile: writes"] = bench.far.writes - writes
    tracemalloc.stop()
    bench.ledger.close()
    return found


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--links", type=int, default=0)
    parser.add_argument("--postgresql", metavar="URL")
    given = parser.parse_args()
    links = given.links or (1_000 if given.quick else 10_000)
    with tempfile.TemporaryDirectory() as folder:
        url = given.postgresql or f"sqlite:///{Path(folder) / 'ledger.db'}"
        found = measure(url, Path(folder), links)
    if given.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:32}{value:,.2f}" if isinstance(value, float) else f"{name:32}{value}")


if __name__ == "__main__":
    main()
