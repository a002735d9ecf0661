"""Schedules of other systems as rotations of upheld.yaml.

Each reader (``brought_pagerduty``, ``brought_opsgenie``) takes a system's own JSON; what can't be said in
upheld.yaml is refused with its place, never left out quietly: a person who is silently missing from a
rotation is a page that reaches nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from upheld.calendar.wall import MINUTES_A_DAY
from upheld.calendar.week import WEEKDAYS
from upheld.case.override import Override
from upheld.directory.model import Person
from upheld.errors import ConfigError

DAY_SECONDS: Final = 24 * 60 * 60
_WEEK_MINUTES: Final = 7 * MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class Brought:
    """What goes into upheld.yaml, and the overrides that stand over there."""

    people: Mapping[str, Mapping[str, str]]
    rotations: Mapping[str, Mapping[str, Any]]
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()


class Crew:
    """Finds people of the site by what another system calls them; who is new gets an id."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._known: dict[str, str] = {}
        self._ids = set[str]()
        for person in people:
            self._ids.add(person.id)
            for name in (person.name, *person.addresses.values(), person.id):
                self._known.setdefault(name.casefold(), person.id)
        self.new: dict[str, Mapping[str, str]] = {}

    def id(self, name: str, **addresses: str) -> str:
        """The id of somebody called ``name`` there, with these addresses."""
        found = next(
            (
                self._known[each.casefold()]
                for each in (*addresses.values(), name)
                if each.casefold() in self._known
            ),
            None,
        )
        if found is not None:
            return found
        made = self._free(slug(name))
        self._ids.add(made)
        for each in (*addresses.values(), name):
            self._known[each.casefold()] = made
        self.new[made] = {"name": name, **addresses}
        return made

    def _free(self, wanted: str) -> str:
        numbered = (f"{wanted}-{n}" for n in range(2, len(self._ids) + 3))
        return next(each for each in (wanted, *numbered) if each not in self._ids)


def read_export(exported: Any, people: Iterable[Person], like: Override) -> Brought:
    """A schedule of whichever system wrote it; ``like`` has the rotation's name, or an empty one."""
    from upheld.directory.brought_opsgenie import from_opsgenie
    from upheld.directory.brought_pagerduty import from_pagerduty

    try:
        inner = exported.get("schedule") or exported.get("data") or exported
        if "schedule_layers" in inner:
            return from_pagerduty(exported, people, like)
        if "rotations" in inner:
            return from_opsgenie(exported, people, like)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        lacks = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ConfigError(f"the export {lacks}", do_next="export it again, whole") from None
    raise ConfigError(
        "is no schedule of PagerDuty (`schedule_layers`) or Opsgenie (`rotations`)",
        do_next="export GET /schedules/{id}, or GET /v2/schedules/{id}",
    )


def slug(name: str) -> str:
    """A name as a key: ``Ann Reyes`` is ``ann-reyes``."""
    return re.sub(r"[^a-z0-9]+", "-", name.partition("@")[0].casefold()).strip("-") or "somebody"


def turns(start: str, seconds: int, zone: ZoneInfo) -> dict[str, Any]:
    """``daily`` or ``weekly``, ``every`` and ``starts`` of turns of so many seconds that begin with
    ``start`` (ISO 8601); ``ConfigError`` for what is no whole number of days."""
    if seconds <= 0 or seconds % DAY_SECONDS:
        raise ConfigError(
            f"turns of {seconds / 3600:g} hours are no whole days",
            do_next="write each shift of the day as a layer with its hours",
        )
    first, days = wall(start, zone), seconds // DAY_SECONDS
    clock = f"{first:%H:%M}"
    weekly = days % 7 == 0
    found: dict[str, Any] = (
        {"weekly": f"{WEEKDAYS[first.weekday()].capitalize()} {clock}"}
        if weekly
        else {"daily": clock}
    )
    every = days // 7 if weekly else days
    return found | ({"every": every} if every > 1 else {}) | {"starts": first.date().isoformat()}


def wall(start: str, zone: ZoneInfo) -> datetime:
    """An instant on the wall of a zone."""
    try:
        when = datetime.fromisoformat(start)
    except (ValueError, TypeError):
        raise ConfigError(f"{start!r} is no time") from None
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(zone)


def stretches(begin: int, minutes: int) -> dict[str, list[str]]:
    """A stretch of the week from ``begin`` (minutes after Monday 00:00), day by day."""
    week: dict[str, list[str]] = {}
    end = begin + min(minutes, _WEEK_MINUTES)
    while begin < end:
        day, minute = divmod(begin, MINUTES_A_DAY)
        upto = min(end - day * MINUTES_A_DAY, MINUTES_A_DAY)
        week.setdefault(WEEKDAYS[day % 7], []).append(f"{_clock(minute)}-{_clock(upto)}")
        begin = day * MINUTES_A_DAY + upto
    return week


def merged(weeks: Iterable[Mapping[str, list[str]]]) -> dict[str, Any]:
    """Hours of several stretches, by day; those that are alike every day are said once."""
    found: dict[str, list[str]] = {day: [] for day in WEEKDAYS}
    for week in weeks:
        for day, hours in week.items():
            found[day] += hours
    days = {day: sorted(hours) for day, hours in found.items() if hours}
    if len(days) == 7 and len({tuple(hours) for hours in days.values()}) == 1:
        return {"mon-sun": days["mon"]}
    return days


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
