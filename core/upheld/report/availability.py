"""Availability by month: how long each thing that is watched was up, and why it was not (G-10, M-27, P-05).

Months are those of the customer's zone; an outage that is open at a month's edge is split there. What was
planned or inconclusive counts neither as up nor as down, so that the parts add up to the time watched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import Instant, Span
from upheld.calendar.wall import from_wall, local_day
from upheld.report.plain import Plain, as_plain
from upheld.report.uptime import Health, Stretch

#: The cause of what nobody named one for.
NO_CAUSE: Final = "not known"


@dataclass(frozen=True, slots=True)
class Target:
    """Something that is watched, and how it was: ``zone`` is its customer's, or the site's.

    Two may have had one name, one after the other: ``id`` is of the monitor.
    """

    id: str
    name: str
    zone: str
    stretches: tuple[Stretch, ...]
    customer: str | None = None
    provider: str | None = None
    of: str = "servers"
    backup_of: str | None = None
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Availability:
    """How a monitor (or all of a customer, or of a provider) was in a month: ``2026-11``.

    ``outages`` are those that touch the month, ``longest`` is the most of one that lies in it. ``causes``
    split what was down.
    """

    month: str
    name: str
    customer: str | None
    watched: Span
    up: Span
    degraded: Span
    down: Span
    planned: Span
    inconclusive: Span
    outages: int
    longest: Span
    causes: Mapping[str, Span]

    @property
    def available(self) -> float | None:
        """The share of what is known and was not planned, from 0 to 1; None where that is nothing."""
        known = self.up + self.degraded + self.down
        return (self.up + self.degraded) / known if known else None

    def as_dict(self) -> Plain:
        """Plain values: spans in seconds."""
        return {**as_plain(self), "available": self.available}


@dataclass(frozen=True, slots=True)
class CauseShare:
    """What a cause took away in a month."""

    month: str
    cause: str
    outages: int
    down: Span
    longest: Span

    def as_dict(self) -> Plain:
        """Plain values: spans in seconds."""
        return as_plain(self)


@dataclass(frozen=True, slots=True)
class Bin:
    """A day or a month on a wall."""

    label: str
    begins: Instant
    ends: Instant


@dataclass(slots=True)
class _Sum:
    spans: Counter[Health] = field(default_factory=Counter)
    outages: Counter[tuple[str, int]] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    customer: str | None = None

    def add(self, target: Target, piece: Stretch, cause: str) -> None:
        self.spans[piece.health] += piece.length
        self.customer = target.customer
        if piece.health is Health.DOWN:
            self.outages[target.id, piece.outage] += piece.length
            self.causes[cause] += piece.length


def by_target(target: Target) -> str | None:
    """One row for each."""
    return target.name


def by_customer(target: Target) -> str | None:
    """One row a customer; what is our own is of none."""
    return target.customer


def by_provider(target: Target) -> str | None:
    """One row an internet provider."""
    return target.provider


def availability(
    targets: Iterable[Target],
    causes: Mapping[str, str],
    *,
    by: Callable[[Target], str | None] = by_target,
) -> list[Availability]:
    """By month and name; ``causes`` by case."""
    sums: defaultdict[tuple[str, str], _Sum] = defaultdict(_Sum)
    for target in targets:
        name = by(target)
        for month, piece in pieces(target, months) if name is not None else ():
            if piece.health is not Health.UNWATCHED:
                sums[month, name or ""].add(target, piece, _cause(piece, causes))
    return [_row(month, name, found) for (month, name), found in sorted(sums.items())]


def cause_shares(targets: Iterable[Target], causes: Mapping[str, str]) -> list[CauseShare]:
    """What was down by month and cause, the most first."""
    outages: defaultdict[tuple[str, str], Counter[tuple[str, int]]] = defaultdict(Counter)
    for target in targets:
        for month, piece in pieces(target, months):
            if piece.health is Health.DOWN:
                of = (target.id, piece.outage)
                outages[month, _cause(piece, causes)][of] += piece.length
    found = [
        CauseShare(month, cause, len(spans), sum(spans.values()), max(spans.values()))
        for (month, cause), spans in outages.items()
    ]
    return sorted(found, key=lambda each: (each.month, -each.down, each.cause))


def without_backup(targets: Iterable[Target]) -> list[str]:
    """Customers of whom a server is watched, and none that stands in for another (M-20)."""
    now = [each for each in targets if each.customer is not None and not each.retired]
    covered = {each.customer for each in now if each.backup_of}
    found = {each.customer for each in now if each.of == "servers"} - covered
    return sorted(each for each in found if each is not None)


def pieces(
    target: Target, walls: Callable[[ZoneInfo, Instant, Instant], Iterator[Bin]]
) -> Iterator[tuple[str, Stretch]]:
    """Its stretches cut where a day or a month ends, each with the label of where it lies."""
    zone = ZoneInfo(target.zone)
    for stretch in target.stretches:
        for each in walls(zone, stretch.begins, stretch.ends):
            piece = stretch.within(each.begins, each.ends)
            if piece is not None:
                yield each.label, piece


def months(zone: ZoneInfo, begins: Instant, ends: Instant) -> Iterator[Bin]:
    """The months on a wall that touch the time."""
    yield from _bins(zone, begins, ends, "%Y-%m", _month)


def days(zone: ZoneInfo, begins: Instant, ends: Instant) -> Iterator[Bin]:
    """The days on a wall that touch the time."""
    yield from _bins(zone, begins, ends, "%Y-%m-%d", lambda day: (day, day + timedelta(days=1)))


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _bins(
    zone: ZoneInfo,
    begins: Instant,
    ends: Instant,
    label: str,
    bounds: Callable[[date], tuple[date, date]],
) -> Iterator[Bin]:
    first, following = bounds(local_day(begins, zone))
    while (at := from_wall(first, 0, zone)) < ends:
        yield Bin(first.strftime(label), at, from_wall(following, 0, zone))
        first, following = bounds(following)


def _cause(piece: Stretch, causes: Mapping[str, str]) -> str:
    if piece.behind:
        return f"behind {piece.behind}"
    return causes.get(piece.case or "", NO_CAUSE)


def _row(month: str, name: str, found: _Sum) -> Availability:
    spans = found.spans
    return Availability(
        month=month,
        name=name,
        customer=found.customer,
        watched=sum(spans.values()),
        up=spans[Health.UP],
        degraded=spans[Health.DEGRADED],
        down=spans[Health.DOWN],
        planned=spans[Health.PLANNED],
        inconclusive=spans[Health.INCONCLUSIVE],
        outages=len(found.outages),
        longest=max(found.outages.values(), default=0),
        causes=dict(found.causes.most_common()),
    )
