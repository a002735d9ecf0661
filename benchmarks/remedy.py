"""What a first reading of Remedy costs: time, requests, memory; and an idle cycle after it.

    python benchmarks/remedy.py [--quick] [--json] [--incidents N]

The simulator runs in a process of its own and holds N incidents (10,000; a thousand with --quick), one a
minute. The plugin reads them as the daemon does, page by page. Memory is what the process has resident at
most (``ru_maxrss``), above what it had before the first page.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from upheld.plugin import RemoteCase
from upheld.testing import SteppedClock
from upheld.testing.context import make_context
from upheld_remedy.adapter import Remedy
from upheld_remedy.config import RemedyConfig
from upheld_remedy.simulator import RemedySimulator
from upheld_remedy.simulator.forms import Forms

_BEGINS: Final = datetime(2026, 1, 1, tzinfo=UTC)
#: The values that a person gives an incident.
_VALUES: Final = {
    "z1D_Action": "CREATE",
    "Login_ID": "pat",
    "Detailed_Decription": "Since noon. " * 40,
    "Impact": "3-Moderate/Limited",
    "Urgency": "3-Medium",
    "Status": "New",
}


def serve(pipe: Connection, incidents: int) -> None:
    """The server, until the other end of the pipe says something."""
    clock = SteppedClock(_BEGINS)
    with RemedySimulator(clock.as_datetime) as server:
        server.stored.add_person("pat", "pat@acme.example", "Pat Lin", staff=False)
        for number in range(incidents):
            clock.forward(minutes=1)
            server.as_people(partial(_open, number))
        clock.forward(days=1)
        pipe.send(dict(server.options))
        pipe.recv()
        pipe.send(len(server.asked))
        pipe.recv()


def _open(number: int, forms: Forms) -> None:
    row = forms.create({**_VALUES, "Description": f"Incident {number}"}, "pat")
    note = {"Incident Number": row["Incident Number"], "Detailed Description": "Looked at. " * 20}
    forms.add_note(note, {}, "pat")


def resident() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(remedy: Remedy) -> tuple[int, str]:
    """Every page, as the daemon reads them: how many incidents, and the last cursor."""
    cursor, found, more = None, 0, True
    while more:
        page = remedy.pull(cursor)
        cursor, more = page.cursor, page.more
        found += sum(isinstance(each, RemoteCase) for each in page.items)
    return found, cursor or ""


def measured(incidents: int) -> dict[str, Any]:
    """The figures."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, incidents))
    server.start()
    options = here.recv()
    now = _BEGINS + timedelta(minutes=incidents, days=1)
    with make_context(Path(tempfile.mkdtemp()), lambda: now, "remedy") as context:
        context.timeout = 60
        remedy = Remedy(RemedyConfig.model_validate({**options, "rate": 10_000}), context)
        remedy.schema()
        before, began = resident(), time.perf_counter()
        found, cursor = read(remedy)
        seconds, more = time.perf_counter() - began, resident() - before
        began = time.perf_counter()
        idle = remedy.pull(cursor)
        idle_seconds = time.perf_counter() - began
        here.send("how many?")
        requests = here.recv()
        remedy.close()
        here.send("that is all")
    server.join()
    assert found == incidents
    assert not idle.items
    return {
        "incidents": found,
        "seconds": round(seconds, 1),
        "requests": requests,
        "MB above the start": round(more, 1),
        "idle cycle, ms": round(1000 * idle_seconds, 1),
        "cursor, bytes": len(cursor),
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--incidents", type=int)
    given = parser.parse_args()
    found = measured(given.incidents or (1_000 if given.quick else 10_000))
    if given.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name:>20}  {value:,}" for name, value in found.items()))


if __name__ == "__main__":
    main()
