"""Cases with one clock or two, and how a clock ran."""

from __future__ import annotations

from tests.core.engine.scene import Case, at, terms
from upheld.calendar.instant import HOUR
from upheld.case.clock import ClockRun
from upheld.case.events import (
    PublicReply,
    SeveritySet,
    WaitingOn,
)

RESPONSE = "target: first_response, within: 4 hours"
PAUSED = f"{RESPONSE}, pause_while: {{waiting: customer}}"
REPLY = PublicReply("hello")
WAIT = WaitingOn("customer")


def case_of(*rules: str) -> Case:
    return Case(terms(*rules))


def states(run: ClockRun) -> list[tuple[str, float]]:
    """(state, hours since the start) of each segment."""
    return [(each.state.value, (each.begins - at()) / HOUR) for each in run.segments]


def two(**options: str) -> Case:
    """Severity 1 within an hour, severity 2 within four; severity 2 by now."""
    more = "".join(f", {key}: {value}" for key, value in options.items())
    case = case_of(
        f"target: first_response, for: {{severity: 1}}, within: 1 hours{more}",
        f"target: first_response, for: {{severity: 2}}, within: 4 hours{more}",
    )
    case.happens(SeveritySet(2), at())
    return case
