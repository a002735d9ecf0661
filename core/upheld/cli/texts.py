"""What people type: texts, and instants as they are said."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from upheld.errors import Refusal

if TYPE_CHECKING:
    from upheld.calendar.instant import Instant


def text_of(argument: str) -> str:
    """The text itself; ``-`` reads standard input to its end, ``Refusal`` where that is no UTF-8."""
    if argument != "-":
        return argument
    try:
        read = sys.stdin.read()
        read.encode()  # Bytes of another encoding may come as surrogates, which no ledger holds.
    except UnicodeError:
        raise Refusal("standard input is not in UTF-8", do_next="convert it with iconv") from None
    return read


def pairs(written: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` each; ``Refusal`` where one is not so."""
    found = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not (equals and name.strip()):
            raise Refusal(f"{each!r} is no field", do_next="write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def coming(text: str, *, now: Instant, zone: str) -> Instant:
    """An instant that is still to come: ``3 days`` from now, or a wall time; ``Refusal``."""
    found = _instant_of(text, now=now, zone=zone)
    if found <= now:
        raise Refusal(f"{text!r} is over already", do_next="name an instant that is to come")
    return found


def past(text: str, *, now: Instant, zone: str) -> Instant:
    """Where a report begins or ends: ``3 days`` ago, or a wall time; ``Refusal``."""
    return _instant_of(text, now=now, zone=zone, direction=-1)


def _instant_of(text: str, *, now: Instant, zone: str, direction: int = 1) -> Instant:
    """A duration from now, or ``2026-12-01 09:00`` on the clocks of ``zone``."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from upheld.calendar.instant import instant
    from upheld.policy.durations import parse_duration
    from upheld.policy.times import Elapsed

    try:
        found = parse_duration(text, days=True)
    except ValueError:
        found = None
    if isinstance(found, Elapsed):
        return now + direction * found.span
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(
            f"{text!r} is no time", do_next="write `3 days`, or `2026-12-01 09:00`"
        ) from None
    return instant(when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone)))
