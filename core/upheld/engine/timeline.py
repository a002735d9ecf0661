"""A case's life, lived again from its facts: the one place where time passes in the engine.

Facts are read in their one order; between them timers strike. A fact at the instant of a timer comes
first: work begun at exactly two hours is in time. Nothing here knows what was sent before: replaying
the same facts until the same instant gives the same steps and clocks, whenever they arrived.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from operator import attrgetter
from typing import Final, Protocol

from upheld.calendar.instant import Instant
from upheld.case.events import (
    CustomerMessage,
    Event,
    HandedOver,
    Migrated,
    Opened,
    Proposed,
    Provided,
    Reopened,
    Side,
)
from upheld.case.state import CaseState
from upheld.engine.desks import PASSING, begun, passed_on, turned
from upheld.engine.effects import effect
from upheld.engine.fold import begin, counts, deeds, fold
from upheld.engine.gates import GateKeeper
from upheld.engine.outcomes import with_standing
from upheld.engine.step import Step
from upheld.engine.terms import Terms

#: Facts of which the tracks are told by themselves, whoever did them.
_TOLD: Final = (CustomerMessage, Reopened, Migrated)
_HANDED_OVER: Final = frozenset({HandedOver.kind})
#: More changes than this at one instant are a circle in the policy, not a life.
_CIRCLE: Final = 200


def lived(facts: Iterable[Event]) -> tuple[Event, ...]:
    """The facts in the order in which they are lived, the same however they arrived.

    The opening comes first: what a tracker dates before it takes effect with it. Nothing happens
    later than we learn of it: a tracker's clock may run ahead of ours.
    """
    ordered = sorted(facts, key=attrgetter("order"))
    opening = next((fact for fact in ordered if isinstance(fact.body, Opened)), None)
    if opening is None:
        raise TypeError("a case begins with its opening, which is not among its facts")
    begins = min(opening.at, opening.seen)
    placed = [_placed(fact, begins) for fact in ordered]
    return tuple(sorted(placed, key=lambda fact: (fact.at, fact.id != opening.id)))


def _placed(fact: Event, begins: Instant) -> Event:
    at = max(begins, min(fact.at, fact.seen))
    return fact if at == fact.at else replace(fact, at=at)


def _is_part(following: Event | None, at: Instant) -> bool:
    """Whether what comes next belongs to the same beginning: a case opens with what is proposed for it,
    its link and its enforcement, before any rule looks at it."""
    return following is not None and following.at == at and following.body.rank <= Proposed.rank


class Track(Protocol):
    """One rule, followed through a case's life."""

    def changed(self, line: Timeline, at: Instant) -> None:
        """The state is another one."""

    def awaits(self, at: Instant, token: int) -> bool:
        """Whether a timer that was scheduled once still means something."""

    def struck(self, line: Timeline, at: Instant) -> None:
        """A timer of this track struck."""


class Hearing(Protocol):
    """A track to which facts matter by themselves; to all others they do through the state alone."""

    def happened(self, line: Timeline, event: Event, done: frozenset[str]) -> None:
        """Our people did ``done``, the customer wrote, or the case was reopened."""


class Timeline:
    """The steps that became due until an instant, the state then, and the timers still to come."""

    def __init__(
        self, terms: Terms, case: str, tracks: Sequence[Track], hearing: Sequence[Hearing]
    ) -> None:
        self.terms = terms
        self.case = case
        self.tracks = tracks
        self.hearing = hearing
        self.steps: list[Step] = []
        self.state: CaseState
        self._timers: list[tuple[Instant, int, int, int]] = []
        self._index = {id(track): index for index, track in enumerate(tracks)}
        self._now: Instant = 0
        self._order = 0
        self._dirty = False
        self._gates = GateKeeper(terms.policy, terms.gated)

    def live(self, facts: Sequence[Event], until: Instant) -> None:
        """Live through the facts (as ``lived`` orders them) until ``until``, and no further.

        The opening is lived through in any case: without it there is none.
        """
        self._now = facts[0].at if facts else until
        for event, following in zip_longest(facts, facts[1:]):
            if event.at > until and event is not facts[0]:
                break
            self._strike_before(event.at)
            self._meet(event)
            if not _is_part(following, event.at):
                self.settle(event.at)
        self._strike_before(until + 1)

    def schedule(self, at: Instant, track: Track, token: int) -> None:
        """Have ``track.struck`` called at an instant, or now where that is over.

        ``token`` lets the track tell a timer that is out of date.
        """
        self._order += 1
        when = max(at, self._now)
        heapq.heappush(self._timers, (when, self._order, self._index[id(track)], token))

    def take(self, step: Step) -> None:
        """A step is due: keep it, and let what it does to the case happen."""
        self.steps.append(step)
        if step.filled:
            return
        for do in step.do:
            self.become(effect(self.state, do, step.due))

    def become(self, state: CaseState) -> None:
        """The case is in another state (or the same)."""
        if state is not self.state and state != self.state:
            self.state = turned(self.state, state)
            self._dirty = True

    def stir(self) -> None:
        """A track has changed by itself: all are told, as if the case had."""
        self._dirty = True

    def settle(self, at: Instant) -> None:
        """Tell every track until nothing changes any more."""
        for _ in range(_CIRCLE):
            if not self._dirty:
                return
            self._dirty = False
            for track in self.tracks:
                track.changed(self, at)
        raise RuntimeError(
            f"case {self.case}: rules of policy {self.terms.policy.name!r} undo each other at one instant"
        )

    def next_timer(self) -> Instant | None:
        """When something can happen next without news."""
        return min(
            (at for at, _, index, token in self._timers if self._wanted(at, index, token)),
            default=None,
        )

    def _wanted(self, at: Instant, index: int, token: int) -> bool:
        return self.tracks[index].awaits(at, token)

    def _meet(self, event: Event) -> None:
        self._now = event.at
        handed: frozenset[str] = frozenset()
        if not hasattr(self, "state"):
            opened = begin(event, self.terms.policy.default_plan)
            self.state = begun(self.terms.policy, with_standing(self.terms.policy, opened))
            self._dirty = True
        else:
            after = fold(self.state, event)
            if isinstance(event.body, Proposed | Provided):
                after = with_standing(self.terms.policy, after)
            if isinstance(event.body, PASSING):
                after = passed_on(self.terms.policy, self.state, after, event)
                handed = self._handed(event, after)
            told, undone = self._gates.meet(event, after)
            for step in told:
                self.take(step)
            if undone:
                return
            self.become(after)
        done = deeds(event) | handed
        told_anyway = isinstance(event.body, _TOLD) and counts(self.state, event)
        if done or told_anyway:
            for track in self.hearing:
                track.happened(self, event, done)

    def _handed(self, event: Event, after: CaseState) -> frozenset[str]:
        """What a tier has done that gives the case on: only people of ours can."""
        by_us = event.actor.side is Side.STAFF and after.tier != self.state.tier
        return _HANDED_OVER if by_us else frozenset()

    def _strike_before(self, end: Instant) -> None:
        while self._timers and self._timers[0][0] < end:
            at, _, index, token = heapq.heappop(self._timers)
            self._now = at
            if self._wanted(at, index, token):
                self.tracks[index].struck(self, at)
                self.settle(at)
