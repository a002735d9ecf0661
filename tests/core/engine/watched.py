"""A monitor in the hands of ``decide_monitor``; keeps what the ledger would keep."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from typing import Any

from tests.core.engine.scene import START
from upheld.calendar.instant import Instant
from upheld.case.decision import Decision, OpenCase, Send, Subject, Tell
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    Event,
    Opened,
    Origin,
    Provided,
    StepTaken,
    Turned,
)
from upheld.case.monitor import MonitorState
from upheld.engine.monitor import decide_monitor
from upheld.engine.terms import Terms

NAME = "mail.acme.example"


class Watching:
    """``of`` is what it is watched as; whose it is, is acme unless said otherwise."""

    def __init__(
        self,
        terms: Terms,
        of: str = "servers",
        *,
        customer: str | None = "acme",
        enforced_from: Instant | None = START,
        **fields: str,
    ) -> None:
        self.terms = terms
        self.subject = Subject("M1", "monitor", 0, terms.policy.version)
        self.decisions: list[Decision] = []
        self.follows: list[Event] = []
        self._ids = count(1)
        text = "tcp to mail.acme.example:25"
        opened = Opened("monitor", NAME, text, customer=customer, enforced_from=enforced_from)
        self.happens(opened, START)
        for item, value in ({"of": of} | fields).items():
            self.happens(Provided(item, value), START)

    def happens(
        self, body: Body, when: Instant, *, seen: Instant | None = None, by: Actor = UPHELD
    ) -> Decision:
        """A fact of ``when``, learned of at once or at ``seen``."""
        event = Event(f"m{next(self._ids)}", when, when if seen is None else seen, by, body)
        decision = decide_monitor(self.terms, self.subject, event)
        facts = (event,) if event.origin is Origin.FACT else ()
        self.subject = replace(
            self.subject,
            seq=self.subject.seq + 1,
            facts=(*self.subject.facts, *facts),
            state=json.loads(json.dumps(decision.state)),
        )
        self.decisions.append(decision)
        self.follows += decision.follows
        return decision

    def turns(self, state: str, when: Instant, **told: Any) -> Decision:
        """Its state is another one, since then unless ``since`` says otherwise."""
        before = self.decision.state["state"]
        seen = told.pop("seen", None)
        body = Turned(state, before, **({"since": when} | told))
        return self.happens(body, when, seen=seen)

    @property
    def decision(self) -> Decision:
        return self.decisions[-1]

    @property
    def sends(self) -> list[Send]:
        return [each for d in self.decisions for each in d.actions if isinstance(each, Send)]

    @property
    def told(self) -> list[tuple[str, tuple[str, ...], str]]:
        """Clause, whom, and the state that they hear of."""
        return [(send.clauses[0], send.to, send.facts["state"]) for send in self.sends]

    @property
    def opened(self) -> list[OpenCase]:
        return [each for d in self.decisions for each in d.deeds if isinstance(each, OpenCase)]

    @property
    def cases_hear(self) -> list[tuple[str, Body]]:
        deeds = (each for d in self.decisions for each in d.deeds)
        return [(each.subject, each.event.body) for each in deeds if isinstance(each, Tell)]

    @property
    def steps(self) -> list[StepTaken]:
        return [each.body for each in self.follows if isinstance(each.body, StepTaken)]


def bodies(events: Iterable[Event]) -> list[Body]:
    return [event.body for event in events]


STATES = [state.value for state in MonitorState]
