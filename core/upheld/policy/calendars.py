"""Calendars from a policy file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from upheld.calendar import CalendarSpec, HolidaySource, compile_calendar
from upheld.calendar.holiday import of_country
from upheld.errors import ConfigError
from upheld.policy.reader import Node
from upheld.policy.times import Elapsed

KEYS: Final = ("hours", "zone", "week", "holidays", "extra", "day")
HOLIDAYS: Final = ("country", "subdivision", "observed", "feed", "days")


def read_calendar(name: str, node: Node) -> CalendarSpec:
    """A calendar as it is written, tried out: what can't be reckoned with is an error here."""
    before = len(node.reader.problems)
    spec = _spec(name, node)
    if len(node.reader.problems) == before:
        try:
            compile_calendar(replace(spec, holiday_source=None))
        except ConfigError as error:
            node.wrong(error.what, error.do_next)
    return spec


def _spec(name: str, node: Node) -> CalendarSpec:
    if not node.keys(KEYS):
        return CalendarSpec(name)
    hours = node.at("hours")
    if hours.value not in (None, "24x7"):
        hours.wrong("can only be `24x7`", "write `week:` for working hours")
    if (hours.value is None) == (not node.has("week")):
        node.wrong("needs either `hours: 24x7` or `week`")
    holidays = node.at("holidays")
    apart = isinstance(holidays.value, Mapping)
    names = _names(holidays.at("days") if apart else holidays)
    return CalendarSpec(
        name,
        always=hours.value is not None,
        zone=node.at("zone").text("UTC"),
        week={str(key): inside.texts() for key, inside in node.at("week").entries()},
        holidays=tuple(names),
        names={day: called for day, called in names.items() if called},
        extra={str(key): inside.texts() for key, inside in node.at("extra").mapping()},
        holiday_source=_source(holidays) if apart else None,
        day=_day(node.at("day")),
    )


def _names(node: Node) -> dict[str, str]:
    """The listed days, each with its name where it has one."""
    if isinstance(node.value, Mapping):
        return {str(day): inside.text() for day, inside in node.mapping()}
    return dict.fromkeys(node.texts(), "")


def _source(node: Node) -> HolidaySource | None:
    if not node.keys(HOLIDAYS):
        return None
    source = HolidaySource(
        country=node.at("country").maybe(),
        subdivision=node.at("subdivision").maybe(),
        observed=node.at("observed").yes(default=True),
        feed=node.at("feed").maybe(),
    )
    if source.country is None:
        for key in ("subdivision", "observed"):
            if node.has(key):
                node.at(key).wrong("is a choice of a country", "add `country`")
    elif not node.at("country").value:
        return None  # told as empty
    try:
        of_country(source)
    except ConfigError as error:
        node.at("country").wrong(error.what, error.do_next)
    return source if source.country or source.feed else None


def _day(node: Node) -> int | None:
    length = node.duration()
    if length is None:
        return None
    if isinstance(length, Elapsed):
        return length.span
    node.wrong("is the length of a working day", "write `9 hours`")
    return None
