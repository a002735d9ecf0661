"""Facts into the ledger: the one function through which all news of a case goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from upheld.calendar.instant import MINUTE, Instant, Span, instant
from upheld.case.decision import Decision, OpenCase, Subject, Tell
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    Detached,
    Event,
    Opened,
    PassedOver,
    Provided,
    Raised,
    Restated,
    StepResult,
    StepTaken,
)
from upheld.case.opening import enforced
from upheld.case.state import CaseState
from upheld.clock import Clock
from upheld.desk.answered import marks_the_gravest, of_the_case, stilled
from upheld.desk.book import Book
from upheld.desk.owner import owned
from upheld.desk.proposals import Classifiers, anew, fields, proposals
from upheld.desk.systems import entitled, entitled_anew
from upheld.engine.attached import why_silent
from upheld.engine.case import Life, replay
from upheld.engine.fold import deeds
from upheld.engine.memory import Memory
from upheld.ledger import CaseFilter, DeciderFault, Ledger, Transaction
from upheld.registry import Registry

T = TypeVar("T")
_RETRY: Span = MINUTE


class DecideFailed(Exception):
    """The decider raised; the cause is chained."""


class _Unsaid(Exception):
    """What was left to a parent is not said by it; why."""


@dataclass(frozen=True, slots=True)
class Records:
    """Writes facts, and reads cases back as they stand."""

    ledger: Ledger
    book: Book
    clock: Clock
    registry: Registry | None = None
    _hung: Counter[str] = field(default_factory=Counter, repr=False, compare=False)
    #: Whether what only the clock calls for waits just now: the host's clock was set by hand.
    held: Callable[[], bool] | None = None
    #: The tracker on which a case that nobody wrote is opened too.
    cases_to: str | None = None

    def open(
        self,
        tx: Transaction,
        opened: Opened,
        *,
        actor: Actor,
        event_id: str,
        at: Instant,
        fields: Mapping[str, str] | None = None,
    ) -> str:
        """A new case from what came in, with the proposal of the policy and the plugins."""
        now = self.clock.now()
        events = [
            Event(f"{event_id}#{name}", at, now, actor, Provided(name, value))
            for name, value in (fields or {}).items()
        ]
        return self.open_together(tx, Event(event_id, at, now, actor, opened), opened, events)

    def open_together(
        self, tx: Transaction, opening: Event, opened: Opened, events: Sequence[Event]
    ) -> str:
        """A new case from what happened to it so far, decided as a whole; see ``add_together``."""
        now = self.clock.now()
        policy = self.book.for_case(opened, opening.at, fields(events)).policy
        case = tx.new_subject("case", policy=policy.version, now=now)
        opened = self._dated(tx, policy.version, opened)
        opening = replace(opening, body=opened)
        about = entitled(self.book.directory, opened, opening.at, fields(events))
        if about is not None:
            events = [Event(f"{opening.id}#entitled", opening.at, now, UPHELD, about), *events]
        found = proposals(policy, self._classifiers, opened, opening.at, events)
        proposed = (
            Event(f"{opening.id}#proposed{index}", opening.at, now, UPHELD, body)
            for index, body in enumerate(found)
        )
        self.add_together(tx, tx.subject(case), [opening, *proposed, *events])
        return case

    def add_together(self, tx: Transaction, case: Subject, events: Sequence[Event]) -> bool:
        """Record what came together, and decide once all of it is there; whether any was new.

        One by one, the first of them would be judged without the others: a severity of ten o'clock that is
        read at one would page, though the work of half past ten came with it.
        """
        known = {fact.id for fact in case.facts}
        fresh = [event for event in events if event.id not in known]
        if fresh and case.seq:  # what was erased is known by its id alone
            erased = {stored.id for stored in tx.events(case.id)} - known
            fresh = [event for event in fresh if event.id not in erased]
        if not fresh:
            return False
        *before, last = fresh
        if before:
            now = self.clock.now()
            tx.record_all([(case.id, event) for event in before], _undecided, now=now)
            self._heard(tx, case.id, before)
        self.add(tx, case.id, last)
        for event in fresh if case.seq else ():  # at its opening they were looked at
            self.propose_anew(tx, case.id, event)
        begun = next((event for event in before if deeds(event)), None)
        if begun is not None:
            subject = tx.subject(case.id)
            idle = tuple(f for f in subject.facts if f.id in known or not deeds(f))
            self._passed_over(tx, replace(subject, facts=idle), begun)
        return True

    def add(self, tx: Transaction, case: str, event: Event) -> Decision | None:
        """Record one event; None where it was there already.

        A case that would leave something to a parent which can't say it stands for itself first. A
        decider that raises parks this case alone: the event is kept, undecided, and is decided
        later with its own instants.
        """
        try:
            return self._add(tx, case, event)
        except _Unsaid as why:
            now, name = self.clock.now(), f"{event.id}#detached"
            alone = Event(name, now, now, UPHELD, Detached(str(why)))
            self._add(tx, case, alone, looked=True)
            return self._add(tx, case, event, looked=True)

    def _add(
        self, tx: Transaction, case: str, event: Event, *, looked: bool = False
    ) -> Decision | None:
        now = self.clock.now()
        before = tx.subject(case) if deeds(event) else None
        try:
            with tx.savepoint():
                decision = tx.record(case, event, self._decide, now=now)
                if not looked:
                    self._said_by_parent(tx, case, decision)
        except (DecideFailed, DeciderFault) as error:
            cause = error.__cause__ or error
            tx.park(case, event, f"{type(cause).__name__}: {cause}", now=now, retry_after=_RETRY)
            return None
        self._carry_out(tx)
        if decision is not None:
            self._heard(tx, case, [event])
        if decision is not None and before is not None:
            self._passed_over(tx, before, event)
        return decision

    def _heard(self, tx: Transaction, case: str, events: Iterable[Event]) -> None:
        """What somebody says who has the case stops what rings for it; what makes it a Severity 1 lets
        go at once what was gathered with messages of other cases."""
        now = self.clock.now()
        for event in events:
            if of_the_case(event):
                stilled(tx, case, event, now)
            elif marks_the_gravest(event):
                tx.gather_no_longer(case, now)

    def propose_anew(self, tx: Transaction, case: str, event: Event) -> None:
        """What is recorded of a case may tell what it is; once a person has said so, it does not."""
        if not isinstance(event.body, Provided | Restated):
            return
        subject = tx.subject(case)
        about = entitled_anew(self.book.directory, subject.facts, event)
        if about is not None:
            self.add(tx, case, about)
        proposed = anew(self.book.of(subject.policy).policy, subject.facts, event)
        if proposed is not None:
            self.add(tx, case, proposed)

    def fact(
        self, tx: Transaction, case: str, body: Body, *, actor: Actor, event_id: str
    ) -> Decision | None:
        """Record something that happens now."""
        now = self.clock.now()
        return self.add(tx, case, Event(event_id, now, now, actor, body))

    def dated(self, at: datetime, case: Subject | None = None) -> Instant:
        """When something happened by a far end's clock. One that runs ahead must not date a fact into the
        future, nor one that runs behind to before its case was opened."""
        begun = case.facts[0].at if case is not None and case.facts else 0
        return max(min(instant(at), self.clock.now()), begun)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Read in one moment's view of the ledger."""
        with self.ledger.reading() as tx:
            return work(tx)

    def life(self, subject: Subject, until: Instant | None = None) -> Life:
        """The case as it stands (or stood at ``until``): state, clocks, steps, what is to come."""
        facts = tuple(sorted(subject.facts, key=lambda fact: fact.order))
        at = self.clock.now() if until is None else until
        return replay(self.book.terms(subject), subject.id, facts, at)

    def _dated(self, tx: Transaction, policy: str, opened: Opened) -> Opened:
        """The opening with the calendar version under which it is; none where no day is kept."""
        calendar = tx.calendar_in_force(policy)
        return opened if calendar is None else replace(opened, calendar=calendar)

    def _said_by_parent(self, tx: Transaction, case: str, decision: Decision | None) -> None:
        """Look whether what was ever left to a parent is still said: it may be closed by now."""
        if decision is None or not Memory.read(decision.state).folded:
            return
        own = self.life(tx.subject(case)).state
        why = None if own.parent is None else self.why_unsaid(tx, case, own, own.parent)
        if why is not None:
            raise _Unsaid(why)

    def why_unsaid(self, tx: Transaction, case: str, own: CaseState, parent: str) -> str | None:
        """Why ``parent`` would not say what ``case`` leaves to it; None where it does.

        What the parent leaves to its own parent is looked at when it does so.
        """
        state = self.life(tx.subject(parent)).state
        why = why_silent(state, own)
        if why is not None:
            return f"{parent} is {why}"
        above, seen = state.parent, {parent}
        while above is not None and above not in seen:
            if above == case:
                return f"{parent} is attached to {case} in turn"
            seen.add(above)
            above = self.life(tx.subject(above)).state.parent
        return None

    @property
    def _classifiers(self) -> Classifiers:
        return Classifiers(self.registry, self._hung)

    def _decide(self, subject: Subject, event: Event) -> Decision:
        try:
            decision = self.book.decide(subject, event)
        except Exception as error:
            raise DecideFailed(subject.id) from error
        if self.held is not None and _by_the_clock(subject, event, decision) and self.held():
            return _left_to_the_sweep(subject, event, decision)
        return decision

    def _carry_out(self, tx: Transaction) -> None:
        """What was decided of one subject and is done to another."""
        for subject, deed in tx.take_deeds():
            match deed:
                case Tell(subject=other, event=event):
                    self.add(tx, other, event)
                case OpenCase():
                    self._raise(tx, subject, deed)

    def _raise(self, tx: Transaction, monitor: str, deed: OpenCase) -> None:
        """The case that a monitor opens, with what the directory knows of its customer by now."""
        opening, opened = deed.opening, replace(deed.opened, create_on=self.cases_to)
        customer = self.book.directory.customers.get(opened.customer or "")
        opened = owned(opened, customer, opening.at)
        case = self.open_together(tx, opening, opened, deed.facts)
        raised = Event(f"{opening.id}#raised", opening.at, opening.seen, UPHELD, Raised(case))
        self.add(tx, monitor, raised)

    def _passed_over(self, tx: Transaction, before: Subject, event: Event) -> None:
        """M-09: begun while a more severe case of the same queue stood unworked."""
        state = self.life(before, event.at).state
        if state.worked_at is not None or state.acting_severity is None:
            return
        if state.enforced_from is None:  # it was there before: nobody promised an order
            return
        waiting = [
            waiting.id
            for severity in range(1, state.acting_severity)
            for waiting in tx.cases(_unworked(state.queue, severity))
            if waiting.opened <= event.at and enforced(tx.subject(waiting.id).facts, event.at)
        ]
        if waiting:
            body = PassedOver(tuple(waiting))
            self.add(
                tx,
                before.id,
                Event(f"{event.id}#passed-over", event.at, event.seen, event.actor, body),
            )


def _undecided(subject: Subject, _event: Event) -> Decision:
    """For what is decided with the next event, in the same transaction."""
    return Decision(subject.state or {})


def _by_the_clock(subject: Subject, event: Event, decision: Decision) -> bool:
    """Whether news of a case sets something off that no fact called for at its own instant."""
    facts = {each.at for each in (*subject.facts, event)}
    steps = [each.body for each in decision.follows if isinstance(each.body, StepTaken)]
    return any(step.result is StepResult.TAKEN and step.due not in facts for step in steps)


def _left_to_the_sweep(subject: Subject, event: Event, decision: Decision) -> Decision:
    """The fact is on record and the case is listed as it stands; what follows is decided by the clock,
    which waits."""
    before = subject.state or {}
    return replace(decision, state=before, follows=(), actions=(), wake_at=event.seen)


def _unworked(queue: str | None, severity: int) -> CaseFilter:
    return CaseFilter(open=True, queue=queue, severity=severity, worked=False)
