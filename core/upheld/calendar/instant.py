"""Instants and spans as integers.

Inside Upheld an instant is a count of microseconds since 1970-01-01T00:00Z and a span is a count
of microseconds: the resolution of ``datetime``, so nothing is rounded at the edge. Aware datetimes
are used where data comes in or goes out; naive ones are refused.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

Instant: TypeAlias = int
Span: TypeAlias = int

SECOND: Final[Span] = 1_000_000
MINUTE: Final[Span] = 60 * SECOND
HOUR: Final[Span] = 60 * MINUTE
DAY: Final[Span] = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def instant(when: datetime) -> Instant:
    """The instant of an aware datetime; a naive one raises ``ValueError``."""
    if when.tzinfo is None:
        raise ValueError(f"{when!r} has no time zone: give an offset or a zone")
    return (when - _EPOCH) // _TICK


def moment(at: Instant) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(microseconds=at)


def span(length: timedelta) -> Span:
    """A timedelta in microseconds."""
    return length // _TICK


def parse(text: str) -> Instant:
    """An ISO 8601 time with an offset (or ``Z``) as an instant; ``ValueError`` where it has none."""
    return instant(datetime.fromisoformat(text))


def iso(at: Instant) -> str:
    """An instant as ISO 8601 in UTC, with ``Z``; fractions only where there are any."""
    return moment(at).isoformat().replace("+00:00", "Z")
