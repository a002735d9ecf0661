"""A rehearsal as plain values, for machines."""

from __future__ import annotations

from typing import Any

from upheld.calendar.instant import SECOND, Instant, iso
from upheld.case.clock import ClockRun
from upheld.rehearsal.compare import Compared
from upheld.rehearsal.messages import Said
from upheld.rehearsal.scenario import ExpectedClock, ExpectedMessage, Scenario
from upheld.rehearsal.stage import Played


def as_plain(scenario: Scenario, played: Played, found: Compared) -> dict[str, Any]:
    """What came, and where anything was expected, what of that did not; instants in ISO 8601."""
    told = {
        "name": scenario.name,
        "messages": [message(each) for each in played.messages],
        "clocks": [clock(case, run) for case, run in played.clocks],
    }
    if not scenario.compares:
        return told
    return told | {
        "ok": found.ok,
        "missing": [expected(each) for each in found.missing],
        "unexpected": [message(each) for each in found.unexpected],
        "late": [{**expected(each), "came": iso(said.at)} for each, said in found.late],
        "wrong_clocks": [
            {"expected": expected_clock(each), "got": clock(each.case, run) if run else None}
            for each, run in found.clocks
        ],
    }


def message(said: Said) -> dict[str, Any]:
    """``late`` in seconds, only where it was."""
    told = {
        "at": iso(said.at),
        "case": said.case,
        "to": said.to,
        "purpose": said.purpose.value,
        "clauses": list(said.clauses),
    }
    return told | {"late": said.late // SECOND} if said.late else told


def clock(case: str, run: ClockRun) -> dict[str, Any]:
    """How a clock stands at the end."""
    return {
        "case": case,
        "clause": run.clause,
        "target": run.target,
        "cycle": run.cycle,
        "due": _maybe(run.due),
        "verdict": run.state.value,
        "met_at": _maybe(run.met_at),
    }


def expected(wanted: ExpectedMessage) -> dict[str, Any]:
    """An expectation, as it was written."""
    return {
        "at": iso(wanted.at),
        "case": wanted.case,
        "to": wanted.to,
        "purpose": wanted.purpose.value,
        "clauses": None if wanted.clauses is None else sorted(wanted.clauses),
    }


def expected_clock(wanted: ExpectedClock) -> dict[str, Any]:
    """An expectation, as it was written."""
    return {
        "case": wanted.case,
        "clause": wanted.clause,
        "target": wanted.target,
        "cycle": wanted.cycle,
        "due": _maybe(wanted.due),
        "verdict": wanted.verdict,
        "met_at": _maybe(wanted.met_at),
    }


def _maybe(at: Instant | None) -> str | None:
    return None if at is None else iso(at)
