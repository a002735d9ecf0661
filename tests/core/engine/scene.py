"""Small policies as text, and cases that are decided as the ledger does it, instant by instant."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from typing import TypeVar

from upheld.calendar.instant import HOUR, MINUTE, Instant, parse
from upheld.case.clock import ClockRun
from upheld.case.decision import Action, Decision, Send, Subject
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    Event,
    Opened,
    Origin,
    Side,
    StepResult,
    StepTaken,
    StepWithdrawn,
    Ticked,
    VerdictGiven,
)
from upheld.case.state import CaseState
from upheld.engine.case import Life, decide, replay
from upheld.engine.terms import Terms, compile_terms
from upheld.policy import load_policy

T = TypeVar("T")

START: Instant = parse("2026-03-02T09:00:00Z")  # a Monday
BO = Actor("bo", Side.STAFF)
PAT = Actor("pat@acme.example", Side.CUSTOMER)
BOT = Actor("automation", Side.BOT)
OPENED = Opened(
    "email", "It hangs", "since this morning", reporter=PAT.id, customer="acme", enforced_from=START
)

HEAD = """
policy: Test
version: "1"
published_by: Us
calendars:
  office: {zone: UTC, week: {mon-fri: "09:00-17:00"}}
severities:
  1: {name: Urgent, means: It is down.}
  2: {name: Medium, means: It is slow.}
  3: {name: Low, means: A question.}
roles: {manager: Manager, engineer: Engineer on duty, chief: Chief}
needs:
  queues: [support, second-line]
  templates: [acknowledgement, ticket-number, status, hint]
  links: [downloads]
  flags: {vip: an important one, ours: a machine of ours is involved}
plans: {premier: {}}
document:
- heading: All
  clauses:
"""


def terms(*rules: str, enforced_from: Instant | None = None) -> Terms:
    """The terms of a policy with one clause a rule: A-1, A-2 … Each rule is a flow of YAML keys."""
    lines = [
        f"  - {{id: A-{number}, says: A promise., {rule}}}" for number, rule in enumerate(rules, 1)
    ]
    return compile_terms(load_policy(HEAD + "\n".join(lines)), enforced_from=enforced_from)


def at(hours: float = 0, *, minutes: float = 0) -> Instant:
    """So long after the start."""
    return START + round(hours * HOUR) + round(minutes * MINUTE)


class Case:
    """A case in the hands of ``decide``; keeps what the ledger would keep."""

    def __init__(self, terms: Terms, opened: Opened = OPENED, opened_at: Instant = START) -> None:
        self.terms = terms
        self.subject = Subject("C1", "case", 0, terms.policy.version)
        self.decisions: list[Decision] = []
        self.actions: list[Action] = []
        self.follows: list[Event] = []
        self._ids = count(1)
        self.happens(opened, opened_at, by=PAT)

    def happens(
        self,
        body: Body,
        when: Instant,
        *,
        seen: Instant | None = None,
        by: Actor = BO,
        event_id: str | None = None,
    ) -> Decision:
        """A fact of ``when`` is learned of, at once or at ``seen``."""
        name = event_id or f"e{next(self._ids):03}"
        return self.take(Event(name, when, when if seen is None else seen, by, body))

    def tick(self, when: Instant) -> Decision:
        """The clock looks at the case."""
        return self.take(Event(f"tick:{self.subject.seq + 1}", when, when, UPHELD, Ticked()))

    def until(self, when: Instant) -> None:
        """The clock looks at the case whenever it asked for it, and at last at ``when``."""
        while (wake := self.decision.wake_at) is not None and wake < when:
            self.tick(wake)
        self.tick(when)

    def take(self, event: Event) -> Decision:
        """Decide, and keep the decision as JSON keeps it."""
        decision = decide(self.terms, self.subject, event)
        new = (event, *decision.follows)
        fact = tuple(each for each in new if each.origin is Origin.FACT)
        self.subject = replace(
            self.subject,
            seq=self.subject.seq + 1 + len(decision.follows),
            facts=(*self.subject.facts, *fact),
            state=json.loads(json.dumps(decision.state)),
        )
        self.decisions.append(decision)
        self.actions += decision.actions
        self.follows += decision.follows
        return decision

    # --- what came of it --------------------------------------------------------------------------

    @property
    def decision(self) -> Decision:
        return self.decisions[-1]

    @property
    def sends(self) -> list[Send]:
        return [action for action in self.actions if isinstance(action, Send)]

    def life(self, until: Instant) -> Life:
        return replay(self.terms, self.subject.id, self.subject.facts, until)

    def state(self, until: Instant) -> CaseState:
        return self.life(until).state

    def clock(self, until: Instant) -> ClockRun:
        """The one clock that the case has."""
        (run,) = self.life(until).clocks
        return run

    def bodies(self, kind: type[T]) -> list[T]:
        """What followed, of one kind."""
        return [event.body for event in self.follows if isinstance(event.body, kind)]

    def verdicts(self) -> dict[str, str]:
        """Key -> the verdict given last."""
        return {body.key: body.verdict for body in self.bodies(VerdictGiven)}

    def results(self, clause: str = "A-1") -> list[tuple[Instant, StepResult]]:
        """Due and result of each step of a clause, in the order in which they were taken."""
        steps = self.bodies(StepTaken)
        return [(step.due, step.result) for step in steps if step.clause == clause]

    def in_force(self) -> Counter[str]:
        """Keys of steps -> how often taken, less how often withdrawn."""
        keys = Counter(step.key for step in self.bodies(StepTaken))
        keys.subtract(step.key for step in self.bodies(StepWithdrawn))
        return keys


def spoken(actions: Iterable[Action]) -> list[tuple[str, ...]]:
    """(purpose, whom …) of each message."""
    return [(a.purpose.value, *a.to) for a in actions if isinstance(a, Send)]
