"""The tracks of rules that do something: once (``when``), or again and again (``every``)."""

from __future__ import annotations

from dataclasses import replace

from upheld.calendar.instant import Instant
from upheld.case.decision import Withdrawal
from upheld.case.events import Event, PublicReply
from upheld.case.state import CaseState, Status
from upheld.engine.conditions import asks_status, holds, live
from upheld.engine.messages import to_nobody
from upheld.engine.step import Step, StepKind
from upheld.engine.terms import Terms
from upheld.engine.timeline import Timeline
from upheld.policy.model import CatchUp, Clause, Every, Verb, When


class WhenTrack:
    """Once each time the condition becomes true, at once or after a while."""

    def __init__(self, terms: Terms, clause: Clause, rule: When) -> None:
        self.clause, self.rule = clause, rule
        self.cycle = 0
        self.since: Instant | None = None
        self.due: Instant | None = None
        self.prevented = False
        self.whom: str | None = None  # whoever it was escalated to, where the condition asks that
        self._asks_whom = any(test.key == "escalated_by" for test in rule.when.tests)
        self._is_live = live(rule.when)
        self._reach = terms.reach(rule.after, rule.calendar) if rule.after else None

    def changed(self, line: Timeline, at: Instant) -> None:
        """Arm when the condition becomes true, disarm when it no longer is."""
        if not self._is_live(line.state):
            self.since, self.due, self.prevented = None, None, False
        elif self.since is None or self._is_anew(line.state):
            self._arm(line, at)

    def awaits(self, at: Instant, token: int) -> bool:
        """The end of the while, while the condition holds."""
        return token == self.cycle and self.due == at

    def struck(self, line: Timeline, at: Instant) -> None:
        """The while is over: fire, unless what would prevent it has come."""
        self.due = None
        self._fire(line, at)

    def _arm(self, line: Timeline, at: Instant) -> None:
        self.since, self.prevented = at, False
        self.whom = line.state.escalated_to if self._asks_whom else None
        self.cycle += 1
        if self._reach is None:
            self._fire(line, at)
            return
        calendar, length = self._reach
        self.due = calendar.add(at, length)
        line.schedule(self.due, self, self.cycle)

    def _fire(self, line: Timeline, at: Instant) -> None:
        if self._is_prevented(line.state):
            # A while that was prevented begins again when that ends: what was arranged to wait must not
            # wait for good. What is done at once has had its moment.
            self.prevented = self._reach is not None
            return
        if line.state.status is Status.CLOSED and not asks_status(self.rule.when):
            return
        line.take(
            Step(
                track=f"{self.clause.id}/{self.rule.name}/{self.cycle}",
                occurrence=1,
                clause=self.clause.id,
                rule=self.rule.name,
                due=at,
                do=self.rule.do,
                catch_up=self.rule.catch_up,
            )
        )

    def pending(self, state: CaseState) -> Instant | None:
        """When it would fire if nothing more happened; None where ``unless`` already holds."""
        return None if self._is_prevented(state) else self.due

    def _is_anew(self, state: CaseState) -> bool:
        """Whether what prevented it is over, or it was escalated to somebody else."""
        if self._asks_whom and state.escalated_to != self.whom:
            return True
        return self.prevented and not self._is_prevented(state)

    def _is_prevented(self, state: CaseState) -> bool:
        unless = self.rule.unless
        return unless is not None and holds(unless, state, since=self.since)


class EveryTrack:
    """Again and again while the condition holds, on a grid that begins when it became true; where it asks
    about an outage, when that began.

    A slot reaches from the instant after one occurrence to the next; what fills it counts for it.
    """

    def __init__(self, terms: Terms, clause: Clause, rule: Every) -> None:
        self.clause, self.rule = clause, rule
        self._is_live = live(rule.holds)
        self._of_outage = any(test.key == "monitor" for test in rule.holds.tests)
        self.calendar, self.length = terms.reach(rule.every, rule.calendar)
        self.first = terms.reach(rule.first or rule.every, rule.calendar)[1]
        ask = rule.ask_ahead
        self.ahead = terms.reach(ask.before, rule.calendar)[1] if ask else None
        self.cycle = 0
        self.since: Instant | None = None
        self.armed: Instant = 0  # when it came to hold; the grid may have begun before
        self.occurrence = 0
        self.filled_at: Instant | None = None

    def changed(self, line: Timeline, at: Instant) -> None:
        """Begin the grid when the condition becomes true; end it when it no longer is."""
        if not self._is_live(line.state):
            self.since = None
        elif self.since is None:
            self.since, self.occurrence, self.filled_at = self._begun(line.state, at), 0, None
            self.armed = at
            self.cycle += 1
            self._next(line)
        elif self.occurrence == 0:  # not enforced so far; perhaps it is now
            self._next(line)
        if line.state.updated_at == at and "update" in self.rule.filled_by:
            self.filled_at = at

    def happened(self, line: Timeline, event: Event, done: frozenset[str]) -> None:
        """Remember what fills the slot."""
        if done.intersection(self.rule.filled_by):
            self.filled_at = event.at

    def awaits(self, at: Instant, token: int) -> bool:
        """The next occurrence, or the question ahead of it, while the grid lasts."""
        return self.since is not None and token == self._token()

    def struck(self, line: Timeline, at: Instant) -> None:
        """An occurrence is due, or the question ahead of it."""
        if at < self.at(self.occurrence):
            self._ask(line, at)
            return
        line.take(self._step(self.at(self.occurrence), StepKind.DO, filled=self._filled()))
        self._next(line)

    def at(self, occurrence: int) -> Instant:
        """The instant of an occurrence, counted from 1."""
        since = self.since or 0
        return self.calendar.add(since, self.first + (occurrence - 1) * self.length)

    def pending(self, _state: CaseState) -> Instant | None:
        """The next occurrence."""
        return self.at(self.occurrence) if self.since is not None and self.occurrence else None

    def _begun(self, state: CaseState, at: Instant) -> Instant:
        """Hours of an outage count from its first failed request, not from the case (M-19)."""
        outage = state.watched if self._of_outage else None
        return at if outage is None else min(outage.since, at)

    def _next(self, line: Timeline) -> None:
        # The case's own instant: what was due between it and the site's is still told, as due before.
        begins = line.state.enforced_from
        if begins is None:
            self.occurrence = 0
            return
        first = self._first_at_or_after(max(begins, self.armed))
        self.occurrence = max(self.occurrence + 1, first)
        due = self.at(self.occurrence)
        if self.ahead is not None:
            line.schedule(self.calendar.back(due, self.ahead), self, self._token())
        line.schedule(due, self, self._token())

    def _first_at_or_after(self, begins: Instant) -> int:
        # A case that was open for a year before it was enforced has thousands of empty slots.
        passed = self.calendar.elapsed(self.since or 0, begins) - self.first
        return max(1, -(-passed // self.length) + 1)

    def _token(self) -> int:
        return self.cycle * 1_000_000 + self.occurrence

    def _filled(self) -> bool:
        if self.filled_at is None:
            return False
        slot = self.at(self.occurrence - 1) if self.occurrence > 1 else self.since
        return slot is not None and self.filled_at > slot

    def _ask(self, line: Timeline, at: Instant) -> None:
        ask = self.rule.ask_ahead
        if ask is None or self._filled() or to_nobody(self.rule.do, line.state):
            return
        if ask.of == "assignee" and not line.state.assignee:
            return
        line.take(replace(self._step(at, StepKind.ASK, filled=False), asks=ask.of))

    def _step(self, at: Instant, kind: StepKind, *, filled: bool) -> Step:
        asks = kind is StepKind.ASK
        track = f"{self.clause.id}/{self.rule.name}/{self.cycle}"
        return Step(
            track=f"{track}/ask" if asks else track,
            occurrence=self.occurrence,
            clause=self.clause.id,
            rule=self.rule.name,
            due=at,
            kind=kind,
            do=() if asks else self.rule.do,
            catch_up=CatchUp.COLLAPSE if asks else self.rule.catch_up,
            filled=filled,
            next_due=self.at(self.occurrence if asks else self.occurrence + 1),
        )


class HoldTrack:
    """A hold that was arranged until an instant is over then."""

    def __init__(self) -> None:
        self.until: Instant | None = None

    def changed(self, line: Timeline, at: Instant) -> None:
        """A hold has an end, or another one."""
        before, self.until = self.until, line.state.held_until
        if self.until is not None and self.until != before:
            line.schedule(self.until, self, 0)

    def awaits(self, at: Instant, token: int) -> bool:
        """The end that was arranged last."""
        return self.until is not None and self.until <= at

    def struck(self, line: Timeline, at: Instant) -> None:
        """Release it."""
        line.become(line.state.but(held=None, held_until=None))


class StandDownTrack:
    """Everybody who was paged is stood down when the case is worked, lowered or closed (M-11)."""

    def __init__(self) -> None:
        self.seen = self.pages = 0
        self.paged = self.stood = False
        self.severity: int | None = None

    def changed(self, line: Timeline, at: Instant) -> None:
        """Watch for pages, for a lower severity and for the end."""
        self._watch(line)
        before, self.severity = self.severity, line.state.acting_severity
        if not self.paged:
            return
        if line.state.status is Status.CLOSED:
            self._take(line, at, Withdrawal.CLOSED)
        elif before is not None and (self.severity or before) > before:
            self._take(line, at, Withdrawal.SUPERSEDED)

    def happened(self, line: Timeline, event: Event, done: frozenset[str]) -> None:
        """Work stops the delivery of pages."""
        self._watch(line)
        if self.paged and not self.stood and "worked" in done:
            self._take(line, event.at, Withdrawal.WORKED)

    def awaits(self, at: Instant, token: int) -> bool:
        """Has no timers."""
        return False

    def struck(self, line: Timeline, at: Instant) -> None:
        """Has no timers."""

    def _watch(self, line: Timeline) -> None:
        for step in line.steps[self.seen :]:
            if any(do.verb is Verb.PAGE for do in step.do):
                self.paged, self.stood = True, False
                self.pages += 1
        self.seen = len(line.steps)

    def _take(self, line: Timeline, at: Instant, why: Withdrawal) -> None:
        self.stood = True
        self.paged = why is Withdrawal.WORKED
        # Known by the pages that it answers: one more page, sent late, has a stand-down of its own.
        track = f"stand-down/{why}/{self.pages}"
        line.take(Step(track, 1, "", "stand-down", at, StepKind.STAND_DOWN, why=why))


class ReplyTrack:
    """What a person typed at our own door goes out to the customer, once."""

    def changed(self, line: Timeline, at: Instant) -> None:
        """Nothing to watch."""

    def happened(self, line: Timeline, event: Event, done: frozenset[str]) -> None:
        """A reply that is still to be sent."""
        if isinstance(event.body, PublicReply) and event.body.send and done:
            track, text = f"reply/{event.id}", event.body.text
            line.take(Step(track, 1, "", "reply", event.at, StepKind.REPLY, text=text))

    def awaits(self, at: Instant, token: int) -> bool:
        """Has no timers."""
        return False

    def struck(self, line: Timeline, at: Instant) -> None:
        """Has no timers."""
