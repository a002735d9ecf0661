"""Lengths of time as a policy writes them, and instants that follow from a day. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from upheld.calendar.instant import Span


@dataclass(frozen=True, slots=True)
class Elapsed:
    """``24 hours``: real time; never takes a calendar."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Business:
    """``4 business hours``: time in which the rule's calendar is open."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """``2 business days``: so many times the calendar's ``day`` length."""

    days: int
    text: str


Duration: TypeAlias = Elapsed | Business | BusinessDays


@dataclass(frozen=True, slots=True)
class DayEdge:
    """``close of next business day``: an instant, not a duration, so it can't be paused.

    ``edge`` is ``close``, ``open`` or minutes past midnight, of the ``days``-th business day after
    the one on which the clock starts (0: that one); what starts after ``cut_off`` (minutes past
    midnight) counts as of the next business day.
    """

    text: str
    edge: str | int
    days: int
    cut_off: int | None = None


@dataclass(frozen=True, slots=True)
class OpenAfter:
    """``open hour after 7 days``: moved on to the next open hour. ``days`` where they are days on
    the wall rather than so many hours."""

    text: str
    span: Span
    days: int | None = None


ByInstant: TypeAlias = DayEdge | OpenAfter
