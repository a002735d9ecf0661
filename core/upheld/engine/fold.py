"""What each fact does to a case: one small function a kind, and nothing else changes a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from upheld.case.events import (
    Assigned,
    Attached,
    CallLogged,
    Closed,
    CustomerMessage,
    Detached,
    Enforced,
    Entitled,
    Entitlement,
    Escalated,
    Event,
    Flagged,
    Held,
    KindSet,
    Linked,
    Migrated,
    Mobilised,
    Opened,
    OutcomeSet,
    PageAcknowledged,
    PlanChanged,
    Proposed,
    Provided,
    PublicReply,
    Queued,
    Rejected,
    Released,
    Reopened,
    Resolved,
    Restated,
    SeveritySet,
    Side,
    TakenBack,
    Triaged,
    WaitingOn,
    Watched,
    Worked,
)
from upheld.case.monitor import MonitorState
from upheld.case.opening import restated
from upheld.case.state import CaseState, Status

#: What customer and support say of a solution; a reopened case has neither.
AGREEMENTS: Final = frozenset({"customer_agreed", "staff_agreed"})
_STAFF: Final = Side.STAFF
_INCONCLUSIVE: Final = MonitorState.INCONCLUSIVE
_NOTHING: Final = frozenset[str]()
_ACTIVE = frozenset({Status.OPEN, Status.WORKED, Status.WAITING_CUSTOMER, Status.WAITING_VENDOR})


def begin(event: Event, default_plan: str | None = None) -> CaseState:
    """The state of a case right after its opening; who has no plan counts as of ``default_plan``."""
    if not isinstance(event.body, Opened):
        raise TypeError(f"the first fact of a case is its opening, not {event.body.kind!r}")
    opened = event.body
    return CaseState(
        opened=opened,
        opened_at=event.at,
        plan=opened.plan,
        default_plan=default_plan,
        customer_spoke_at=event.at,
        enforced_from=opened.enforced_from,
    )


def fold(state: CaseState, event: Event) -> CaseState:
    """The state after this fact; the same object where the fact changes nothing."""
    change = _FOLDS.get(type(event.body))
    return change(state, event, event.body) if change else state


def counts(state: CaseState, event: Event) -> bool:
    """Whether a fact means anything to the case: what people of another customer write does not."""
    body = event.body
    if not isinstance(body, CustomerMessage) or body.customer is None:
        return True
    return body.customer == state.opened.customer


def deeds(event: Event) -> frozenset[str]:
    """What a person of ours has done with this fact, in the words of ``met_by`` and ``filled_by``.

    Only staff can work, answer or call: a bot's comment is no deed, nor is an assignment or the
    acknowledgement of a page (reading of M-14).
    """
    if event.actor.side is not _STAFF:
        return _NOTHING
    if isinstance(event.body, Resolved):
        return _RESOLVED.get(event.body.how, frozenset({event.body.how}))
    return _DEEDS.get(type(event.body), _NOTHING)


_DEEDS: Final[Mapping[type, frozenset[str]]] = {
    PublicReply: frozenset({"public_reply", "worked"}),
    CallLogged: frozenset({"call", "worked"}),
    Worked: frozenset({"worked"}),
}
_RESOLVED: Final = {"fix": frozenset({"resolved"})}


def _worked(state: CaseState, event: Event) -> CaseState:
    status = Status.WORKED if state.status in _ACTIVE else state.status
    return state.but(worked_at=event.at, status=status)


def _work(state: CaseState, event: Event, _body: Any) -> CaseState:
    return _worked(state, event) if deeds(event) else state


def _reply(state: CaseState, event: Event, _body: Any) -> CaseState:
    if not deeds(event):
        return state
    first = state.responded_at if state.responded_at is not None else event.at
    return _worked(state, event).but(responded_at=first)


def _proposed(state: CaseState, _event: Event, body: Proposed) -> CaseState:
    # What people have decided of a flag stays, whoever proposes it again.
    flags = state.flags | (set(body.flags) - state.decided_flags)
    return state.but(proposed=over(state.proposed, body), flags=flags)


def over(before: Proposed | None, later: Proposed) -> Proposed:
    """A later proposal laid over an earlier one: what it leaves out stays; rule and reason are those of
    the severity."""
    if before is None:
        return later
    words = later if later.severity is not None else before
    return Proposed(
        severity=words.severity,
        flags=tuple(dict.fromkeys((*before.flags, *later.flags))),
        outcome=later.outcome or before.outcome,
        rule=words.rule,
        reason=words.reason,
        case_kind=later.case_kind or before.case_kind,
        product=later.product or before.product,
        version=later.version or before.version,
    )


def _triaged(state: CaseState, event: Event, body: Triaged) -> CaseState:
    number = body.number or state.given_number
    return _marked(state, event, body).but(triaged=True, given_number=number)


def _marked(state: CaseState, event: Event, body: Triaged | SeveritySet) -> CaseState:
    person = state.marked_by_person or event.actor.side is Side.STAFF
    return state.but(severity=body.severity, marked_by_person=person)


def _judged(state: CaseState, event: Event, body: OutcomeSet) -> CaseState:
    person = event.actor.side is Side.STAFF
    if state.judged_by_person and not person:
        return state
    return state.but(judged=body, judged_by_person=person)


def _provided(state: CaseState, _event: Event, body: Provided) -> CaseState:
    return state.but(
        provided=state.provided | {body.item}, fields={**state.fields, body.item: body.value}
    )


def _rejected(state: CaseState, event: Event, _body: Rejected) -> CaseState:
    return state.but(rejected=True, status=Status.CLOSED, closed_at=event.at)


def _flagged(state: CaseState, _event: Event, body: Flagged) -> CaseState:
    flags = state.flags | {body.flag} if body.on else state.flags - {body.flag}
    return state.but(flags=flags, decided_flags=state.decided_flags | {body.flag})


def _restated(state: CaseState, _event: Event, body: Restated) -> CaseState:
    said = restated(state.opened, body)
    if body.customer is None:
        return state.but(opened=said)
    # Which system it is about was one of the other customer's.
    return state.but(opened=said, plan=body.plan, entitlement=None)


def _message(state: CaseState, event: Event, _body: CustomerMessage) -> CaseState:
    if not counts(state, event):
        return state
    status = Status.OPEN if state.waiting == "customer" else state.status
    if state.waiting == "customer" and state.worked_at is not None:
        status = Status.WORKED
    return state.but(customer_spoke_at=event.at, status=status)


def _waiting(state: CaseState, _event: Event, body: WaitingOn) -> CaseState:
    if state.status not in _ACTIVE:
        return state
    return state.but(status=Status(f"waiting_{body.party}"))


def _resolved(state: CaseState, event: Event, _body: Resolved) -> CaseState:
    # Trackers may set the resolution of an item that is closed already: it stays closed.
    status = state.status if state.status is Status.CLOSED else Status.RESOLVED
    return state.but(status=status, resolved_at=event.at)


def _reopened(state: CaseState, event: Event, _body: Reopened) -> CaseState:
    if state.waiting is not None:  # taken out of its wait; that begins no new life
        return state.but(status=Status.OPEN if state.worked_at is None else Status.WORKED)
    if state.status in _ACTIVE:
        return state
    # Who said that it needs no number did not know what it is opened for again: it is triaged anew.
    return state.but(
        status=Status.OPEN,
        reopened_at=event.at,
        resolved_at=None,
        closed_at=None,
        rejected=False,
        # Whoever agreed did so to a solution that was none.
        provided=state.provided - AGREEMENTS,
    )


def _entitled(state: CaseState, _event: Event, body: Entitled) -> CaseState:
    # The unit is the system: the plan is that of its own agreement, and there is none where that is over.
    match body.standing:
        case Entitlement.VALID:
            plan = body.plan or state.opened.plan
        case Entitlement.UNKNOWN:
            plan = state.plan
        case _:
            plan = None
    return state.but(entitlement=body, plan=plan)


def _watched(state: CaseState, _event: Event, body: Watched) -> CaseState:
    before = state.watched
    if before is not None and body.monitor != before.monitor:
        backups = {**before.backups, body.monitor: body.state}
        return state.but(watched=replace(before, backups=backups))
    # What can't be read just now stands as it was known last.
    known = state.monitor if body.state == _INCONCLUSIVE else _NOTHING
    return state.but(watched=body, monitor=known | {body.state})


def _escalated(state: CaseState, event: Event, body: Escalated) -> CaseState:
    return state.but(escalated_by=body.asked_by or event.actor.side.value, escalated_to=body.to)


def _acknowledged(state: CaseState, event: Event, _body: PageAcknowledged) -> CaseState:
    # A customer's contact who answers a page has nothing in hand.
    return state if event.actor.side is Side.CUSTOMER else state.but(acknowledged_at=event.at)


_FOLDS: Final[Mapping[type, Callable[[CaseState, Event, Any], CaseState]]] = {
    Proposed: _proposed,
    Enforced: lambda state, _event, body: state.but(enforced_from=body.since),
    Migrated: lambda state, event, _body: state.but(
        enforced_from=None if state.enforced_from is None else event.at
    ),
    Linked: lambda state, _event, body: state.but(tracker_key=body.key),
    Restated: _restated,
    Triaged: _triaged,
    Rejected: _rejected,
    SeveritySet: _marked,
    Flagged: _flagged,
    OutcomeSet: _judged,
    KindSet: lambda state, _event, body: state.but(given_kind=body.case_kind),
    Queued: lambda state, _event, body: state.but(queue=body.queue),
    Assigned: lambda state, _event, body: state.but(assignee=body.to, assigned_by_person=True),
    PlanChanged: lambda state, _event, body: state.but(plan=body.plan),
    Mobilised: lambda state, event, _body: state.but(mobilised_at=event.at),
    Escalated: _escalated,
    TakenBack: lambda state, _event, _body: state.but(escalated_by=None, escalated_to=None),
    Entitled: _entitled,
    PageAcknowledged: _acknowledged,
    CustomerMessage: _message,
    PublicReply: _reply,
    CallLogged: _reply,
    Worked: _work,
    WaitingOn: _waiting,
    Held: lambda state, _event, body: state.but(held=body.reason, held_until=body.until),
    Released: lambda state, _event, _body: state.but(held=None, held_until=None),
    Provided: _provided,
    Attached: lambda state, _event, body: state.but(
        parent=body.parent, parent_customer=body.customer
    ),
    Detached: lambda state, _event, _body: state.but(parent=None, parent_customer=None),
    Watched: _watched,
    Resolved: _resolved,
    Closed: lambda state, event, _body: state.but(status=Status.CLOSED, closed_at=event.at),
    Reopened: _reopened,
}
