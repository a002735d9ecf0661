"""Recurrences of RFC 5545, on the wall of a zone. Whether one ever comes is looked at before it is
followed, since a rule for 30 February is otherwise searched until the year 9999."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY: Final = ("BYMONTHDAY", "BYDAY", "BYYEARDAY", "BYWEEKNO")
_TOO_OFTEN: Final = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_DAY: Final = timedelta(days=1)


def followed(rule: Any, first: datetime, zone: tzinfo | None, last: datetime) -> Any:
    """A recurrence (icalendar's ``vRecur``) as dateutil follows it, from ``first`` to ``last``: both and all
    that comes of it naive, as the wall of ``zone`` shows them. ``ValueError`` where it can't be followed."""
    from dateutil.rrule import rrulestr

    if _TOO_OFTEN & {str(each).upper() for each in rule.get("FREQ", ())}:
        raise ValueError("it comes again within a day")
    until = [on_wall(each, zone) for each in _list(rule.get("UNTIL", []))]
    if until and not isinstance(_list(rule["UNTIL"])[0], datetime):
        until = [until[0] + _DAY - timedelta(minutes=1)]
    parts = rule.to_ical().decode().split(";")
    text = ";".join(part for part in parts if not part.upper().startswith("UNTIL="))
    found = rrulestr(text, dtstart=first)
    return found if "COUNT" in rule else found.replace(until=min([*until, last]))


def on_wall(when: date, zone: tzinfo | None) -> datetime:
    """As the wall of a zone shows it; a day is its midnight."""
    if not isinstance(when, datetime):
        return datetime.combine(when, time())
    if when.tzinfo is not None and zone is not None:
        when = when.astimezone(zone)
    return when.replace(tzinfo=None)


def comes(rule: Mapping[str, Any], first: date, last: date) -> bool:
    """Whether some day from ``first`` to ``last`` has all that the rule asks of a day by itself.

    True says no more than that it is worth following: positions in a set, weeks and steps of days are
    not looked at.
    """
    asked = _asked(rule, first)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return any(_fits(asked, first, day) for day in days)


def _asked(rule: Mapping[str, Any], first: date) -> dict[str, tuple[Any, ...]]:
    """The parts of a rule as lists, with the day of the month (and the month) that is meant where none
    is said."""
    asked = {key: tuple(_list(rule[key])) for key in rule}
    often = str(asked.get("FREQ", ("",))[0]).upper()
    asked["FREQ"] = (often,)
    if often in {"YEARLY", "MONTHLY"} and not any(key in asked for key in _BY_DAY):
        asked["BYMONTHDAY"] = (first.day,)
        if often == "YEARLY":
            asked.setdefault("BYMONTH", (first.month,))
    return asked


def _fits(asked: Mapping[str, tuple[Any, ...]], first: date, day: date) -> bool:
    step = int(asked.get("INTERVAL", (1,))[0])
    begun = {
        "YEARLY": day.year - first.year,
        "MONTHLY": (day.year - first.year) * 12 + day.month - first.month,
    }.get(asked["FREQ"][0], 0)
    following = day.replace(day=28) + timedelta(days=4)
    month = (following - timedelta(days=following.day)).day
    year, days = day.timetuple().tm_yday, date(day.year, 12, 31).timetuple().tm_yday
    return (
        begun % step == 0
        and _one_of(asked.get("BYMONTH"), {day.month})
        and _one_of(asked.get("BYMONTHDAY"), {day.day, day.day - month - 1})
        and _one_of(asked.get("BYYEARDAY"), {year, year - days - 1})
        and _weekday(asked.get("BYDAY"), day)
    )


def _one_of(wanted: tuple[Any, ...] | None, has: set[int]) -> bool:
    return wanted is None or any(int(each) in has for each in wanted)


def _weekday(wanted: tuple[Any, ...] | None, day: date) -> bool:
    return wanted is None or any(str(each)[-2:] == _WEEKDAYS[day.weekday()] for each in wanted)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
