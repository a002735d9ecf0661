"""The track of a step that comes so long before a target is due, along its calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from upheld.calendar.instant import Instant
from upheld.case.state import CaseState
from upheld.engine.clocks import ClockTrack
from upheld.engine.conditions import holds, live
from upheld.engine.step import Step
from upheld.engine.terms import Terms
from upheld.engine.timeline import Timeline
from upheld.policy.model import Clause, When


class AheadTrack:
    """Once a cycle of each clock of the target: ``before`` it is due, or as soon as it is known that
    less is left; not where the target is missed already."""

    def __init__(
        self, terms: Terms, clause: Clause, rule: When, clocks: Iterable[ClockTrack]
    ) -> None:
        if rule.before is None:
            raise ValueError(f"{clause.id}/{rule.name} has no `before`")
        self.clause, self.rule = clause, rule
        target = rule.before.target
        self.clocks: Sequence[ClockTrack] = [c for c in clocks if c.rule.target == target]
        self._is_live = live(rule.when)
        self._calendar, self._length = terms.reach(rule.before.length, rule.calendar)
        self._dealt_with: dict[int, int] = {}  # the last cycle of each clock
        self._planned: dict[int, Instant] = {}
        self.cycle = 0

    def changed(self, line: Timeline, at: Instant) -> None:
        """Look when each clock is due by now."""
        for index in range(len(self.clocks)):
            self._look(line, at, index)

    def awaits(self, at: Instant, token: int) -> bool:
        """Its instant, while the clock runs and nothing was done yet."""
        begins = self._begins(token)
        return begins is not None and begins <= at

    def struck(self, line: Timeline, at: Instant) -> None:
        """So little is left."""
        self.changed(line, at)

    def pending(self, state: CaseState) -> Instant | None:
        """When it would fire first if nothing more happened."""
        unless = self.rule.unless
        if not self._is_live(state) or (unless and holds(unless, state)):
            return None
        found = (self._begins(index) for index in range(len(self.clocks)))
        return min((at for at in found if at is not None), default=None)

    def _begins(self, index: int) -> Instant | None:
        """From when on so little is left of a clock; None where nothing is to be done."""
        clock = self.clocks[index]
        due = clock.due
        if due is None or self._dealt_with.get(index) == clock.cycle:
            return None
        return self._calendar.back(due, self._length)

    def _look(self, line: Timeline, at: Instant, index: int) -> None:
        begins = self._begins(index)
        if begins is None:
            return
        if begins > at:
            if self._planned.get(index) != begins:
                self._planned[index] = begins
                line.schedule(begins, self, index)
        elif at < (self.clocks[index].due or at) and self._is_live(line.state):
            self._dealt_with[index] = self.clocks[index].cycle
            self._fire(line, at, self.clocks[index].started)

    def _fire(self, line: Timeline, at: Instant, since: Instant | None) -> None:
        unless = self.rule.unless
        if unless is not None and holds(unless, line.state, since=since):
            return
        self.cycle += 1
        track = f"{self.clause.id}/{self.rule.name}/{self.cycle}"
        line.take(
            Step(
                track,
                occurrence=1,
                clause=self.clause.id,
                rule=self.rule.name,
                due=at,
                do=self.rule.do,
                catch_up=self.rule.catch_up,
            )
        )
