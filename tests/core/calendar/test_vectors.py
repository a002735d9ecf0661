"""Figures from the calendars of other help desks: vectors.json says what they are."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from upheld.calendar import Calendar, CalendarSpec, compile_calendar
from upheld.calendar.instant import SECOND, iso, parse
from upheld.calendar.wall import from_wall, zone_named

_VECTORS: Final = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))


def _calendar(name: str) -> Calendar:
    written = _VECTORS["calendars"][name]
    return compile_calendar(
        CalendarSpec(
            name,
            zone=written["zone"],
            week={days: tuple(hours) for days, hours in written["week"].items()},
            holidays=tuple(written.get("holidays", ())),
        )
    )


def _each(kind: str) -> pytest.MarkDecorator:
    rows = _VECTORS[kind]
    names = [f"{row.get('calendar', row.get('zone'))}-{n}" for n, row in enumerate(rows)]
    return pytest.mark.parametrize("row", rows, ids=names)


@_each("adds")
def test_a_length_is_due_when(row: dict[str, Any]) -> None:
    calendar = _calendar(row["calendar"])
    assert iso(calendar.add(parse(row["from"]), row["seconds"] * SECOND)) == row["due"]


@_each("adds")
def test_what_is_due_then_has_run_for_just_that_long(row: dict[str, Any]) -> None:
    calendar = _calendar(row["calendar"])
    assert calendar.elapsed(parse(row["from"]), parse(row["due"])) == row["seconds"] * SECOND


@_each("measures")
def test_so_much_time_runs_between(row: dict[str, Any]) -> None:
    calendar = _calendar(row["calendar"])
    paused = sum(calendar.elapsed(parse(a), parse(b)) for a, b in row.get("without", ()))
    whole = calendar.elapsed(parse(row["from"]), parse(row["until"]))
    assert whole - paused == row["seconds"] * SECOND


@_each("backs")
def test_so_long_before_is(row: dict[str, Any]) -> None:
    calendar = _calendar(row["calendar"])
    assert iso(calendar.back(parse(row["until"]), row["seconds"] * SECOND)) == row["from"]


@_each("walls")
def test_a_wall_time_is_the_instant(row: dict[str, Any]) -> None:
    wall = datetime.fromisoformat(row["wall"])
    minutes = wall.hour * 60 + wall.minute
    found = from_wall(wall.date(), minutes, zone_named(row["zone"])) + wall.second * SECOND
    assert iso(found) == row["instant"]


@_each("paused")
def test_pauses_count_working_time_only(row: dict[str, Any]) -> None:
    calendar, at, left = _calendar(row["calendar"]), parse(row["from"]), row["seconds"] * SECOND
    for begin, end in row["pauses"]:
        left -= calendar.elapsed(at, parse(begin))
        at = parse(end)
    assert iso(calendar.add(at, left)) == row["due"]


@_each("openings")
def test_it_opens_at(row: dict[str, Any]) -> None:
    assert iso(_calendar(row["calendar"]).opens(parse(row["at"]))) == row["opens"]
