"""A schedule as PagerDuty's REST API gives it: ``GET /schedules/{id}``.

Its layers come with the uppermost first, as PagerDuty's own clients read them; where the answer holds the
``final_schedule`` of a period (asked with ``since`` and ``until``), the caller can hold ours against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from upheld.calendar.instant import SECOND, Instant, instant, iso
from upheld.calendar.wall import MINUTES_A_DAY, zone_named
from upheld.case.override import Override
from upheld.directory.brought import Brought, Crew, merged, slug, stretches, turns, wall
from upheld.directory.build import rotation_of
from upheld.directory.model import Person
from upheld.directory.rotation import Shift
from upheld.directory.written import RotationEntry
from upheld.errors import ConfigError


def from_pagerduty(
    exported: Mapping[str, Any], people: Iterable[Person], like: Override
) -> Brought:
    """One schedule as a rotation, and its overrides that are to come.

    ``ConfigError`` for what can't be said here, and where PagerDuty's own rendering, if the export holds
    one, has somebody else on duty.
    """
    schedule = exported.get("schedule", exported)
    zone = zone_named(str(schedule["time_zone"]))
    name = like.rotation or slug(str(schedule.get("name") or schedule.get("summary") or "on-call"))
    crew = Crew(people)
    standing = [each for each in schedule["schedule_layers"] if not _over(each, zone, like.at)]
    layers = [_layer(each, zone, crew) for each in standing]
    if not layers:
        raise ConfigError(f"schedule {name!r} has no layer that still runs")
    rotation = layers[0] if len(layers) == 1 else {"layers": layers}
    overrides = tuple(_overrides(schedule, crew, zone, replace(like, rotation=name)))
    found = Brought(crew.new, {name: {**rotation, "zone": zone.key}}, {}, overrides)
    _compared(found, name, tuple(_rendered(schedule.get("final_schedule"), crew, zone)), like.at)
    return found


def _compared(found: Brought, name: str, theirs: tuple[Shift, ...], now: Instant) -> None:
    """Hold ours against what PagerDuty renders: the order of layers is nowhere documented."""
    ours = rotation_of(name, RotationEntry.model_validate(found.rotations[name]), "UTC")
    for each in theirs:
        for at in (each.since, each.until - SECOND):
            person = ours.on_duty(at, found.overrides)
            if at >= now and person != each.person:
                raise ConfigError(
                    f"at {iso(at)} PagerDuty has {each.person} on duty, and these layers {person}",
                    do_next="write this rotation by hand, and compare it with `upheld oncall show`",
                )


def _over(layer: Mapping[str, Any], zone: ZoneInfo, now: Instant) -> bool:
    end = layer.get("end")
    return bool(end) and instant(wall(str(end), zone)) <= now


def _layer(layer: Mapping[str, Any], zone: ZoneInfo, crew: Crew) -> dict[str, Any]:
    if layer.get("end"):
        raise ConfigError(
            f"layer {layer.get('name')!r} ends on {layer['end']}",
            do_next="end it in PagerDuty, export again, and import its successor",
        )
    start = layer.get("rotation_virtual_start") or layer["start"]
    people = [_user(each["user"], crew) for each in layer["users"]]
    found = {
        "people": people,
        **turns(str(start), int(layer["rotation_turn_length_seconds"]), zone),
    }
    hours = [week for each in layer.get("restrictions") or () for week in _restricted(each)]
    return found | ({"hours": merged(hours)} if hours else {})


def _restricted(restriction: Mapping[str, Any]) -> Iterator[dict[str, list[str]]]:
    """``daily_restriction`` holds every day, ``weekly_restriction`` from one weekday (1 is Monday)."""
    hour, minute = map(int, str(restriction["start_time_of_day"]).split(":")[:2])
    length = int(restriction["duration_seconds"]) // 60
    weekly = restriction["type"] == "weekly_restriction"
    days = [int(restriction["start_day_of_week"]) - 1] if weekly else range(7)
    for day in days:
        yield stretches(day * MINUTES_A_DAY + hour * 60 + minute, length)


def _overrides(
    schedule: Mapping[str, Any], crew: Crew, zone: ZoneInfo, like: Override
) -> Iterator[Override]:
    for each in _rendered(schedule.get("overrides_subschedule"), crew, zone):
        if each.until > like.at and each.person is not None:
            yield replace(like, person=each.person, since=each.since, until=each.until)


def _rendered(found: Any, crew: Crew, zone: ZoneInfo) -> Iterator[Shift]:
    for each in (found or {}).get("rendered_schedule_entries") or ():
        since, until = (instant(wall(str(each[key]), zone)) for key in ("start", "end"))
        yield Shift(since, until, _user(each["user"], crew))


def _user(user: Mapping[str, Any], crew: Crew) -> str:
    return crew.id(str(user.get("summary") or user["id"]), pagerduty=str(user["id"]))
