"""Who is on duty as an iCalendar (RFC 5545): written for people's calendars, read from other systems.

What is read are single events: other systems export each turn by itself. An event that comes again is
refused, since its occurrences depend on rules that a person should see as turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import Instant, instant, iso, moment
from upheld.case.override import Override
from upheld.directory.model import Person
from upheld.directory.rotation import Shift
from upheld.errors import ConfigError

_PRODUCT: Final = "-//Upheld//on-call//EN"


def write_feed(
    site: str,
    shifts: Mapping[str, Iterable[Shift]],
    people: Mapping[str, Person],
    now: Instant,
) -> str:
    """The shifts of each rotation as an iCalendar, gaps left out. A turn keeps its UID, so that a
    calendar that reads it again moves it and makes no second one."""
    from icalendar import Calendar

    feed = Calendar()
    feed.add("prodid", _PRODUCT)
    feed.add("version", "2.0")
    for rotation, stretches in shifts.items():
        for each in stretches:
            if each.person is not None and each.person in people:
                feed.add_component(_event(site, rotation, each, people[each.person], now))
    return str(feed.to_ical().decode("utf-8"))


def _event(site: str, rotation: str, shift: Shift, person: Person, now: Instant) -> Any:
    from icalendar import Event, vCalAddress

    event = Event()
    event.add("uid", f"{rotation}/{iso(shift.since)}@{site}")
    event.add("dtstamp", moment(now))
    event.add("dtstart", moment(shift.since))
    event.add("dtend", moment(shift.until))
    event.add("summary", f"{rotation}: {person.name}")
    if "mail" in person.addresses:
        event.add("attendee", vCalAddress(f"mailto:{person.addresses['mail']}"))
    return event


def read_feed(
    text: str, people: Mapping[str, Person], zone: str, like: Override
) -> tuple[Override, ...]:
    """Each event that is to come as an override of ``like.rotation``; what is over is left out.

    Whose it is, is told by the mail address of its attendee or organizer, else by its summary: an id
    or a name, alone or after a colon. ``ConfigError`` holds every event that can't be read.
    """
    from icalendar import Calendar

    try:
        feed = Calendar.from_ical(text)
    except ValueError as error:
        raise ConfigError(f"is no iCalendar: {error}", do_next="export it again") from None
    reading = _Reading(people, ZoneInfo(zone), like)
    return reading.all(feed.walk("VEVENT"))


class _Reading:
    """Reads events, and keeps what is wrong with them."""

    def __init__(self, people: Mapping[str, Person], zone: ZoneInfo, like: Override) -> None:
        self._zone, self._like = zone, like
        self._names = {
            name.casefold(): person.id
            for person in people.values()
            for name in (person.id, person.name, person.addresses.get("mail", person.id))
        }

    def all(self, events: Iterable[Any]) -> tuple[Override, ...]:
        found: list[Override] = []
        problems: list[ConfigError] = []
        for event in events:
            try:
                found += self._one(event)
            except (ValueError, KeyError, TypeError) as error:
                problems.append(ConfigError(f"event {_name(event)!r}: {_said(error)}"))
        if problems:
            raise ConfigError.several(tuple(problems))
        return tuple(found)

    def _one(self, event: Any) -> Iterator[Override]:
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            return
        if "RRULE" in event or "RDATE" in event:
            raise ValueError("comes again: export each turn as an event of its own")
        since, until = self._instant(event.start), self._instant(event.end)
        if since >= until:
            raise ValueError("ends before it begins")
        if until > self._like.at:
            like = self._like
            yield Override(
                0, like.rotation, self._person(event), since, until, like.by, like.reason, like.at
            )

    def _instant(self, when: date | datetime) -> Instant:
        if not isinstance(when, datetime):
            when = datetime.combine(when, time())
        return instant((when if when.tzinfo else when.replace(tzinfo=self._zone)).astimezone(UTC))

    def _person(self, event: Any) -> str:
        for name in _whose(event):
            if name.casefold() in self._names:
                return self._names[name.casefold()]
        raise ValueError(f"nobody of `people` is {' or '.join(_whose(event)) or 'named'}")


def _whose(event: Any) -> tuple[str, ...]:
    """The names that an event gives, surest first."""
    attendees = event.get("ATTENDEE", [])
    mails = [*(attendees if isinstance(attendees, list) else [attendees]), event.get("ORGANIZER")]
    summary = str(event.get("SUMMARY", "")).strip()
    named = [str(each).lower().removeprefix("mailto:") for each in mails if each]
    after = summary.rpartition(":")[2].strip()
    return tuple(each for each in dict.fromkeys((*named, summary, after)) if each)


def _name(event: Any) -> str:
    return str(event.get("SUMMARY") or event.get("UID") or "without a name")


def _said(error: Exception) -> str:
    return f"has no {error}" if isinstance(error, KeyError) else str(error)
