"""What a decision costs, how soon the command answers, and what the ledger does: one table of all.

    python benchmarks/engine.py [--quick] [--json] [--postgresql URL]

``decide`` is measured with Magnolia's policy on a Severity 1 that goes to and fro between customer
and staff: CPU time of one decision, the fact that comes next, in medians. The command is measured
beside a bare interpreter, in turns. The ledger's figures are those of ``benchmarks/ledger.py``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any, Final

from upheld.calendar.instant import MINUTE, SECOND, Instant
from upheld.case.decision import Subject
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    CustomerMessage,
    Event,
    Flagged,
    Noted,
    Opened,
    Proposed,
    PublicReply,
    SeveritySet,
    Side,
    Triaged,
    WaitingOn,
    Worked,
)
from upheld.engine.case import decide
from upheld.engine.terms import Terms, compile_terms
from upheld.policy import load_shipped

sys.path.insert(0, str(Path(__file__).parent))
import ledger

START: Final[Instant] = 1_800_000_000 * SECOND
BO = Actor("bo", Side.STAFF)
PAT = Actor("pat@acme.example", Side.CUSTOMER)
#: What goes on in a long case, over and over, eleven minutes apart.
DAILY: Final[Sequence[tuple[Actor, Body]]] = (
    (BO, Worked()),
    (BO, PublicReply("We look into it.")),
    (BO, Noted("The router in the east drops packets.")),
    (BO, WaitingOn("customer")),
    (PAT, CustomerMessage("Here is the log that you asked for.")),
    (BO, Noted("Nothing in the log.")),
    (BO, Flagged("customer_system")),
    (BO, PublicReply("We replaced the router.")),
    (PAT, CustomerMessage("It is better, but it still happens.")),
    (BO, SeveritySet(2)),
    (PAT, CustomerMessage("It is as bad as before.")),
    (BO, SeveritySet(1)),
)
#: Milliseconds that ``upheld --help`` may take longer than an interpreter that does nothing.
HELP_MORE_MS = 250


def story(many: int) -> list[Event]:
    """So many facts of one case, in their order."""
    opened = Opened("email", "Server down", "Nobody can connect.", PAT.id, enforced_from=START)
    begin: list[tuple[Actor, Body]] = [(PAT, opened), (UPHELD, Proposed(1)), (BO, Triaged(1, "77"))]
    told: Iterable[tuple[Actor, Body]] = (*begin, *islice(cycle(DAILY), max(0, many - len(begin))))
    return [
        Event(f"fact-{number:05}", at, at, actor, body)
        for number, (actor, body) in enumerate(told)
        for at in [START + number * 11 * MINUTE]
    ]


def decision(terms: Terms, facts: int, rounds: int) -> float:
    """Microseconds of CPU to decide the last of so many facts (median)."""
    *before, last = story(facts)
    subject = Subject("C1", "case", 0, terms.policy.version)
    subject = replace(subject, facts=tuple(before[:-1]))
    subject = replace(subject, state=decide(terms, subject, before[-1]).state, facts=tuple(before))
    taken = []
    for _ in range(rounds + 1):
        began = time.process_time()
        decide(terms, subject, last)
        taken.append(time.process_time() - began)
    return round(median(taken[1:]) * 1e6)


def decisions(*, quick: bool) -> dict[str, float]:
    """Facts of the case -> microseconds a decision."""
    terms = compile_terms(load_shipped("magnolia"))
    rounds = {10: 300, 100: 100, 1_000: 30}
    return {
        str(facts): decision(terms, facts, count // 5 if quick else count)
        for facts, count in rounds.items()
    }


def command(*, rounds: int) -> dict[str, float]:
    """Milliseconds until ``upheld --help`` is done, and until an interpreter that does nothing is."""
    program = str(Path(sys.executable).with_name("upheld"))
    ours, bare = [], []
    for _ in range(rounds):  # in turns, so that a busy machine is busy for both
        ours.append(_seconds(program, "--help"))
        bare.append(_seconds(sys.executable, "-c", "pass"))
    shown, nothing = median(ours) * 1000, median(bare) * 1000
    return {
        "upheld_help_ms": round(shown),
        "bare_python_ms": round(nothing),
        "more_ms": round(shown - nothing),
    }


def _seconds(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(postgresql: str | None, *, quick: bool) -> dict[str, Any]:
    """All figures."""
    found: dict[str, Any] = {
        "decide_us": decisions(quick=quick),
        "command": command(rounds=5 if quick else 15),
        "ledger": {},
    }
    with ledger.databases(postgresql) as makers:
        for make in makers:
            with closing(make()) as bench:
                found["ledger"][bench.name] = ledger.measure(bench, quick=quick)
    return found


def rows(found: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    """What was measured, the figure, and what is wanted."""
    for facts, took in found["decide_us"].items():
        wanted = "20 ms" if facts == "1000" else ""
        yield f"decide, a case of {int(facts):,} facts", f"{took / 1000:.2f} ms", wanted
    told = found["command"]
    figure = (
        f"{told['upheld_help_ms']} ms, bare {told['bare_python_ms']} ms: + {told['more_ms']} ms"
    )
    yield "upheld --help", figure, f"+ {HELP_MORE_MS} ms"
    for name, of in found["ledger"].items():
        yield from _of_ledger(name, of)


def _of_ledger(name: str, found: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    for label, wanted in (("one_a_commit", ""), ("fifty_a_commit", "3.0 x raw")):
        of = found[label]
        figure = (
            f"{of['ledger_per_second']:,}/s, raw {of['raw_per_second']:,}/s: {of['ratio']} x raw"
        )
        yield f"{name}: events, {label.replace('_', ' ')}", figure, wanted
    cold = found["fifty_cold_per_second"]
    yield f"{name}: events, fifty a commit, 20 facts read anew", f"{cold:,}/s", ""
    for how in ("together", "scattered"):
        sizes = found[f"sweep_of_100_{how}_ms"].items()
        shown = ", ".join(f"{took} ms of {int(size):,}" for size, took in sizes)
        wanted = "x 1.3" if how == "together" else ""
        yield (
            f"{name}: sweep of 100 due, {how}",
            f"{shown}: x {found[f'sweep_{how}_ratio']}",
            wanted,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller tables")
    parser.add_argument("--json", action="store_true", help="one object, for machines")
    parser.add_argument("--postgresql", metavar="URL", help="postgresql://user@host/database")
    options = parser.parse_args()
    found = measure(options.postgresql, quick=options.quick)
    if options.json:
        print(json.dumps(found))
        return
    for what, figure, wanted in rows(found):
        print(f"{what:58} {figure}" + (f"  (wanted: at most {wanted})" if wanted else ""))


if __name__ == "__main__":
    main()
