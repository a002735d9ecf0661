"""An office in Prague, with a holiday, and targets in its hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from tests.core.engine.scene import BO, OPENED, PAT, Case
from upheld.calendar.instant import Instant, instant, moment
from upheld.case.clock import ClockRun
from upheld.case.events import Body, CustomerMessage, SeveritySet
from upheld.engine.terms import Terms, compile_terms
from upheld.policy import load_policy

_ZONE: Final = ZoneInfo("Europe/Prague")
_HEAD: Final = """
policy: Prague
calendars:
  office:
    zone: Europe/Prague
    week: {mon-fri: "08:00-17:00"}
    holidays: {days: {2026-05-01: Labour Day, 2026-05-08: }}
severities: {1: {name: critical}, 2: {name: high}, 3: {name: medium}}
roles: {lead: Team lead}
document:
- heading: All
  clauses:
"""


def prague(*rules: str) -> Terms:
    """A policy with one clause a rule, A-1, A-2 …, each a flow of keys."""
    lines = [f"  - {{id: A-{n}, says: A promise., {rule}}}" for n, rule in enumerate(rules, 1)]
    return compile_terms(load_policy(_HEAD + "\n".join(lines)))


def wall(text: str) -> Instant:
    """``2026-03-02 10:00`` on the wall in Prague."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=_ZONE))


def shown(at: Instant | None) -> str:
    """An instant as the wall in Prague shows it."""
    return "never" if at is None else f"{moment(at).astimezone(_ZONE):%Y-%m-%d %H:%M}"


def opened(terms: Terms, when: str, *, severity: int | None = 1) -> Case:
    """A case that is opened then, and enforced."""
    at = wall(when)
    case = Case(terms, replace(OPENED, enforced_from=at), opened_at=at)
    if severity is not None:
        case.happens(SeveritySet(severity), at)
    return case


def tell(case: Case, *news: tuple[str, Body]) -> None:
    """What happened, at wall times, by staff or (messages) by the customer."""
    for when, body in news:
        case.happens(body, wall(when), by=PAT if isinstance(body, CustomerMessage) else BO)


def runs(case: Case, until: str, clause: str = "A-1") -> list[ClockRun]:
    """The cycles of a clause's clock."""
    return [run for run in case.life(wall(until)).clocks if run.clause == clause]


def due(case: Case, until: str, clause: str = "A-1") -> str:
    """When the last cycle is due."""
    return shown(runs(case, until, clause)[-1].due)
