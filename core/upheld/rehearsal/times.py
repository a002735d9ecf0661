"""Times as people write them into a scenario."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span, instant

_AFTER: Final = re.compile(
    r"\+\s*(?:(\d+)\s*d(?:ays?)?)?\s*(?:(\d+)\s*h(?:ours?)?)?"
    r"\s*(?:(\d+)\s*m(?:in(?:utes?)?)?)?\s*(?:(\d+)\s*s(?:ec(?:onds?)?)?)?"
)
_UNITS: Final = (DAY, HOUR, MINUTE, SECOND)


def after(text: str) -> Span | None:
    """``+2h30m``, ``+1 d 4 h``, ``+0`` as a span; None where it is no such thing."""
    plain = text.strip()
    if plain in {"+0", "0"}:  # which YAML takes for a number
        return 0
    found = _AFTER.fullmatch(plain)
    if found is None or not any(found.groups()):
        return None
    return sum(int(many) * unit for many, unit in zip(found.groups(), _UNITS, strict=True) if many)


def when(text: str, *, base: Instant | None, zone: ZoneInfo | None) -> Instant:
    """An instant; ``ValueError`` says what is wrong with it, and what to write."""
    length = after(text)
    if length is not None:
        if base is None:
            raise ValueError(f"{text!r} is after what? give the scenario `starts`")
        return base + length
    try:
        written = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: write 2026-03-28T22:30:00Z, or +2h30m after the opening"
        ) from None
    if written.tzinfo is not None:
        return instant(written)
    if zone is None:
        raise ValueError(f"{text!r} has no zone: end it with Z, or give the scenario a `zone`")
    return instant(
        written.replace(tzinfo=zone)
    )  # missing in spring: an hour later; twice in autumn: first
