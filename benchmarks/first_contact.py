"""What it takes to read a tracker that was there before: time, memory, and whom it wakes.

    python benchmarks/first_contact.py [--items 10000] [--postgresql URL] [--json]

The items are a year old, three changes each; 300 are open as severity 1 and were never worked. They are
read in pages, each a transaction of its own with the cursor, as the daemon does. Memory is what the
process grew by, the tracker's own items (they lie in this process) left out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

from upheld.calendar.instant import DAY, parse
from upheld.config import config_from
from upheld.daemon.pulls import Puller
from upheld.desk.book import Book
from upheld.desk.intake import Intake, Source
from upheld.desk.records import Records
from upheld.ledger import Ledger
from upheld.plugin import Actor, Side
from upheld.policy import load_shipped
from upheld.report.evidence import gather
from upheld.seam import Live
from upheld.source import Document
from upheld.sync.colleagues import Colleagues
from upheld.sync.tracked import Tracked
from upheld.testing import ScriptedConfig, ScriptedTracker, SteppedClock, make_context
from upheld.testing.stage import SITE

YEAR_AGO = parse("2025-03-30T09:45:00Z")
URGENT = 300
PAT = Actor("pat@acme.example", "Pat Lin", side=Side.CUSTOMER)
BO = Actor("bo@magnolia.example", "Bo Lindt", side=Side.STAFF)


def old(folder: Path, clock: SteppedClock, items: int) -> ScriptedTracker:
    """A tracker in its second year."""
    tracker = ScriptedTracker(ScriptedConfig(), make_context(folder, clock.as_datetime))
    every = max(1, items // URGENT)
    for number in range(items):
        urgent = number % every == 0 and number // every < URGENT
        item = tracker.open(PAT, "Since this morning.", title=f"Nobody can connect ({number})")
        tracker.edit(item.ref, BO, severity=1 if urgent else 2)
        tracker.edit(item.ref, BO, **({"queue": "east"} if urgent else {"status": "closed"}))
    return tracker


def measure(ledger: Ledger, folder: Path, items: int) -> dict[str, float]:
    """Read all of it, then say what came of it."""
    clock = SteppedClock(YEAR_AGO)
    tracker = old(folder, clock, items)
    clock.forward_to(YEAR_AGO + 365 * DAY)
    keys = ("site", "policy", "zone", "people", "roles", "links", "customers")
    document = Document({key: SITE[key] for key in keys}, "upheld.yaml", "", {})
    directory = config_from(document, folder).directory()
    policy = load_shipped("magnolia")
    records = Records(ledger, Book(policy, directory), clock)
    puller = Puller(
        Live("desk", tracker),
        Source("desk", "scripted-tracker"),
        ledger,
        Intake(
            records,
            directory,
            Tracked(records, directory),
            Colleagues(records, directory),
        ),
        "benchmark",
        tracker.context.log,
    )
    before, begun, at_work = _memory(), time.perf_counter(), time.process_time()
    while puller.pull():
        pass
    seconds, at_work = time.perf_counter() - begun, time.process_time() - at_work
    grown = _memory() - before
    begun = time.perf_counter()
    with ledger.reading() as tx:
        found = gather(tx, policy)
        messages = len(tx.items(limit=items))
    return {
        "items": items,
        "seconds": round(seconds, 1),
        "seconds of this process": round(at_work, 1),
        "MB": round(grown, 1),
        "messages": messages,
        "kept or missed": sum(each.kept + each.missed for each in found),
        "before enforcement": sum(each.before_enforcement for each in found),
        "seconds of the report": round(time.perf_counter() - begun, 1),
    }


def _memory() -> float:
    """The most that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--postgresql", default=os.environ.get("UPHELD_TEST_POSTGRESQL"))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        url = given.postgresql or f"sqlite:///{name}/ledger.db"
        Ledger.create(url)
        with Ledger.open(url, site="benchmark") as ledger:
            figures = measure(ledger, Path(name), given.items)
    if given.json:
        print(json.dumps(figures))
        return
    for what, figure in figures.items():
        print(f"{what:>24}  {figure:g}")


if __name__ == "__main__":
    main()
