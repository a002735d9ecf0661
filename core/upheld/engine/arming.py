"""When a clock begins: once from its start, or (``update``, ``next_response``) with each message."""

from __future__ import annotations

from typing import Final

from upheld.case.events import CustomerMessage, Event, Side
from upheld.case.state import CaseState, Status
from upheld.engine.conditions import Predicate, live
from upheld.policy.model import Condition, Target

#: These start anew with each message (the words of DESIGN: on ours, on the customer's).
UPDATE: Final = "update"
NEXT_RESPONSE: Final = "next_response"
ONGOING: Final = frozenset({UPDATE, NEXT_RESPONSE})
#: A case that is not open waits for no message of ours.
ENDED: Final = frozenset({Status.RESOLVED, Status.CLOSED})


def start_of(rule: Target) -> Predicate:
    """From when a target counts; an ongoing one waits for a message besides, that of a tier for its turn."""
    begins, tier = _begins(rule), rule.tier
    if tier is None:
        return begins
    return lambda state: state.tier == tier and begins(state)


def _begins(rule: Target) -> Predicate:
    match rule.starts:
        case Condition() as condition:
            return live(condition, acting=True)
        case "triaged":
            return lambda state: state.triaged
        case "severity_set":
            return lambda state: state.severity is not None
        case _:
            return lambda _state: True


def arms(
    rule: Target,
    event: Event,
    done: frozenset[str],
    *,
    before: CaseState,
    now: CaseState,
    unanswered: bool,
) -> bool:
    """Whether a message starts an ongoing clock anew, never before the first response.

    ``update`` with what we say and with the customer's answer that ends a wait (G-09);
    ``next_response`` with the customer's message, unless an older one is still ``unanswered``.
    """
    if now.responded_at is None or now.status in ENDED:
        return False
    spoke = isinstance(event.body, CustomerMessage)
    if rule.target == NEXT_RESPONSE:
        return spoke and not unanswered
    first = bool(done) and now.responded_at == event.at
    return first or bool(done & set(rule.met_by)) or (spoke and before.waiting == "customer")


def arms_again(rule: Target, event: Event, *, before: CaseState, now: CaseState) -> bool:
    """Whether a reopening does: the customer waits for us, by reopening or by what they wrote."""
    if now.responded_at is None:
        return False
    ended = before.closed_at if before.resolved_at is None else before.resolved_at
    wrote = (now.customer_spoke_at or 0) >= (ended or 0)
    return rule.target == UPDATE or wrote or event.actor.side is Side.CUSTOMER
