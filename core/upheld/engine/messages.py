"""A step of a rule as actions for the outbox: who is told what, under which key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from upheld.calendar.instant import Instant, Span
from upheld.case.decision import Action, Purpose, Send, Withdraw
from upheld.case.events import Noted
from upheld.case.state import CaseState
from upheld.directory.lookup import CUSTOMER, REPORTER
from upheld.engine.attached import left_to_parent
from upheld.engine.gates import there
from upheld.engine.step import Step, StepKind
from upheld.engine.terms import LATE
from upheld.policy.model import Do, Verb

#: Whoever a case was escalated to last.
ESCALATED_TO: Final = "escalated_to"
#: What a mail is for, where its template tells; any other is just a mail.
_MAILS: Final[Mapping[str, Purpose]] = {
    "acknowledgement": Purpose.ACK,
    "received": Purpose.ACK,
    "ticket-number": Purpose.TICKET_NUMBER,
    "end-user-referral": Purpose.REFERRAL,
    "status": Purpose.STATUS,
}
_VERBS: Final[Mapping[Verb, Purpose]] = {
    Verb.PAGE: Purpose.PAGE,
    Verb.CALL: Purpose.CALL,
    Verb.NOTIFY: Purpose.NOTIFY,
    Verb.UPDATE: Purpose.STATUS,
    Verb.FORWARD: Purpose.FORWARD,
    Verb.ESCALATE: Purpose.NOTIFY,
    Verb.REFER: Purpose.REFERRAL,
    Verb.ASK: Purpose.QUESTION,
    Verb.NOTE: Purpose.COMMENT,
}


def actions(
    key: str, step: Step, state: CaseState, now: Instant, places: Collection[str] = ()
) -> tuple[Action, ...]:
    """What the outbox is handed for this step; ``places`` are queues and desks, to which nobody writes."""
    late = now - step.due if now - step.due >= LATE else 0
    match step.kind:
        case StepKind.STAND_DOWN:
            return (Withdraw(key, step.why),) if step.why else ()
        case StepKind.REPLY:
            return (
                Send(key, Purpose.REPLY, ("reporter",), (), step.due, facts={"text": step.text}),
            )
        case StepKind.ASK:
            return (_send(key, Purpose.ASK, _asked(step, state), step, late),)
        case _:
            return tuple(_sends(key, step, state, late, places))


def notes(step: Step) -> tuple[Noted, ...]:
    """What the step writes on the case itself, for our own people."""
    return tuple(Noted(do.text) for do in step.do if do.verb is Verb.NOTE and do.text)


def folds(step: Step, state: CaseState) -> bool:
    """Whether the parent of an attached case says all that this step would say."""
    said = [(purpose, _whom(do)) for do in step.do if (purpose := _purpose(do))]
    if step.kind is StepKind.ASK:
        said = [(Purpose.ASK, _asked(step, state))]
    return bool(said) and all(left_to_parent(purpose, to, state) for purpose, to in said)


def to_nobody(dos: Collection[Do], state: CaseState) -> bool:
    """Whether all that these say is for a customer, and the case is a monitor's that is no customer's: a
    promise to nobody is none."""
    if state.watched is None or state.opened.customer is not None:
        return False
    return bool(dos) and all(
        _purpose(do) is not None and all(map(_customers, _whom(do) or ("",))) for do in dos
    )


def _customers(whom: str) -> bool:
    return whom in {CUSTOMER, REPORTER} or whom.startswith(f"{CUSTOMER}.")


def keys(key: str, dos: Iterable[Do]) -> tuple[str, ...]:
    """The keys of all that a step has put in the outbox."""
    return tuple(_key(key, do) for do in dos if _purpose(do) is not None)


def _asked(step: Step, state: CaseState) -> tuple[str, ...]:
    return (state.assignee or "",) if step.asks == "assignee" else (step.asks,)


def _sends(
    key: str, step: Step, state: CaseState, late: Span, places: Collection[str]
) -> Iterable[Send]:
    for do in step.do:
        purpose = _purpose(do)
        if purpose is None or left_to_parent(purpose, _whom(do), state) or _idle(do, state):
            continue
        if do.verb is Verb.ASK and _mails(step):  # the question stands in that letter
            continue
        to = tuple(_meant(_whom(do), state, places))
        if _whom(do) and not to:
            continue
        send = _send(_key(key, do), purpose, to, step, late)
        facts = {**send.facts, **_told(do, step, state)}
        yield replace(send, template=do.template, facts=facts)


def _meant(to: Iterable[str], state: CaseState, places: Collection[str]) -> Iterable[str]:
    """The names, with whom it was escalated to in place of the word; a queue shows it by itself."""
    for whom in to:
        if whom != ESCALATED_TO:
            yield whom
        elif state.escalated_to and state.escalated_to not in places:
            yield state.escalated_to


def _mails(step: Step) -> bool:
    return any(do.verb is Verb.MAIL and REPORTER in _whom(do) for do in step.do)


def _idle(do: Do, state: CaseState) -> bool:
    """Whether there is nothing to say, or nobody to say it to."""
    if (do.verb is Verb.ASK and not lacking(do, state)) or to_nobody((do,), state):
        return True
    if do.verb is Verb.NOTE:  # it stands on the case; without an item there is no other place
        return state.tracker_key is None and state.opened.create_on is None
    # What a machine wrote is never answered by itself: two of them would talk for ever.
    return state.opened.nature != "normal" and REPORTER in _whom(do)


def lacking(do: Do, state: CaseState) -> tuple[str, ...]:
    """What an ``ask`` asks for and the case does not have."""
    return tuple(item for item in do.keys if not there(item, state))


def _told(do: Do, step: Step, state: CaseState) -> dict[str, Any]:
    """What the words of the message depend on."""
    offers = [each for other in step.do if other.verb is Verb.OFFER for each in other.keys]
    asks = [do] if do.verb is Verb.ASK else [each for each in step.do if each.verb is Verb.ASK]
    missing = [item for each in asks for item in lacking(each, state)]
    facts: dict[str, Any] = {"links": list(do.links)}
    facts |= {"first_of": True} if do.first_of else {}
    facts |= {"text": text} if (text := do.text or step.text) else {}
    facts |= {"missing": missing} if missing and do.verb in {Verb.ASK, Verb.MAIL} else {}
    return facts | ({"offers": offers} if offers and do.verb is Verb.MAIL else {})


def _key(key: str, do: Do) -> str:
    """A rule may write to the same people twice, with two templates."""
    named = (key, do.verb, "+".join(_whom(do)), do.template)
    return "/".join(name for name in named if name is not None)


def _whom(do: Do) -> tuple[str, ...]:
    return do.to or (() if do.verb is Verb.NOTE else (REPORTER,))


def _send(key: str, purpose: Purpose, to: tuple[str, ...], step: Step, late: Span) -> Send:
    facts: dict[str, Any] = {} if step.next_due is None else {"next_at": step.next_due}
    return Send(key, purpose, to, (step.clause,), step.due, late, facts=facts)


def _purpose(do: Do) -> Purpose | None:
    if do.queue is not None:  # handed over: the queue shows it, nobody is written to
        return None
    if do.verb is Verb.MAIL:
        return _MAILS.get(do.template or "", Purpose.MAIL)
    return _VERBS.get(do.verb)
