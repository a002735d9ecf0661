"""Wall clock times of a zone as instants."""

from __future__ import annotations

import difflib
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from upheld.calendar.instant import Instant, instant, moment
from upheld.errors import ConfigError

MINUTES_A_DAY: Final = 24 * 60


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name (``Europe/Prague``); ``ConfigError`` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(name, available_timezones(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "write it as in Europe/Prague"
        raise ConfigError(f"there is no time zone {name!r}", do_next=hint) from None


def from_wall(day: date, minutes: int, zone: ZoneInfo) -> Instant:
    """The instant at which the clocks of ``zone`` show ``minutes`` past midnight of ``day``.

    ``minutes`` may pass 24 hours. A wall time that is missing in spring moves later by what the
    clocks skip; one that comes twice in autumn means the first (``fold=0``).
    """
    days, minute = divmod(minutes, MINUTES_A_DAY)
    on = day + timedelta(days=days) if days else day
    hour, minute = divmod(minute, 60)
    return instant(datetime(on.year, on.month, on.day, hour, minute, tzinfo=zone))


def local_day(at: Instant, zone: ZoneInfo) -> date:
    """The day that calendars in ``zone`` show at ``at``."""
    return moment(at).astimezone(zone).date()
