"""Durations name their kind: ``24 hours`` is elapsed, ``4 business hours`` takes a calendar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from upheld.calendar.instant import DAY, HOUR, MINUTE, SECOND, Span
from upheld.policy.times import Business, BusinessDays, Duration, Elapsed

_SHAPE: Final = re.compile(r"([0-9]{1,9}) (business )?([a-z]+?)s?")
_ELAPSED: Final[Mapping[str, Span]] = {
    "second": SECOND,
    "minute": MINUTE,
    "hour": HOUR,
    "week": 7 * DAY,
}
_DAYS: Final = 3660
_LONGEST: Final[Span] = _DAYS * DAY


def parse_duration(text: str, *, days: bool = False) -> Duration:
    """A duration; ``ValueError`` says what is wrong and what to write.

    ``days``: a bare day is taken as 24 hours (silence is counted in calendar days); elsewhere it is
    refused, since readers take it for either.
    """
    plain = " ".join(text.split())
    found = _SHAPE.fullmatch(plain)
    if found is None:
        raise ValueError(f"{text!r} is no duration: write `24 hours` or `4 business hours`")
    count, business, unit = int(found[1]), bool(found[2]), found[3]
    length = _length(plain, count, unit, business=business, days=days)
    if isinstance(length, Elapsed | Business) and not 0 < length.span <= _LONGEST:
        raise ValueError(f"{plain!r} is not between a second and ten years")
    return length


def _length(text: str, count: int, unit: str, *, business: bool, days: bool) -> Duration:
    if business and unit == "day":
        if not 0 < count <= _DAYS:
            raise ValueError(f"{text!r} is not between a day and ten years")
        return BusinessDays(count, text)
    if unit == "day":
        if days:
            return Elapsed(count * DAY, text)
        raise ValueError(
            f"a bare {text!r} may mean either: write `{24 * count} hours` or"
            f" `{count} business day{'s' * (count != 1)}`"
        )
    if unit not in _ELAPSED or (business and unit == "week"):
        raise ValueError(f"{text!r} has no unit that is known: {_UNITS[business]}")
    span = count * _ELAPSED[unit]
    return Business(span, text) if business else Elapsed(span, text)


_UNITS: Final = {
    False: "seconds, minutes, hours, weeks, or business hours and days",
    True: "business seconds, minutes, hours, days",
}
