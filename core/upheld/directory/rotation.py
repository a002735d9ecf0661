"""Rotations: whose turn it is. Hand-over is at a wall time of the layer's zone.

A rotation is a pile of layers: the first that has somebody at an instant decides (follow-the-sun is
one layer a region, each with its hours). Overrides lie on top, the one recorded last uppermost. So there
is one person at any instant, or nobody where no layer has hours: two at once is a role that names two
rotations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from upheld.calendar.hours import Hours
from upheld.calendar.instant import DAY, Instant
from upheld.calendar.wall import from_wall, local_day
from upheld.case.override import Override

# A Monday, from which turns are counted where a rotation says no first day.
_FIRST_MONDAY: Final = date(1970, 1, 5)
#: What a stretch on duty comes from: the number of an override, or a layer and the day of its turn.
Cause: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch on duty; ``person`` None is a gap. All stretches of one turn have one ``cause``."""

    since: Instant
    until: Instant
    person: str | None
    cause: Cause | None = None

    @property
    def override(self) -> int | None:
        """The number of the override that put them there."""
        return self.cause[1] if self.cause is not None and self.cause[0] == "override" else None


@dataclass(frozen=True, slots=True)
class Layer:
    """People take turns of ``every`` days, handing over ``minutes`` past midnight.

    ``first`` is the day on which the first person's turn begins; outside ``hours`` the layer has
    nobody, None is around the clock.
    """

    people: tuple[str, ...]
    every: int
    minutes: int
    zone: str
    first: date = _FIRST_MONDAY
    hours: Hours | None = field(default=None, compare=False)

    def on_duty(self, at: Instant) -> str | None:
        """Whose turn it is; None outside the hours."""
        if self.hours is not None and not self.hours.open(at):
            return None
        turn = (self.begun(at) - self.first).days // self.every
        return self.people[turn % len(self.people)]

    def begun(self, at: Instant) -> date:
        """The local day on which the turn that runs at ``at`` began."""
        today = local_day(at, ZoneInfo(self.zone))
        day = today - timedelta(days=(today - self.first).days % self.every)
        return day if self._handover(day) <= at else day - timedelta(days=self.every)

    def edge(self, at: Instant) -> Instant:
        """When next a turn is handed over, or the hours begin or end."""
        turn = self._handover(self.begun(at) + timedelta(days=self.every))
        return turn if self.hours is None else min(turn, self.hours.edge(at))

    def _handover(self, day: date) -> Instant:
        return from_wall(day, self.minutes, ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class Rotation:
    """Layers, the first that has somebody decides; or addresses of a provider's own schedule.

    ``held_by`` maps a plugin to what a schedule is called there: then who is on duty is known there alone.
    """

    name: str
    layers: tuple[Layer, ...] = ()
    held_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who takes turns, each once."""
        return tuple(dict.fromkeys(each for layer in self.layers for each in layer.people))

    def on_duty(self, at: Instant, overrides: Sequence[Override] = ()) -> str | None:
        """The id of the person whose turn it is; None where it is nobody's."""
        return self._at(at, overrides)[0]

    def until(self, at: Instant, overrides: Sequence[Override] = ()) -> Instant | None:
        """When what holds at ``at`` is handed over; None where it never is."""
        here = self._at(at, overrides)
        while (edge := self._edge(at, overrides)) is not None:
            if self._at(edge, overrides) != here:
                return edge
            at = edge
        return None

    def shifts(
        self, since: Instant, until: Instant, overrides: Sequence[Override] = ()
    ) -> tuple[Shift, ...]:
        """All of a period in order without a hole: each turn, each override, each gap."""
        return tuple(self._shifts(since, until, overrides))

    def edges(
        self, since: Instant, until: Instant, overrides: Sequence[Override] = ()
    ) -> Iterator[Instant]:
        """Every instant within a period at which somebody else may be on duty."""
        at = self._edge(since, overrides)
        while at is not None and at < until:
            yield at
            at = self._edge(at, overrides)

    def turn(self, at: Instant, overrides: Sequence[Override] = ()) -> tuple[Shift, ...]:
        """Every stretch of the turn that runs at ``at``, hours and overrides left out; nothing in a gap."""
        person, cause = self._at(at, overrides)
        if person is None:
            return ()
        longest = max((layer.every for layer in self.layers), default=1) + 1
        standing = [each.until - each.since for each in overrides if each.rotation == self.name]
        reach = max((longest * DAY, *standing))
        around = self.shifts(at - reach, at + reach, overrides)
        return tuple(each for each in around if each.cause == cause)

    def _shifts(
        self, since: Instant, until: Instant, overrides: Sequence[Override]
    ) -> Iterator[Shift]:
        began, here = since, self._at(since, overrides)
        for edge in self.edges(since, until, overrides):
            there = self._at(edge, overrides)
            if there != here:
                yield Shift(began, edge, *here)
                began, here = edge, there
        yield Shift(began, until, *here)

    def _at(self, at: Instant, overrides: Sequence[Override]) -> tuple[str | None, Cause | None]:
        standing = [each for each in overrides if each.rotation == self.name and each.covers(at)]
        if standing:
            last = max(standing, key=lambda each: each.number)
            return last.person, ("override", last.number, 0)
        for number, layer in enumerate(self.layers):
            person = layer.on_duty(at)
            if person is not None:
                return person, ("layer", number, layer.begun(at).toordinal())
        return None, None

    def _edge(self, at: Instant, overrides: Sequence[Override]) -> Instant | None:
        ends = (
            end
            for each in overrides
            if each.rotation == self.name
            for end in (each.since, each.until)
        )
        edges = [end for end in ends if end > at]
        return min((*edges, *(layer.edge(at) for layer in self.layers)), default=None)


def first_day(weekday: int, starts: date | None) -> date:
    """The first day of turns that begin on ``weekday`` (Monday 0), on or after ``starts``."""
    anchor = starts or _FIRST_MONDAY
    return anchor + timedelta(days=(weekday - anchor.weekday()) % 7)
