"""Calendar versions: the calendars of a policy with every day listed, named by what they hold.

A case is pinned to the calendar version under which it opened, beside its policy version. So neither
an upgrade of the library of holidays nor a feed that moved changes a verdict of the past.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final

from upheld.calendar.holiday import FeedDays, resolved
from upheld.calendar.instant import Instant
from upheld.calendar.spec import CalendarSpec
from upheld.calendar.wall import local_day, zone_named

#: How long before a list of holidays ends it is time to tell.
SOON: Final = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars of a policy by name, without a source that has still to be asked."""

    specs: Mapping[str, CalendarSpec]

    @property
    def version(self) -> str:
        """``calendar-`` and twelve digits of a hash of hours and days; names of days count for nothing."""
        content = {name: _written(replace(spec, names={})) for name, spec in self.specs.items()}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return f"calendar-{sha256(text.encode()).hexdigest()[:12]}"

    @property
    def source(self) -> str:
        """All of it, as ``read_calendars`` takes it."""
        content = {name: _written(spec) for name, spec in self.specs.items()}
        return json.dumps(content, sort_keys=True, ensure_ascii=False)


def read_calendars(source: str) -> Calendars:
    """What was kept as ``Calendars.source``."""
    return Calendars({name: _read(name, spec) for name, spec in json.loads(source).items()})


def list_days(specs: Mapping[str, CalendarSpec], feeds: Mapping[str, FeedDays]) -> Calendars:
    """Calendars as written with all their days listed; ``feeds`` are what was read, by calendar."""
    return Calendars({name: resolved(spec, feeds.get(name)) for name, spec in specs.items()})


def carried(before: Calendars, news: Calendars, now: Instant) -> Calendars:
    """The calendars of ``before`` with the days that are still to come from ``news``.

    Until the end of today (where the calendar is) nothing changes, nor do hours and zones ever: those
    are the policy's. A calendar that ``news`` doesn't have stays as it is.
    """
    return Calendars(
        {
            name: _carried(spec, news.specs[name], now) if name in news.specs else spec
            for name, spec in before.specs.items()
        }
    )


def _carried(before: CalendarSpec, news: CalendarSpec, now: Instant) -> CalendarSpec:
    today = local_day(now, zone_named(before.zone)).isoformat()
    past = [day for day in before.holidays if day <= today]
    to_come = [day for day in news.holidays if day > today]
    days = tuple(sorted({*past, *to_come}))
    names = {**before.names, **news.names}
    return replace(
        before,
        holidays=days,
        names={day: names[day] for day in days if day in names},
        extra=_joined(before.extra, news.extra, today),
        closed=_joined(before.closed, news.closed, today),
    )


def _joined(
    before: Mapping[str, tuple[str, ...]], news: Mapping[str, tuple[str, ...]], today: str
) -> dict[str, tuple[str, ...]]:
    past = {day: hours for day, hours in before.items() if day <= today}
    return past | {day: hours for day, hours in news.items() if day > today}


def changes(before: Calendars, after: Calendars) -> Iterator[str]:
    """What differs, in words, day by day: ``office: closed on 2026-12-23 (Inventory)``."""
    for name, spec in after.specs.items():
        old = before.specs.get(name)
        if old is None:
            yield f"{name}: new"
            continue
        then, now = unusual(old), unusual(spec)
        called = {day: f" ({spec.names[day]})" for day in spec.holidays if day in spec.names}
        for day in sorted({*then, *now}):
            if now.get(day) != then.get(day):
                yield f"{name}: {now.get(day, 'as its weekday')} on {day}{called.get(day, '')}"


def unusual(spec: CalendarSpec) -> dict[str, str]:
    """Day -> what is out of the ordinary about it: ``closed``, ``open 09:00-12:00``."""
    closed = {day: f"closed {' and '.join(hours)}" for day, hours in spec.closed.items()}
    extra = {day: f"open {' and '.join(hours) or 'as usual'}" for day, hours in spec.extra.items()}
    return {**closed, **dict.fromkeys(spec.holidays, "closed"), **extra}


def ends_soon(spec: CalendarSpec, today: date, *, within: timedelta = SOON) -> str | None:
    """That the last holiday of a calendar is near or past, in words; None where it is far.

    For ``policy lint`` and ``check``: pure. A calendar that names no holidays has nothing that
    ends; one with a feed is told of once the feed has been read (``list_days``).
    """
    source = spec.holiday_source
    if source is not None and source.feed is not None:
        return None
    last = max(resolved(spec).holidays, default=None)
    if last is None or date.fromisoformat(last) > today + within:
        return None
    return f"calendar {spec.name!r}: its last holiday is {last}; after that it knows none"


def _written(spec: CalendarSpec) -> dict[str, Any]:
    """Without the name, which is the key, and without what is empty."""
    return {key: value for key, value in asdict(spec).items() if value and key != "name"}


def _read(name: str, written: Mapping[str, Any]) -> CalendarSpec:
    return CalendarSpec(
        name,
        always=written.get("always", False),
        zone=written["zone"],
        week=_hours(written, "week"),
        holidays=tuple(written.get("holidays", ())),
        extra=_hours(written, "extra"),
        day=written.get("day"),
        names=written.get("names", {}),
        closed=_hours(written, "closed"),
    )


def _hours(written: Mapping[str, Any], key: str) -> dict[str, tuple[str, ...]]:
    return {day: tuple(hours) for day, hours in written.get(key, {}).items()}
