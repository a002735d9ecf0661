"""What a rule's action does to the case itself (messages are sent by others)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.events import OutcomeSet
from upheld.case.state import CaseState, Status
from upheld.policy.model import Do, Verb


def effect(state: CaseState, do: Do, at: Instant) -> CaseState:
    """The state after the action; the same one where it only speaks to somebody."""
    change = _EFFECTS.get(do.verb)
    return change(state, do, at) if change else state


def _assign(state: CaseState, do: Do, _at: Instant) -> CaseState:
    if do.queue is not None:
        return state.but(queue=state.queue or do.queue)
    # People override: whom a person chose stays.
    return state if state.assigned_by_person else state.but(assignee=do.to[0])


def _escalate(state: CaseState, do: Do, _at: Instant) -> CaseState:
    return state.but(escalated_to=do.to[0] if do.to else do.queue)


def _set(state: CaseState, do: Do, _at: Instant) -> CaseState:
    """What a rule says of a case, where no person has said otherwise."""
    if do.severity is not None and not state.marked_by_person:
        state = state.but(severity=do.severity)
    if do.outcome is not None and not state.judged_by_person:
        state = state.but(judged=OutcomeSet(do.outcome, do.text or ""))
    if do.flag is not None and do.flag not in state.decided_flags:
        state = state.but(flags=state.flags | {do.flag})
    return state if do.kind is None else state.but(given_kind=state.given_kind or do.kind)


_EFFECTS: Final[Mapping[Verb, Callable[[CaseState, Do, Instant], CaseState]]] = {
    Verb.ASSIGN: _assign,
    Verb.SET: _set,
    Verb.CLOSE: lambda state, _do, at: state.but(status=Status.CLOSED, closed_at=at),
    Verb.UPDATE: lambda state, _do, at: state.but(updated_at=at),
    Verb.ESCALATE: _escalate,
}
