"""``by:`` instants, from their words: ``close of next business day``, ``open hour after 7 days``."""

from __future__ import annotations

import re
from typing import Final

from upheld.calendar.instant import DAY
from upheld.policy.durations import parse_duration
from upheld.policy.times import ByInstant, DayEdge, Elapsed, OpenAfter

_COUNTS: Final = {"same": 0, "next": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_EDGES: Final = {"close": "close", "end": "close", "open": "open", "start": "open"}
_WALL: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_OF_DAY: Final = re.compile(r"(\S+) of (?:the )?(?:([a-z]+) )?(?:business|working) day")
_AFTER: Final = re.compile(r"(?:next )?open hour after (.+)")
_HINT: Final = "write `close of next business day`, or `open hour after 7 days`"


def parse_by(text: str, cut_off: int | None = None) -> ByInstant:
    """An instant that follows from the start of a clock; ``ValueError`` says what is wrong."""
    plain = " ".join(text.split())
    if found := _AFTER.fullmatch(plain):
        return _open_after(plain, found[1])
    found = _OF_DAY.fullmatch(plain)
    edge = found and (_EDGES.get(found[1]) or _wall(found[1]))
    count = _COUNTS.get(found[2] or "same") if found else None
    if edge is None or count is None:
        raise ValueError(f"{plain!r} is no instant: {_HINT}")
    return DayEdge(plain, edge, count, cut_off)


def wall_minutes(text: str) -> int:
    """``15:00`` as minutes past midnight; ``ValueError`` where it is no time of the day."""
    if not (found := _WALL.fullmatch(text.strip())):
        raise ValueError(f"{text!r} is no time of the day: write `15:00`")
    return int(found[1]) * 60 + int(found[2])


def _wall(text: str) -> int | None:
    return wall_minutes(text) if _WALL.fullmatch(text) else None


def _open_after(plain: str, length: str) -> OpenAfter:
    found = parse_duration(length, days=True)
    if not isinstance(found, Elapsed):
        raise ValueError(f"{length!r} is no calendar time: write `7 days`")  # noqa: TRY004
    # Days and weeks are those on the wall: ten o'clock stays ten o'clock when clocks change.
    days = found.span // DAY if re.search(r"(day|week)s?$", length) else None
    return OpenAfter(plain, found.span, days)
