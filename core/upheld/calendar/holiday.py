"""Holidays by country and part of a country: fifty years of days with their names.

The days are those of the library ``holidays``; an upgrade of it may know others. So whoever has to
give the same answer tomorrow keeps what ``resolved`` gave, not the country.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from upheld.calendar.spec import CalendarSpec, HolidaySource
from upheld.errors import ConfigError

if TYPE_CHECKING:
    from holidays import HolidayBase

#: The years that are looked up: the same whatever the day, so that a version is too.
YEARS: Final = range(2000, 2050)
_CODE: Final = re.compile("[A-Z]{2,3}")
#: ISO days and what they are called.
Days: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FeedDays:
    """What a feed closes: whole days with their names, and hours of other days."""

    days: Days = field(default_factory=dict)
    hours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def resolved(spec: CalendarSpec, feed: FeedDays | None = None) -> CalendarSpec:
    """The calendar with every holiday listed, whatever it comes from; no source is left in it.

    ``feed`` is what its feed holds. ``ConfigError`` where the calendar has a feed and none is
    given, or where there is no such country. A name that the policy gives wins.
    """
    source = spec.holiday_source
    if source is None:
        return spec
    if source.feed is not None and feed is None:
        raise ConfigError(
            f"calendar {spec.name!r}: its feed {source.feed} has not been read",
            do_next="`upheld calendar apply` reads it; offline, list the days instead",
        )
    found = feed or FeedDays()
    listed = {day: spec.names.get(day, "") for day in spec.holidays}
    days = _merged(listed, of_country(source), found.days)
    return replace(
        spec,
        holidays=tuple(sorted(days)),
        names={day: days[day] for day in sorted(days) if days[day]},
        closed={day: found.hours[day] for day in sorted(found.hours) if day not in days},
        holiday_source=None,
    )


def of_country(source: HolidaySource) -> Days:
    """The days of the source's country; ``ConfigError`` where there is no such country or part."""
    if source.country is None:
        return {}
    return _days(source.country, source.subdivision, source.observed)


@lru_cache(maxsize=64)  # several calendars of a policy have the same country
def _days(country: str, subdivision: str | None, observed: bool) -> Days:
    entity = _entity(country, subdivision)
    first, last = max(YEARS[0], entity.start_year), min(YEARS[-1], entity.end_year)
    english = "en_US" if "en_US" in entity.supported_languages else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of some, feasts by the moon are known for fewer years
        known = type(entity)(
            years=range(first, last + 1),
            subdiv=subdivision,
            observed=observed,
            language=english,  # else the names are those of the machine's own language
            expand=False,
        )
    return MappingProxyType({day.isoformat(): name for day, name in sorted(known.items())})


def _entity(country: str, subdivision: str | None) -> HolidayBase:
    from holidays import country_holidays

    try:
        entity = country_holidays(country if _CODE.fullmatch(country) else "")
    except NotImplementedError:
        raise ConfigError(f"no holidays are known of {country!r}", do_next=_near(country)) from None
    parts = (*entity.subdivisions, *entity.subdivisions_aliases)
    if subdivision is not None and subdivision not in parts:
        hint = f"one of: {', '.join(map(str, parts))}" if parts else "leave `subdivision` out"
        raise ConfigError(f"{country} has no part {subdivision!r}", do_next=hint)
    return entity


def _near(country: str) -> str:
    from holidays import list_supported_countries

    known = list_supported_countries(include_aliases=False)
    code = country.upper()[:2]
    if code in known and code != country:
        return f"write its ISO code: is it {code}?"
    return "write its ISO code: CZ, GB, US …; or list the days"


def _merged(*lists: Days) -> dict[str, str]:
    """All days; the first list that has a name for one gives it."""
    found: dict[str, str] = {}
    for days in lists:
        for day, name in days.items():
            found[day] = found.get(day) or name
    return found
