"""Lengths and the calendar of a rule, which must fit each other.

``24 hours`` is elapsed and takes no calendar; ``4 business hours`` and ``1 business day`` need one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from upheld.calendar import CalendarSpec, compile_calendar
from upheld.policy.desks import DESK, Desk
from upheld.policy.model import AnyRule, Every, Target, When
from upheld.policy.reader import Finding
from upheld.policy.times import Business, BusinessDays, Duration, Elapsed
from upheld.source import suggest

Calendars: TypeAlias = Mapping[str, CalendarSpec]


def with_desks(calendars: Calendars, desks: Mapping[str, Desk]) -> Calendars:
    """The calendars, and under ``desk`` that of the first desk: what needs one, has one."""
    first = next((each.calendar for each in desks.values() if each.calendar in calendars), None)
    return calendars if first is None else {DESK: calendars[first], **calendars}


def of_desks(calendars: Calendars, desks: Mapping[str, Desk], rule: AnyRule) -> Iterator[Finding]:
    """The calendar of whichever desk has the case: for clocks, and in days only where they are as long."""
    if getattr(rule, "calendar", None) != DESK or DESK in calendars:
        return
    if not isinstance(rule, Target):
        yield DESK, "only a target runs on the calendar of the desk", suggest("", calendars)
    lasting = {
        _day(calendars[each.calendar]) for each in desks.values() if each.calendar in calendars
    }
    for length in lengths(rule) if len(lasting) > 1 else ():
        if isinstance(length, BusinessDays):
            what = f"{length.text!r} is not as long at each desk"
            yield length.text, what, "write it in business hours"


def unfit_lengths(calendars: Calendars, rule: AnyRule) -> Iterator[Finding]:
    """Business time without a calendar, a calendar without business time, and the two mixed."""
    name: str | None = getattr(rule, "calendar", None)
    if name is not None and name not in calendars:
        yield name, f"there is no calendar {name!r}", suggest(name, calendars)
        return
    if name is None and (hours := _of_hours(rule)):
        yield hours, f"{hours!r} needs `calendar`", suggest("", calendars)
    business = [length for length in lengths(rule) if not isinstance(length, Elapsed)]
    for length in business:
        yield from _measured(calendars, name, length)
    if name is not None and lengths(rule) and not business and not _of_hours(rule):
        text = lengths(rule)[0].text
        yield name, f"{text!r} is elapsed time and takes no calendar", _choice(text)
    yield from _mixed(rule)
    if isinstance(rule, Target):
        yield from _of_target(calendars, rule)


def lengths(rule: AnyRule) -> tuple[Duration, ...]:
    """The durations that are measured on the rule's calendar, or need none."""
    found = [getattr(rule, key, None) for key in ("within", "aim", "after", "every", "first")]
    if isinstance(rule, Every) and rule.ask_ahead is not None:
        found.append(rule.ask_ahead.before)
    if isinstance(rule, When) and rule.before is not None:
        found.append(rule.before.length)
    return tuple(length for length in found if length is not None)


def _measured(
    calendars: Calendars, name: str | None, length: Business | BusinessDays
) -> Iterator[Finding]:
    if name is None:
        yield length.text, f"{length.text!r} needs `calendar`", suggest("", calendars)
    elif isinstance(length, BusinessDays) and _day(calendars[name]) is None:
        what = f"{length.text!r} needs the length of a day, and weekdays of {name!r} differ"
        yield length.text, what, f"add `day: 9 hours` to the calendar {name!r}"


def _day(spec: CalendarSpec) -> int | None:
    return compile_calendar(replace(spec, holiday_source=None)).day


def _of_hours(rule: AnyRule) -> str:
    """What a target says of opening hours beside its length."""
    said = (rule.by, rule.outside_hours) if isinstance(rule, Target) else ()
    return next((each.text for each in said if each is not None), "")


def _of_target(calendars: Calendars, rule: Target) -> Iterator[Finding]:
    """An aim that is no nearer than the limit, and hours outside of what never closes."""
    aim, within = _count(rule.aim), _count(rule.within)
    if rule.aim and type(rule.aim) is type(rule.within) and aim >= within:
        yield rule.aim.text, f"{rule.aim.text!r} is no shorter than `within`", "aim at less"
    spec = calendars.get(rule.calendar or "")
    if rule.outside_hours and spec and _never_closes(spec):
        text = rule.outside_hours.text
        yield text, f"the calendar {spec.name!r} never closes", "leave `outside_hours` out"


def _count(length: Duration | None) -> int:
    """How long it is, among lengths that are measured alike."""
    match length:
        case BusinessDays(days=days):
            return days
        case Elapsed(span=span) | Business(span=span):
            return span
        case None:
            return 0


def _never_closes(spec: CalendarSpec) -> bool:
    return spec.always and not (spec.holidays or spec.holiday_source or spec.extra)


def _choice(text: str) -> str:
    count, _, unit = text.partition(" ")
    return f"write `{count} business {unit}`, or leave `calendar` out"


def _mixed(rule: AnyRule) -> Iterator[Finding]:
    """What belongs to one clock must be measured alike."""
    pair: tuple[Duration | None, Duration | None] = (None, None)
    if isinstance(rule, Target):
        pair = rule.within, rule.aim
    elif isinstance(rule, Every):
        pair = rule.every, rule.first
    one, other = pair
    if one and other and isinstance(one, Elapsed) != isinstance(other, Elapsed):
        what = f"{other.text!r} is not measured as {one.text!r} is"
        yield other.text, what, "write both in business time, or neither"
