"""An iCalendar of holidays, read in full: all-day and timed, days that come again, exceptions.

As in RFC 5545: recurrences (RRULE, RDATE) less their exceptions (EXDATE), single ones that were
moved or cancelled (RECURRENCE-ID, STATUS), several days (DTEND, DURATION). Rules are followed on the
wall of the event's own zone; what is written without one is in that of the feed, or of the calendar.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from upheld.calendar.holiday import YEARS, FeedDays
from upheld.calendar.recurrence import comes, followed, on_wall
from upheld.calendar.wall import MINUTES_A_DAY, zone_named
from upheld.calendar.week import Stretch, joined
from upheld.errors import ConfigError

#: A component of ``icalendar``: its properties are of many types, and a broken one raises when it is
#: asked, which ``_told`` tells.
_Event: TypeAlias = Any
#: What began before may last: up to a year of it is read.
_FIRST: Final = datetime(YEARS[0] - 1, 1, 1)  # noqa: DTZ001  on whatever wall
_LAST: Final = datetime(YEARS[-1], 12, 31, 23, 59)  # noqa: DTZ001
#: More than fifty years of closed days: such a feed is no list of holidays.
_MOST: Final = 20_000
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Closing:
    """One occurrence: on the wall of ``zone``, or (None) whole days."""

    start: datetime
    length: timedelta
    zone: tzinfo | None
    name: str


def read_feed(text: str, zone: str) -> FeedDays:
    """What an iCalendar closes from 2000 to 2049, as days and hours on the wall of ``zone``.

    Whatever is in it counts as closed, free or busy: feeds of holidays mark their days either way.
    ``ConfigError`` says which event can't be read; one that holds no event at all is an error too.
    """
    days: dict[str, str] = {}
    hours: defaultdict[date, list[Stretch]] = defaultdict(list)
    for count, closing in enumerate(_closings(text, zone_named(zone))):
        if count >= _MOST:
            raise _wrong(f"closes more than {_MOST} times")
        if closing.zone is None:
            for day in _whole_days(closing):
                days[day.isoformat()] = days.get(day.isoformat()) or closing.name
        else:
            for day, stretch in _pieces(closing, closing.zone, zone_named(zone)):
                hours[day].append(stretch)
    return _folded(days, hours)


def _folded(days: dict[str, str], hours: dict[date, list[Stretch]]) -> FeedDays:
    """Hours that add up to a whole day are one."""
    shut = {day.isoformat(): joined(stretches) for day, stretches in sorted(hours.items())}
    whole = {day: "" for day, stretches in shut.items() if stretches == ((0, MINUTES_A_DAY),)}
    days = {**whole, **days}
    parts = {
        day: tuple(f"{_clock(start)}-{_clock(end)}" for start, end in stretches)
        for day, stretches in shut.items()
        if day not in days
    }
    return FeedDays(dict(sorted(days.items())), parts)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _closings(text: str, zone: ZoneInfo) -> Iterator[_Closing]:
    from icalendar import Calendar

    if not text.rstrip().upper().endswith("END:VCALENDAR"):
        raise _wrong("is no iCalendar, or not all of one", "it ends with END:VCALENDAR")
    try:
        feeds = Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise _wrong("is no iCalendar", str(error).splitlines()[0][:80]) from None
    events: list[tuple[_Event, _Event]] = [
        (feed, event) for feed in feeds for event in feed.walk("VEVENT")
    ]
    if not events:
        raise _wrong("holds no event", "is it the right one?")
    moved: defaultdict[str, list[date]] = defaultdict(list)
    for _, event in events:
        if "RECURRENCE-ID" in event:
            with _told(event):
                moved[str(event.get("UID"))].append(event["RECURRENCE-ID"].dt)
    for feed, event in events:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            yield from _occurrences(event, moved[str(event.get("UID"))], _own(feed, zone))


@contextmanager
def _told(event: _Event) -> Iterator[None]:
    try:
        yield
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        name = str(event.get("SUMMARY", "")).strip()
        raise _wrong(f"has an event {name!r} that can't be read", f"{error}"[:120]) from None


def _own(feed: _Event, zone: ZoneInfo) -> ZoneInfo:
    """The zone of what has none: as the feed says, else the calendar's."""
    named = str(feed.get("X-WR-TIMEZONE", ""))
    try:
        return zone_named(named) if named else zone
    except ConfigError:
        return zone


def _occurrences(event: _Event, moved: Iterable[date], floating: ZoneInfo) -> Iterator[_Closing]:
    with _told(event):
        first = event["DTSTART"].dt
        zone = _zone(first, floating)
        length = _length(event, first, zone)
        starts = _starts(event, on_wall(first, zone), zone, moved)
    for start in starts:
        if length > timedelta():
            yield _Closing(start, length, zone, str(event.get("SUMMARY", "")).strip())


def _zone(first: date, floating: ZoneInfo) -> tzinfo | None:
    return (first.tzinfo or floating) if isinstance(first, datetime) else None


def _length(event: _Event, first: date, zone: tzinfo | None) -> timedelta:
    if "DTEND" in event:
        return on_wall(event["DTEND"].dt, zone) - on_wall(first, zone)
    if "DURATION" in event:
        length: timedelta = event["DURATION"].dt
        return length
    return timedelta() if isinstance(first, datetime) else _DAY


def _starts(
    event: _Event, first: datetime, zone: tzinfo | None, moved: Iterable[date]
) -> list[datetime]:
    """Every start within the years that are read."""
    from dateutil.rrule import rruleset

    if "RECURRENCE-ID" in event:
        return [first]
    starts = rruleset()
    starts.rdate(first)
    for rule in _listed(event.get("RRULE")):
        found = followed(rule, first, zone, _LAST)
        if comes(rule, first.date(), _LAST.date()):
            starts.rrule(found)
    for when in _dates(event, "RDATE"):
        starts.rdate(on_wall(when, zone))
    without = [*_dates(event, "EXDATE"), *moved]
    exact = {on_wall(when, zone) for when in without if isinstance(when, datetime)}
    whole = {when for when in without if not isinstance(when, datetime)}
    between = starts.between(_FIRST, _LAST, inc=True)
    return [each for each in between if each not in exact and each.date() not in whole]


def _dates(event: _Event, key: str) -> Iterator[date]:
    """The dates of a property that may stand several times; of a period, its beginning."""
    for dates in _listed(event.get(key)):
        for each in dates.dts:
            yield each.dt[0] if isinstance(each.dt, tuple) else each.dt


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _whole_days(closing: _Closing) -> Iterator[date]:
    left = (date(YEARS[-1], 12, 31) - closing.start.date()).days + 1
    for n in range(min(left, max(1, closing.length // _DAY))):
        day = closing.start.date() + n * _DAY
        if day.year in YEARS:
            yield day


def _pieces(closing: _Closing, own: tzinfo, zone: ZoneInfo) -> Iterator[tuple[date, Stretch]]:
    """Day by day on the wall of the calendar, whole minutes: one that is begun is closed."""
    begin = closing.start.replace(tzinfo=own).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    until = closing.start + closing.length
    end = until.replace(tzinfo=own).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    day = begin.date()
    while day <= end.date() and day.year <= YEARS[-1]:
        midnight = datetime.combine(day, time())
        start = max(timedelta(), begin - midnight) // timedelta(minutes=1)
        stop = -(-min(_DAY, end - midnight) // timedelta(minutes=1))
        if start < stop and day.year in YEARS:
            yield day, (start, stop)
        day += _DAY


def _wrong(what: str, do_next: str = "") -> ConfigError:
    return ConfigError(f"the feed {what}", do_next=do_next)
