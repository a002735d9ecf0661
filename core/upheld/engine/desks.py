"""Whose turn a case is: where it begins, and who passes it on to whom."""

from __future__ import annotations

from typing import Final

from upheld.case.events import Escalated, Event, HandedOver, Side, TakenBack
from upheld.case.state import CaseState, Status
from upheld.case.turn import Turn, ended, passed
from upheld.policy.desks import Answers, Desk
from upheld.policy.model import Policy

#: Facts by which a case may come to another desk.
PASSING: Final = (HandedOver, Escalated, TakenBack)


def desk_of(policy: Policy, name: str | None) -> Desk | None:
    """The desk of this name; the first where the policy does not have it; None where it has no desks."""
    found = policy.desks.get(name or "")
    return found or next(iter(policy.desks.values()), None)


def begun(policy: Policy, state: CaseState) -> CaseState:
    """The state of a case that just opened, with the desk of its customer: it is theirs."""
    desk = desk_of(policy, state.opened.desk)
    if desk is None:
        return state
    turn = Turn(desk.id, desk.tier, state.opened_at)
    return state.but(turns=(turn,), queue=desk.queue)


def passed_on(policy: Policy, before: CaseState, state: CaseState, event: Event) -> CaseState:
    """The state after a fact that may give the case to another desk; ``before`` is the one before it."""
    to, tier = _receiver(policy, before, event)
    if not to or to == state.held_by:
        return state
    desk = policy.desks.get(to)
    ends = event.at if state.status is Status.CLOSED else None
    reason = getattr(event.body, "reason", "") or getattr(event.body, "note", "")
    turn = Turn(to, desk.tier if desk else tier, event.at, event.actor.id, reason, ends)
    # It goes on in the queue of those whose turn it is; a desk without one leaves it where it is.
    queue = desk.queue if desk and desk.queue else state.queue
    return state.but(turns=passed(state.turns, turn), queue=queue)


def _receiver(policy: Policy, state: CaseState, event: Event) -> tuple[str, str]:
    """The desk that has it from here on, and its tier where the policy does not have it; empty: nobody new.

    One of ours who escalates to a desk hands it over; a customer reaches it through their own.
    """
    match event.body:
        case HandedOver(desk=desk, tier=tier):
            return desk, tier
        case Escalated(to=to, asked_by=asked) if to in policy.desks:
            ours = (asked or event.actor.side) == Side.STAFF
            return (to, "") if ours else ("", "")
        case TakenBack() if state.escalated_to == state.held_by:
            others = (turn for turn in reversed(state.turns) if turn.desk != state.held_by)
            last = next(others, None)
            return (last.desk, last.tier) if last else ("", "")
        case _:
            return "", ""


def speaking(policy: Policy, state: CaseState) -> Desk | None:
    """The desk that the customer hears from: the last one that had the case and answers customers."""
    for turn in reversed(state.turns):
        desk = policy.desks.get(turn.desk)
        if desk is not None and policy.tiers[desk.tier].answers is Answers.CUSTOMER:
            return desk
    return None


def turned(before: CaseState, after: CaseState) -> CaseState:
    """The state with the turn of its desk ended where it was closed, and begun where it is open again."""
    if before.status is after.status or not after.turns:
        return after
    last = after.turns[-1]
    if after.status is Status.CLOSED:
        return after.but(turns=ended(after.turns, after.closed_at or last.begins))
    if last.ends is None:
        return after
    again = Turn(last.desk, last.tier, max(last.ends, after.reopened_at or 0), reason="reopened")
    return after.but(turns=(*after.turns, again))
