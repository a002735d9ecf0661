"""A scenario lived through by the real engine, on a clock that jumps; nothing is stored or sent.

Time passes as under a daemon that looks at each case the moment it asks for it: what is learned of at
an instant comes before what is due at it. Messages are merged by the code that plans real ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.clock import ClockRun
from upheld.case.decision import Decision, Listing, Subject
from upheld.case.events import (
    UPHELD,
    CustomerMessage,
    Detached,
    Event,
    Opened,
    Origin,
    Reopened,
    Ticked,
)
from upheld.case.opening import opening
from upheld.case.state import CaseState, Status
from upheld.desk.proposals import anew
from upheld.desk.proposals import fields as recorded
from upheld.desk.systems import entitled, entitled_anew
from upheld.directory import Directory
from upheld.engine.case import decide, replay
from upheld.engine.classify import propose
from upheld.engine.fold import deeds
from upheld.engine.intake import arrival
from upheld.engine.referral import decide_referral
from upheld.engine.terms import Terms
from upheld.policy.model import Verb
from upheld.rehearsal.messages import Outbox, Said
from upheld.rehearsal.neighbours import orders, passed_over, unsaid, with_customer

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
    lives: dict[str, Life] = {}
    for case, events in facts:
        lives[case] = Life(terms, directory, case, tuple(down), lives)
        lives[case].came = tuple(each for each in events if each.seen == events[0].seen)
    news = [(case, event) for case, events in facts for event in events]
    for case, event in sorted(news, key=lambda each: (each[1].seen, each[1].order)):
        lives[case].hear(event, until)
    said: list[Said] = []
    clocks: list[tuple[str, ClockRun]] = []
    for life in lives.values():
        life.pass_until(until)
        said += life.outbox.said()
        clocks += [(life.case, run) for run in life.clocks(until)]
    return Played(tuple(sorted(said, key=lambda each: each.order)), tuple(clocks))


@dataclass
class Life:
    """One case in the hands of ``decide``; keeps what the ledger would keep. ``others`` are all cases of
    the scenario, by name: they see each other as cases of one ledger do."""

    terms: Terms
    directory: Directory
    case: str
    down: tuple[tuple[Instant, Instant], ...]
    others: Mapping[str, Life]
    outbox: Outbox = field(init=False)
    subject: Subject | None = None
    wake: Instant | None = None
    listing: Listing = field(default_factory=Listing)
    refers: bool = False
    looks: int = 0
    busy: bool = False
    came: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.directory, self.case)

    def hear(self, event: Event, until: Instant) -> None:
        """News, if it comes before the end; before it the case is looked at as often as it asks."""
        learned = replace(event, seen=self._awake(event.seen))
        if learned.seen <= until:
            self.pass_until(learned.seen - 1)
            self._learn(learned)

    def clocks(self, until: Instant) -> tuple[ClockRun, ...]:
        """How its clocks stand at the end; a case that was passed over is told as one that is missed."""
        if self.subject is None or self.refers:
            return ()
        facts = [fact for fact in self.subject.facts if fact.seen <= until]
        return (*replay(self.terms, self.case, facts, until).clocks, *orders(self.terms, facts))

    def state(self, at: Instant) -> CaseState | None:
        """How it stands at an instant, once it is looked at; None where there is no case yet."""
        self.pass_until(at - 1)
        if self.subject is None or self.refers:
            return None
        return replay(self.terms, self.case, self.subject.facts, at).state

    def _learn(self, event: Event) -> None:
        if isinstance(event.body, Opened):
            self._open(event, event.body)
        elif self.subject is not None:
            before, worked = self.subject, self.listing.worked
            self._take(with_customer(event, self))
            self._propose_anew(event)
            # What is worked already begins no more; of late news, the facts tell.
            begins = deeds(event) and not (worked and event.at == event.seen)
            passed = passed_over(self, before, event) if begins else None
            if passed is not None:
                self._take(passed)
            if isinstance(event.body, CustomerMessage) and self.listing.status == Status.CLOSED:
                self._take(replace(event, id=f"{event.id}#reopened", body=_AGAIN))

    def _propose_anew(self, event: Event) -> None:
        assert self.subject is not None
        # What comes with the opening is looked at there.
        looked = self.refers or event.id in {each.id for each in self.came}
        about = entitled_anew(self.directory, self.subject.facts, event)
        if about is not None and not looked:
            self._take(about)
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
            fields = recorded(self.came)
            about = entitled(self.directory, opened, event.at, fields)
            if about is not None:
                self._take(Event(f"{event.id}#entitled", event.at, event.seen, UPHELD, about))
            proposed = propose(self.terms.policy, opened, event.at, fields, about)
            self._take(Event(f"{event.id}#proposed", event.at, event.seen, UPHELD, proposed))

    def pass_until(self, until: Instant) -> None:
        """The clock looks at the case whenever it asked for that."""
        if self.busy:  # cases that are attached to each other in a circle
            return
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
        """What is left to a parent that can't say it is said by the case itself, as in a ledger."""
        assert self.subject is not None
        decider = decide_referral if self.refers else decide
        decision = decider(self.terms, self.subject, event)
        self.busy = True
        why = unsaid(self, decision, event)
        self.busy = False
        if why is not None:
            name, now = f"{event.id}#detached", event.seen
            alone = Event(name, now, now, UPHELD, Detached(why))
            self._keep(decide(self.terms, self.subject, alone), alone)
            decision = decide(self.terms, self.subject, event)
        self._keep(decision, event)

    def _keep(self, decision: Decision, event: Event) -> None:
        subject = self.subject
        assert subject is not None
        fact = (event,) if event.origin is Origin.FACT else ()
        self.subject = replace(
            subject,
            seq=subject.seq + 1 + len(decision.follows),
            facts=(*subject.facts, *fact),
            state=decision.state,
        )
        self.listing, self.wake = decision.listing, self._later(decision, event)
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
