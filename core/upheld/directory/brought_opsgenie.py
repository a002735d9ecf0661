"""A schedule as Opsgenie's API gives it: ``GET /v2/schedules/{id}``, or a file of its backup tool.

All rotations of a schedule there are on duty at once. Here a rotation has one person at any instant, so
each becomes a rotation of its own, and a role names them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import instant
from upheld.calendar.wall import MINUTES_A_DAY, zone_named
from upheld.calendar.week import WEEKDAYS
from upheld.case.override import Override
from upheld.directory.brought import (
    DAY_SECONDS,
    Brought,
    Crew,
    merged,
    slug,
    stretches,
    turns,
    wall,
)
from upheld.directory.model import Person
from upheld.errors import ConfigError

_SECONDS: Final = {"hourly": 3600, "daily": DAY_SECONDS, "weekly": 7 * DAY_SECONDS}


def from_opsgenie(exported: Mapping[str, Any], people: Iterable[Person], like: Override) -> Brought:
    """One schedule as rotations and the role that names them; ``ConfigError`` for what doesn't fit."""
    schedule = exported.get("data", exported)
    zone = zone_named(str(schedule.get("timezone", "UTC")))
    name = like.rotation or slug(str(schedule["name"]))
    crew = Crew(people)
    standing = [each for each in schedule["rotations"] if not _over(each, zone, like)]
    if not standing:
        raise ConfigError(f"schedule {name!r} has no rotation that still runs")
    if len(standing) == 1:
        return Brought(crew.new, {name: _rotation(standing[0], zone, crew)})
    rotations = {
        f"{name}-{slug(str(each.get('name') or number))}": _rotation(each, zone, crew)
        for number, each in enumerate(standing, 1)
    }
    return Brought(crew.new, rotations, {name: tuple(rotations)})


def _over(rotation: Mapping[str, Any], zone: ZoneInfo, like: Override) -> bool:
    end = rotation.get("endDate")
    return bool(end) and instant(wall(str(end), zone)) <= like.at


def _rotation(rotation: Mapping[str, Any], zone: ZoneInfo, crew: Crew) -> dict[str, Any]:
    what = f"rotation {rotation.get('name')!r}"
    if rotation.get("endDate"):
        raise ConfigError(f"{what} ends on {rotation['endDate']}", do_next="import its successor")
    if rotation.get("type") not in _SECONDS:
        raise ConfigError(f"{what} is of type {rotation.get('type')!r}, which is not known")
    seconds = _SECONDS[rotation["type"]] * int(rotation.get("length", 1))
    people = [_person(each, what, crew) for each in rotation["participants"]]
    found = {"people": people, **turns(str(rotation["startDate"]), seconds, zone), "zone": zone.key}
    hours = list(_restricted(rotation.get("timeRestriction") or {}))
    return found | ({"hours": merged(hours)} if hours else {})


def _person(participant: Mapping[str, Any], what: str, crew: Crew) -> str:
    if participant.get("type") != "user":
        raise ConfigError(
            f"{what} has a {participant.get('type')} among its participants",
            do_next="only people take turns here: name the people",
        )
    mail = str(participant["username"])
    return crew.id(mail, mail=mail)


def _restricted(restriction: Mapping[str, Any]) -> Iterator[dict[str, list[str]]]:
    """``time-of-day`` holds every day; the other kind runs on from one weekday's time to another's."""
    if restriction.get("type") == "time-of-day":
        for day in range(7):
            yield _between(restriction["restriction"], day, day)
    for each in restriction.get("restrictions") or ():
        first, last = (WEEKDAYS.index(str(each[key])[:3].lower()) for key in ("startDay", "endDay"))
        yield _between(each, first, last)


def _between(hours: Mapping[str, Any], first: int, last: int) -> dict[str, list[str]]:
    start = first * MINUTES_A_DAY + int(hours["startHour"]) * 60 + int(hours["startMin"])
    end = last * MINUTES_A_DAY + int(hours["endHour"]) * 60 + int(hours["endMin"])
    again = MINUTES_A_DAY if first == last else 7 * MINUTES_A_DAY
    return stretches(start, end - start if end > start else end - start + again)
