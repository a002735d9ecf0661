"""What a letter can say of a maintenance window, to one customer in their own zone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import Instant, moment
from upheld.ledger import OutboxItem

_UNITS: Final = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}


def window(item: OutboxItem, customer: str | None, zone: ZoneInfo) -> Mapping[str, Any]:
    """Its servers, its times, how it comes again ("every 2 weeks") and why, and whether a single time of
    it is off; nothing in other letters."""
    facts = item.facts.get("window")
    if not facts:
        return {}
    return {
        "servers": [name.removeprefix(f"{customer}/") for name in facts["monitors"]],
        "times": [
            {"begins": _time(begins, zone), "ends": _end(begins, ends, zone)}
            for begins, ends in facts["times"]
        ],
        "every": every(facts["rule"]),
        "rule": facts["rule"],
        "reason": facts["reason"],
        "single": facts.get("single", False),
    }


def every(rule: str) -> str:
    """How often a rule comes: ``every week``, ``every 2 months``; "" where it does not."""
    parts = dict(part.upper().split("=", 1) for part in rule.split(";") if "=" in part)
    unit = _UNITS.get(parts.get("FREQ", ""))
    if unit is None:
        return ""
    count = parts.get("INTERVAL", "1")
    return f"every {unit}" if count == "1" else f"every {count} {unit}s"


def _time(at: Instant, zone: ZoneInfo) -> str:
    local: datetime = moment(at).astimezone(zone)
    return f"{local:%A %Y-%m-%d %H:%M} {local.tzname()}"


def _end(begins: Instant, ends: Instant, zone: ZoneInfo) -> str:
    """Of the same day the hour says enough; the zone is named where it changes on the way."""
    first, last = (moment(at).astimezone(zone) for at in (begins, ends))
    if first.date() != last.date():
        return _time(ends, zone)
    changed = first.tzname() != last.tzname()
    return f"{last:%H:%M}{f' {last.tzname()}' if changed else ''}"
