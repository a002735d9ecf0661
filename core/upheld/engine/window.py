"""``decide`` for a maintenance window (M-24): each of its times is announced to the customer ahead.

One that is planned later than it should have been announced is announced at once, and so late. Times that
fall due together are told in one message. Who was told of it is told when it is cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final

from upheld.calendar.instant import Instant
from upheld.calendar.occurrences import Occurrence
from upheld.case.decision import Decision, Listing, Purpose, Send, Subject
from upheld.case.events import (
    UPHELD,
    Event,
    Opened,
    StepResult,
    StepTaken,
    WindowCancelled,
    WindowPlanned,
)
from upheld.case.opening import opening
from upheld.case.window import Window
from upheld.engine.terms import LATE, Terms
from upheld.policy.model import Clause, Monitor

#: Who is told where the rule names nobody: the first of these who are anybody.
TOLD: Final = ("customer.technical", "customer")
ANNOUNCED: Final = "window"
CALLED_OFF: Final = "window-cancelled"


def decide_window(terms: Terms, subject: Subject, event: Event) -> Decision:
    """Announce what is due by ``event.seen``; tell that it is off."""
    facts = (*subject.facts, event)
    window = _window(subject, facts)
    opened = opening(facts)
    if window is None or opened is None:  # only its opening is there so far, or it was erased
        return Decision(subject.state or {})
    turn = _Turn(terms, subject.id, window, opened, event)
    turn.cancelled() if isinstance(event.body, WindowCancelled) else turn.announced()
    return turn.decision(facts[0].at)


def _window(subject: Subject, facts: Sequence[Event]) -> Window | None:
    if subject.state and "times" in subject.state:
        return Window.read(subject.state).hears(facts)
    planned = (fact.body for fact in facts if isinstance(fact.body, WindowPlanned))
    body = next(planned, None)
    return None if body is None else Window.planned(body).hears(facts)


@dataclass(slots=True)
class _Turn:
    """One decision under way."""

    terms: Terms
    id: str
    window: Window
    opened: Opened
    event: Event
    steps: list[StepTaken] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)

    @property
    def now(self) -> Instant:
        return self.event.seen

    def announced(self) -> None:
        """Deal with each time that is due by each rule, once."""
        for clause, rule, ahead in self._rules():
            name = f"{clause.id}/{rule.name}"
            until = self.now + ahead
            due = [*takewhile(lambda time: time.begins <= until, self._untold(name))]  # noqa: B023
            if not due:
                continue
            self.window = self.window.but(told={**self.window.told, name: due[-1].begins})
            for time in (time for time in due if time.ends <= self.now):
                self._step(clause, rule, time, time.begins - ahead, StepResult.COLLAPSED)
            self._announce(clause, rule, ahead, [t for t in due if t.ends > self.now])

    def cancelled(self) -> None:
        """Tell those who had been told, where anything of it was still to come; of a single time, where
        that was among what they were told."""
        dropped = self._dropped
        times = [*self._announced_times(dropped)]
        left = dropped is None and self.window.but(off=None).next(self.now) is not None
        if self.window.heard is None or not (times or left) or not self._enforced:
            return
        for clause, rule, _ in self._rules():
            if self.window.told.get(f"{clause.id}/{rule.name}", -1) >= (dropped or 0):
                key = f"{self.id}/{clause.id}/{rule.name}/cancelled"
                key = key if dropped is None else f"{key}/{dropped}"
                self._send(key, clause, rule, CALLED_OFF, self.event.at, times)
                self.steps.append(_taken(key, clause, rule, self.event.at, self.now))

    @property
    def _dropped(self) -> Instant | None:
        """The single time that the event calls off."""
        body = self.event.body
        return body.time if isinstance(body, WindowCancelled) else None

    def _announced_times(self, dropped: Instant | None) -> Iterator[Occurrence]:
        """What was announced and is off now."""
        heard = self.window.heard or 0
        known = self.window if dropped is None else self.window.but(dropped={})
        for time in takewhile(lambda time: time.ends <= heard, known.after(self.now)):
            if dropped in {None, time.begins}:
                yield time

    def _announce(
        self, clause: Clause, rule: Monitor, ahead: int, times: Sequence[Occurrence]
    ) -> None:
        if not times:
            return
        due, first = times[0].begins - ahead, times[0]
        if not self._enforced:
            self._step(clause, rule, first, due, StepResult.BEFORE_ENFORCEMENT)
            return
        key = self._step(clause, rule, first, due, StepResult.TAKEN)
        self._send(key, clause, rule, ANNOUNCED, due, times)
        self.window = self.window.but(heard=times[-1].ends)
        if self.now - due >= LATE:
            self.window = self.window.but(late=(due, self.now, first.ends))

    def _step(
        self, clause: Clause, rule: Monitor, time: Occurrence, due: Instant, result: StepResult
    ) -> str:
        key = f"{self.id}/{clause.id}/{rule.name}/{time.begins}"
        self.steps.append(_taken(key, clause, rule, due, self.now, result))
        return key

    def _send(
        self,
        key: str,
        clause: Clause,
        rule: Monitor,
        template: str,
        due: Instant,
        times: Sequence[Occurrence],
    ) -> None:
        facts = {"window": self._said(times)} | ({} if rule.notify else {"first_of": True})
        self.sends.append(
            Send(
                key,
                Purpose.MAIL,
                rule.notify or TOLD,
                (clause.id,),
                due,
                self.now - due,
                template,
                facts,
            )
        )

    def _said(self, times: Sequence[Occurrence]) -> Mapping[str, Any]:
        reason = self.window.reason
        if isinstance(self.event.body, WindowCancelled):
            reason = self.event.body.reason
        return {
            "monitors": list(self.window.monitors),
            "times": [[time.begins, time.ends] for time in times],
            "rule": self.window.times.rule,
            "reason": reason,
            **({"single": True} if self._dropped is not None else {}),
        }

    def _rules(self) -> Iterator[tuple[Clause, Monitor, int]]:
        """Each rule that announces, with how long ahead; none where there is nobody to tell."""
        for clause in self.terms.policy.clauses if self.opened.customer else ():
            for rule in clause.rules:
                if isinstance(rule, Monitor) and rule.announce is not None:
                    yield clause, rule, rule.announce.span

    def _untold(self, name: str) -> Iterator[Occurrence]:
        """The times that a rule has not dealt with, in order."""
        last = self.window.told.get(name)
        times = self.window.times
        # Each of them is looked at once, also those that went by while nothing ran.
        since = times.first.begins if last is None else last
        if self.window.off is not None:
            return iter(())
        return (
            time
            for time in times.after(since)
            if (last is None or time.begins > last) and time.begins not in self.window.dropped
        )

    @property
    def _enforced(self) -> bool:
        since = self.opened.enforced_from
        return since is not None and max(since, self.terms.enforced_from or 0) <= self.now

    def _wakes(self) -> Iterator[Instant]:
        """When it must be looked at: to announce, as it begins, as it ends."""
        time = self.window.next(self.now)
        if time is None:
            return
        yield time.ends if time.covers(self.now) else time.begins
        for clause, rule, ahead in self._rules():
            untold = next(self._untold(f"{clause.id}/{rule.name}"), None)
            if untold is not None:
                yield untold.begins - ahead

    def decision(self, opened: Instant) -> Decision:
        """All of it."""
        time = self.window.next(self.now)
        return Decision(
            state=self.window.write(),
            follows=tuple(
                Event(f"{step.key}~", self.event.at, self.now, UPHELD, step) for step in self.steps
            ),
            actions=tuple(self.sends),
            wake_at=min(self._wakes(), default=None),
            listing=Listing(
                status=self.window.status(self.now).value,
                customer=self.opened.customer,
                title=self.opened.subject,
                opened=opened,
                due=time.begins if time else None,
            ),
        )


def _taken(
    key: str,
    clause: Clause,
    rule: Monitor,
    due: Instant,
    now: Instant,
    result: StepResult = StepResult.TAKEN,
) -> StepTaken:
    return StepTaken(key, clause.id, rule.name, due, result, now - due)
