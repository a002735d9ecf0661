"""What people type: texts, and instants as they are said."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from upheld.errors import Refusal

if TYPE_CHECKING:
    from upheld.calendar.instant import Instant


def text_of(argument: str) -> str:
    """The text itself; ``-`` reads standard input to its end."""
    return sys.stdin.read() if argument == "-" else argument


def instant_of(text: str, *, now: Instant, zone: str) -> Instant:
    """``3 days`` from now, or ``2026-12-01 09:00`` on the clocks of ``zone``; ``Refusal``."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from upheld.calendar.instant import instant
    from upheld.policy.durations import parse_duration
    from upheld.policy.model import Elapsed

    try:
        found = parse_duration(text, days=True)
    except ValueError:
        found = None
    if isinstance(found, Elapsed):
        return now + found.span
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(
            f"{text!r} is no time", do_next="write `3 days`, or `2026-12-01 09:00`"
        ) from None
    return instant(when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone)))
