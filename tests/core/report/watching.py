"""Lives of monitors for the tests of availability: facts at times of a wall, or from readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

from upheld.calendar.instant import HOUR, Instant, instant
from upheld.case.events import UPHELD, Body, Event, Raised, Turned
from upheld.case.monitor import Cadence, Seen, Sight, Tally
from upheld.engine.counting import count as counted
from upheld.report.availability import Target
from upheld.report.uptime import Stretch, uptime

PRAGUE = "Europe/Prague"


def wall(text: str, zone: str = PRAGUE) -> Instant:
    """``2026-11-03 10:00`` on the clocks of a zone."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


_NUMBERS = count(1)


def fact(at: Instant, body: Body) -> Event:
    return Event(f"e{next(_NUMBERS):06}", at, at, UPHELD, body)


def turned(
    at: str, state: str, *, since: str = "", excuse: str = "", case: str | None = None
) -> list[Event]:
    """A turn, with the case that it opened."""
    when = wall(at)
    body = Turned(state, "", wall(since) if since else when, excuse=excuse)
    found = [fact(when, body)]
    return [*found, fact(when, Raised(case))] if case else found


def life(*facts: Sequence[Event], until: str, known: str = "") -> list[Stretch]:
    flat = [each for some in facts for each in some]
    return uptime(flat, wall(until), wall(known) if known else None)


def hours(found: Iterable[Stretch]) -> list[tuple[str, float]]:
    """What it was, and for how many hours."""
    return [(each.health.value, each.length / HOUR) for each in found]


def target(name: str, stretches: Sequence[Stretch], **more: str | bool | None) -> Target:
    return Target(name, name, PRAGUE, tuple(stretches), **more)  # type: ignore[arg-type]


def facts_of(cadence: Cadence, readings: Iterable[tuple[Seen, Sight]]) -> Iterator[Event]:
    """What counting makes of readings."""
    tally = Tally()
    for seen, sight in readings:
        found = counted(cadence, tally, seen, sight)
        tally = found.tally
        if found.turned is not None:
            yield fact(seen.at, found.turned)
