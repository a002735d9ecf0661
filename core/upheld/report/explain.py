"""Why a case stands as it does: its clocks, what was done and to whom, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from upheld.calendar.instant import Instant
from upheld.case.decision import Subject
from upheld.case.events import (
    Event,
    Opened,
    Proposed,
    SeveritySet,
    StepTaken,
    StepWithdrawn,
    Triaged,
)
from upheld.case.state import CaseState
from upheld.desk.records import Records
from upheld.engine.case import Life, why_no_clock
from upheld.engine.classify import of_system
from upheld.engine.terms import Terms
from upheld.errors import NotFound, Refusal
from upheld.ledger import Delivery, Transaction
from upheld.policy.model import Verb
from upheld.report.attempts import Proofs, proofs
from upheld.report.clocks import clock_stories, coming
from upheld.report.explanation import (
    DeliveryStory,
    Explanation,
    MessageStory,
    StepStory,
)
from upheld.report.messages import Message, Outcome, messages_of, of_step
from upheld.report.proposals import outcome_from, proposal
from upheld.report.rulebook import Rulebook
from upheld.report.turns import turn_stories

__all__ = ["Explanation", "explain", "explanation"]


def explain(records: Records, case_id: str) -> Explanation:
    """The case that people call ``C7`` or by its number; ``NotFound``, and ``Refusal`` where what
    opened it was erased, so that its clocks can't be lived through again."""
    return records.read(lambda tx: explain_in(records, tx, tx.find(case_id, of_any_kind=True)))


def explain_in(records: Records, tx: Transaction, case: str) -> Explanation:
    """The same by the case's id, in a transaction that reads other things as well."""
    subject = tx.subject(case)
    if subject.kind != "case":
        raise NotFound(f"{case} is a {subject.kind}, not a case", do_next="see `upheld cases list`")
    if not any(isinstance(fact.body, Opened) for fact in subject.facts):
        raise Refusal(
            f"what opened {case} was erased: its clocks can't be told again",
            do_next="its verdicts stay: see `upheld report`",
        )
    now = records.clock.now()
    events = [stored.event for stored in tx.events(case) if stored.event is not None]
    messages = messages_of(tx, case, events)
    life, terms = records.life(subject, now), records.book.terms(subject)
    return explanation(subject, life, terms, events=events, messages=messages, now=now)


def explanation(
    subject: Subject,
    life: Life,
    terms: Terms,
    *,
    events: Sequence[Event],
    messages: Sequence[Message],
    now: Instant,
) -> Explanation:
    """The same from what was read before; pure. ``events`` are all of the case, as recorded."""
    facts = sorted(subject.facts, key=lambda fact: fact.order)
    state, policy = life.state, terms.policy
    level = state.acting_severity
    severity = policy.severities.get(level) if level is not None else None
    stories = _stories(messages, events)
    steps = tuple(_steps(subject.id, terms, events, messages, stories))
    told = {message.key for step in steps for message in step.messages}
    return Explanation(
        case=subject.id,
        number=state.number,
        title=state.opened.subject,
        customer=state.opened.customer,
        status=state.status.value,
        severity=level,
        severity_name=severity.name if severity else "",
        severity_from=_severity_from(life, facts),
        plan=state.acting_plan,
        plan_from=_plan_from(state),
        outcome=state.outcome,
        outcome_from=outcome_from(state),
        kind=state.case_kind,
        product=" ".join(each for each in (state.product, state.version) if each) or None,
        system=of_system(state.entitlement) if state.entitlement else "",
        proposals=tuple(proposal(fact.body) for fact in facts if isinstance(fact.body, Proposed)),
        policy=policy.name,
        policy_version=policy.version,
        opened=state.opened_at,
        enforced_from=state.enforced_from,
        as_of=now,
        clocks=tuple(clock_stories(terms, life.clocks, facts)),
        why_no_clock=why_no_clock(life),
        steps=steps,
        others=tuple(story for key, story in stories.items() if key not in told),
        coming=coming(terms, life, subject.id, facts, now),
        turns=tuple(turn_stories(terms, state, now)),
        wake_at=life.wake_at,
    )


def _plan_from(state: CaseState) -> str:
    """Whose plan it is: the customer's own, or the policy's for who has none."""
    if state.acting_plan is None:
        return ""
    if state.plan is not None and state.entitlement and state.entitlement.plan == state.plan:
        return "that of its system"
    return "the policy's default" if state.plan is None else "the customer's"


def _severity_from(life: Life, facts: Sequence[Event]) -> str:
    """Who set the severity last: a person, a rule, or nobody yet."""
    marks = [(fact.at, said) for fact in facts if (said := _marked(fact))]
    marks += [
        (step.due, f"set by the rule {step.clause}/{step.rule}")
        for step in life.steps
        if not step.filled and any(do.verb is Verb.SET for do in step.do)
    ]
    if marks:
        return max(marks, key=lambda mark: mark[0])[1]
    proposed = life.state.proposed
    return f"proposed by {proposed.rule}: {proposed.reason}" if proposed else "nobody set it"


def _marked(fact: Event) -> str:
    match fact.body:
        case Triaged(reason=reason):
            said = f"set at triage by {fact.actor.id}"
        case SeveritySet(reason=reason):
            said = f"set by {fact.actor.id}"
        case _:
            return ""
    return f"{said}: {reason}" if reason else said


def _steps(
    case: str,
    terms: Terms,
    events: Sequence[Event],
    messages: Sequence[Message],
    stories: Mapping[str, MessageStory],
) -> Iterator[StepStory]:
    book = Rulebook(terms.policy)
    bodies = [event.body for event in events]
    back = {body.key: body.reason for body in bodies if isinstance(body, StepWithdrawn)}
    taken = [body for body in bodies if isinstance(body, StepTaken)]
    for step in sorted(taken, key=lambda step: step.due):
        yield StepStory(
            key=step.key,
            clause=step.clause,
            says=book.says(step.clause),
            rule=step.rule,
            due=step.due,
            result=step.result.value,
            late=step.late,
            taken_back=back.get(step.key, ""),
            messages=tuple(stories[key] for key in _told(case, step, messages, book)),
            where=book.where(step.clause),
        )


def _told(case: str, step: StepTaken, messages: Sequence[Message], book: Rulebook) -> Iterator[str]:
    dos = book.does(step.clause, step.rule)
    return (each.item.key for each in of_step(messages, case, step, dos))


def _stories(messages: Sequence[Message], events: Sequence[Event]) -> dict[str, MessageStory]:
    """Every message by its key, oldest first."""
    heard = proofs(events)
    return {message.item.key: _message(message, heard) for message in messages}


def _message(message: Message, heard: Proofs) -> MessageStory:
    item, outcome = message.item, message.outcome
    return MessageStory(
        key=item.key,
        purpose=item.purpose,
        clauses=item.clauses,
        to=item.to,
        due=item.due,
        state=item.state.value,
        outcome=outcome.value,
        why="" if outcome is Outcome.REACHED else message.why,
        deliveries=tuple(_delivery(each, item.key, heard) for each in message.deliveries),
    )


def _delivery(delivery: Delivery, message: str, heard: Proofs) -> DeliveryStory:
    words = heard.of(delivery.key, message)
    return DeliveryStory(
        person=delivery.recipient,
        name=delivery.recipient_name,
        channel=delivery.channel,
        connection=delivery.connection,
        state=delivery.state.value,
        at=words[-1].at if words else None,
        detail=delivery.detail or "",
        because=heard.because.get(delivery.key, ""),
        words=words,
    )
