"""A calendar as written in a policy, before it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from upheld.calendar.instant import Span


@dataclass(frozen=True, slots=True)
class HolidaySource:
    """Where holidays come from besides those that are listed.

    ``country`` is an ISO 3166 code and ``subdivision`` a part of it, both as the library
    ``holidays`` knows them; ``observed`` also closes the day that stands in for a holiday at the
    weekend. ``feed`` is the URL of an iCalendar, or the path of one.
    """

    country: str | None = None
    subdivision: str | None = None
    observed: bool = True
    feed: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """When business time runs, as written: compiled by ``upheld.calendar``.

    ``week`` maps ``mon-fri`` or ``sat`` to ``08:00-17:00`` or a list of those; ``always`` is 24x7;
    ``holidays`` and ``extra`` are ISO days; ``holiday_source`` is where more holidays come from;
    ``day`` is the length of a business day. ``names`` tells what a holiday is called, ``closed``
    the hours of a day that a feed closes in part.
    """

    name: str
    always: bool = False
    zone: str = "UTC"
    week: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holidays: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holiday_source: HolidaySource | None = None
    day: Span | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    closed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
