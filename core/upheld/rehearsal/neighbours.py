"""What the cases of one scenario have to do with each other: the order in which they are worked (M-09), and
what an attached one leaves to its parent. As ``desk.records`` does it over a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from upheld.calendar.instant import Instant
from upheld.case.clock import ClockRun, ClockState
from upheld.case.decision import Decision, Subject
from upheld.case.events import Attached, Event, PassedOver
from upheld.case.opening import enforced
from upheld.case.state import Status
from upheld.engine.attached import why_silent
from upheld.engine.case import replay
from upheld.engine.memory import Memory
from upheld.engine.terms import Terms
from upheld.policy.model import Clause, Verb, When

if TYPE_CHECKING:
    from upheld.rehearsal.stage import Life

_OVER = frozenset({Status.RESOLVED, Status.CLOSED})


def passed_over(life: Life, before: Subject, event: Event) -> Event | None:
    """That this deed began a case while more severe ones of its queue stood unworked."""
    if not any(_ordering(life.terms)):
        return None
    state = replay(life.terms, life.case, before.facts, event.at).state
    if state.worked_at is not None or state.acting_severity is None or state.enforced_from is None:
        return None
    waiting = tuple(
        name
        for name, other in life.others.items()
        if other is not life and _waits(other, state.queue, state.acting_severity, event)
    )
    if not waiting:
        return None
    return replace(event, id=f"{event.id}#passed-over", body=PassedOver(waiting))


def _waits(other: Life, queue: str | None, severity: int, event: Event) -> bool:
    other.pass_until(event.seen - 1)
    line = other.listing
    if other.subject is None or other.refers or line.worked or line.status in _OVER:
        return False
    if line.severity is None or line.severity >= severity or queue not in {None, line.queue}:
        return False
    return line.opened <= event.at and enforced(other.subject.facts, event.at)


def unsaid(life: Life, decision: Decision, event: Event) -> str | None:
    """Why a parent of the scenario can't say what this case has left to it; None where it does."""
    if life.refers or life.subject is None or not Memory.read(decision.state).folded:
        return None
    facts = (*life.subject.facts, event)
    own = replay(life.terms, life.case, facts, event.seen).state
    parent = life.others.get(own.parent or "")
    state = parent.state(event.seen) if parent is not None and parent is not life else None
    why = why_silent(state, own) if state is not None else None
    return f"{own.parent} is {why}" if why is not None else None


def with_customer(event: Event, life: Life) -> Event:
    """An attachment to another customer's case knows whose that is."""
    body = event.body
    parent = life.others.get(body.parent) if isinstance(body, Attached) else None
    if not isinstance(body, Attached) or body.customer is not None or parent is None:
        return event
    theirs = parent.listing.customer
    if theirs == life.listing.customer:
        return event
    return replace(event, body=replace(body, customer=theirs or ""))


def orders(terms: Terms, facts: Iterable[Event]) -> Iterator[ClockRun]:
    """Each time at which a case was begun before its turn, as a clock that is missed."""
    begun = [fact.at for fact in facts if isinstance(fact.body, PassedOver)]
    for clause, rule in _ordering(terms):
        for cycle, at in enumerate(begun, 1):
            yield _missed(clause, rule, cycle, at)


def _ordering(terms: Terms) -> Iterator[tuple[Clause, When]]:
    for clause, rule in terms.whens:
        if any(do.verb is Verb.ORDER for do in rule.do):
            yield clause, rule


def _missed(clause: Clause, rule: When, cycle: int, at: Instant) -> ClockRun:
    return ClockRun(
        key=f"{clause.id}/{rule.name}/passed-over/{cycle}",
        clause=clause.id,
        rule=rule.name,
        target="order",
        cycle=cycle,
        started=at,
        within=0,
        calendar="",
        state=ClockState.MISSED,
        due=at,
        spent=0,
    )
