"""Seconds for a thousand cases of a month through ``upheld policy test``.

    python benchmarks/scenarios.py [--cases 1000] [--policy magnolia] [--json]

A hundredth are Severity 1 (worked within the hour, closed after a few), the rest are answered within a
day or two and closed within a week: what a support team sees. The file is read, the cases are lived through
by the real engine, and messages are merged, in one process.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from upheld.calendar.instant import DAY, iso, parse
from upheld.engine.terms import compile_terms
from upheld.policy import load_shipped
from upheld.rehearsal.document import document
from upheld.rehearsal.read import scenarios
from upheld.rehearsal.scenario import Scenario
from upheld.rehearsal.stage import play

START = parse("2026-03-01T00:00:00Z")
CUSTOMERS = {"acme": {"contacts": {"contact": "pat@acme.example"}}}


def story(cases: int, policy: str) -> str:
    """A file of so many cases."""
    chance = Random(7)
    facts = [fact for number in range(cases) for fact in case(f"c{number}", chance)]
    data = {
        "policy": policy,
        "customers": CUSTOMERS,
        "facts": facts,
        "until": iso(START + 31 * DAY),
    }
    return json.dumps(data)


def case(name: str, chance: Random) -> list[dict[str, Any]]:
    """A case's month: opened, triaged, worked, answered now and then, resolved, closed."""
    opened = START + chance.randrange(30 * DAY)
    severity = 1 if chance.random() < 0.01 else chance.choice((2, 3))
    hours = 1 if severity == 1 else 24
    answers = [round(chance.uniform(0.2, 4) * hours * 60) for _ in range(chance.randrange(1, 5))]
    closed = max(answers) + 60 * hours
    return [
        {
            "at": iso(opened),
            "case": name,
            "fact": "opened",
            "customer": "acme",
            "text": "It is slow",
        },
        {"at": "+10m", "case": name, "fact": "triaged", "severity": severity, "number": name},
        {"at": "+15m", "case": name, "fact": "worked"},
        *(
            {"at": f"+{m}m", "case": name, "fact": "public_reply", "text": "so far"}
            for m in answers
        ),
        {"at": f"+{closed}m", "case": name, "fact": "resolved"},
        {"at": f"+{closed + 30}m", "case": name, "fact": "closed"},
    ]


def read(text: str) -> tuple[float, Scenario]:
    """When reading began, and the scenario that came of it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "month.json")
        file.write_text(text, encoding="utf-8")
        began = time.perf_counter()
        (found,) = scenarios(document(file))
    return began, found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--policy", default="magnolia")
    parser.add_argument("--json", action="store_true", help="one object, for machines")
    options = parser.parse_args()
    began, found = read(story(options.cases, options.policy))
    reading = time.perf_counter() - began
    terms = compile_terms(load_shipped(found.policy))
    played = play(terms, found.directory, tuple(found.facts.items()), found.until)
    done = time.perf_counter()
    figures = {
        "cases": options.cases,
        "facts": sum(len(facts) for facts in found.facts.values()),
        "messages": len(played.messages),
        "seconds": round(done - began, 1),
        "reading_seconds": round(reading, 1),
    }
    print(json.dumps(figures) if options.json else figures)


if __name__ == "__main__":
    main()
