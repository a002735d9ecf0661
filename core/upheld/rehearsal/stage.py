"""A scenario lived through by the real engine, on a clock that jumps; nothing is stored or sent.

Time passes as under a daemon that looks at each case the moment it asks for it: what is learned of at
an instant comes before what is due at it. Messages are merged by the code that plans real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.clock import ClockRun
from upheld.case.decision import Decision, Subject
from upheld.case.events import (
    UPHELD,
    CustomerMessage,
    Event,
    Opened,
    Origin,
    Reopened,
    Ticked,
)
from upheld.case.opening import opening
from upheld.case.state import Status
from upheld.desk.proposals import anew
from upheld.desk.proposals import fields as recorded
from upheld.directory import Directory
from upheld.engine.case import decide, replay
from upheld.engine.classify import propose
from upheld.engine.intake import arrival
from upheld.engine.referral import decide_referral
from upheld.engine.terms import Terms
from upheld.policy.model import Verb
from upheld.rehearsal.messages import Outbox, Said

#: A policy that makes work without end is told, not followed.
_MOST_LOOKS: Final = 100_000
_BY_MAIL: Final = frozenset({"email", "mail"})


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a scenario: messages by instant, and each case's clocks at the end."""

    messages: tuple[Said, ...]
    clocks: tuple[tuple[str, ClockRun], ...]


def play(
    terms: Terms,
    directory: Directory,
    facts: Sequence[tuple[str, tuple[Event, ...]]],
    until: Instant,
    down: Sequence[tuple[Instant, Instant]] = (),
) -> Played:
    """Live through the facts of each case and on until an instant."""
    said: list[Said] = []
    clocks: list[tuple[str, ClockRun]] = []
    for case, events in facts:
        life = Life(terms, directory, case, tuple(down))
        life.live(events, until)
        said += life.outbox.said()
        clocks += [(case, run) for run in life.clocks(until)]
    return Played(tuple(sorted(said, key=lambda each: each.order)), tuple(clocks))


@dataclass
class Life:
    """One case in the hands of ``decide``; keeps what the ledger would keep."""

    terms: Terms
    directory: Directory
    case: str
    down: tuple[tuple[Instant, Instant], ...]
    outbox: Outbox = field(init=False)
    subject: Subject | None = None
    wake: Instant | None = None
    status: str = ""
    refers: bool = False
    looks: int = 0
    came: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.directory, self.case)

    def live(self, events: Sequence[Event], until: Instant) -> None:
        """Facts in the order in which they are learned of; between them the case is looked at."""
        self.came = tuple(event for event in events if event.seen == events[0].seen)
        for event in events:
            learned = replace(event, seen=self._awake(event.seen))
            if learned.seen > until:
                break
            self._pass(learned.seen - 1)
            self._learn(learned)
        self._pass(until)

    def clocks(self, until: Instant) -> tuple[ClockRun, ...]:
        """How its clocks stand at the end."""
        if self.subject is None or self.refers:
            return ()
        facts = [fact for fact in self.subject.facts if fact.seen <= until]
        return replay(self.terms, self.case, facts, until).clocks

    def _learn(self, event: Event) -> None:
        if isinstance(event.body, Opened):
            self._open(event, event.body)
        elif self.subject is not None:
            self._take(event)
            self._propose_anew(event)
            if isinstance(event.body, CustomerMessage) and self.status == Status.CLOSED:
                self._take(replace(event, id=f"{event.id}#reopened", body=_AGAIN))

    def _propose_anew(self, event: Event) -> None:
        assert self.subject is not None
        # What comes with the opening is looked at there.
        looked = self.refers or event.id in {each.id for each in self.came}
        proposed = None if looked else anew(self.terms.policy, self.subject.facts, event)
        if proposed is not None:
            self._take(proposed)

    def _open(self, event: Event, opened: Opened) -> None:
        """As intake does: the policy's rules say what happens with mail from this sender."""
        verbs = {Verb.OPEN}
        if opened.source in _BY_MAIL:
            kind = "partner" if opened.customer else "unknown"
            verbs = {do.verb for _, do in arrival(self.terms.policy, kind, opened.nature)}
        if not verbs & {Verb.OPEN, Verb.REFER}:
            return
        self.refers = Verb.OPEN not in verbs
        kind = "referral" if self.refers else "case"
        self.subject = Subject(self.case, kind, 0, self.terms.policy.version)
        self._take(event)
        if not self.refers:
            proposed = propose(self.terms.policy, opened, event.at, recorded(self.came))
            self._take(Event(f"{event.id}#proposed", event.at, event.seen, UPHELD, proposed))

    def _pass(self, until: Instant) -> None:
        """The clock looks at the case whenever it asked for that."""
        while self.wake is not None and (now := self._awake(self.wake)) <= until:
            self.looks += 1
            if self.looks > _MOST_LOOKS:
                raise RuntimeError(f"case {self.case} asks to be looked at without end")
            assert self.subject is not None
            self._take(Event(f"tick-{self.subject.seq}", now, now, UPHELD, Ticked()))

    def _awake(self, at: Instant) -> Instant:
        """The instant itself, or the end of a time in which nothing runs."""
        return next((ends for begins, ends in self.down if begins <= at < ends), at)

    def _take(self, event: Event) -> None:
        subject = self.subject
        assert subject is not None
        decider = decide_referral if self.refers else decide
        decision = decider(self.terms, subject, event)
        fact = (event,) if event.origin is Origin.FACT else ()
        self.subject = replace(
            subject,
            seq=subject.seq + 1 + len(decision.follows),
            facts=(*subject.facts, *fact),
            state=decision.state,
        )
        self.status, self.wake = decision.listing.status, self._later(decision, event)
        opened = opening(self.subject.facts)
        assert opened is not None
        assignee = decision.listing.assignee
        self.outbox.take(decision.actions, opened, assignee, event.seen)

    def _later(self, decision: Decision, event: Event) -> Instant | None:
        """When to look next; what asks for the past is looked at in the next moment."""
        wake = decision.wake_at
        stands = isinstance(event.body, Ticked) and not decision.follows and not decision.actions
        return event.seen + 1 if wake is not None and wake <= event.seen and stands else wake


_AGAIN: Final = Reopened("the customer wrote again")
