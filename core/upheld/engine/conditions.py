"""Whether a condition of the policy holds for a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from upheld.calendar.instant import Instant
from upheld.case.state import CaseState, Status
from upheld.policy.model import Condition, Test
from upheld.policy.words import mentions

#: Keys that ask about the status itself: only these can hold for a closed case.
_OF_STATUS: Final = frozenset({"status", "is"})


def holds(
    condition: Condition, state: CaseState, *, since: Instant | None = None, acting: bool = False
) -> bool:
    """All tests hold. ``since``: ``worked`` counts from then only (M-14: work after the marking).

    ``acting``: the severity is the one that acts (proposed until marked), as clocks read it; steps
    read the marked one (reading of M-04).
    """
    # Asked thousands of times a replay: a generator costs double.
    for test in condition.tests:  # noqa: SIM110
        if not _test(test, state, since, acting):
            return False
    return True


def live(condition: Condition, state: CaseState, *, acting: bool = False) -> bool:
    """As ``holds``, but nothing of a closed case is live unless its status is what is asked."""
    if state.status is Status.CLOSED and not asks_status(condition):
        return False
    return holds(condition, state, acting=acting)


def asks_status(condition: Condition) -> bool:
    """Whether the condition is about the status (or is a bare word such as ``opened``)."""
    return any(test.key in _OF_STATUS for test in condition.tests)


def _test(test: Test, state: CaseState, since: Instant | None, acting: bool) -> bool:
    if test.key == "is":
        return any(_WORDS[str(word)](state, since) for word in test.values)
    if test.key == "words":
        return any(mentions(text(state), str(phrase)) for phrase in test.values)
    if test.key == "severity" and acting:
        return state.acting_severity in test.values
    value = _READ[test.key](state)
    if isinstance(value, frozenset):
        return not value.isdisjoint(test.values)
    return value in test.values


def text(state: CaseState) -> str:
    """What the customer wrote first: the subject and the body."""
    return f"{state.opened.subject}\n{state.opened.text}"


def _worked(state: CaseState, since: Instant | None) -> bool:
    return state.worked_at is not None and (since is None or state.worked_at >= since)


_WORDS: Final[Mapping[str, Callable[[CaseState, Instant | None], bool]]] = {
    "opened": lambda _state, _since: True,
    "numbered": lambda state, _since: state.number is not None,
    "triaged": lambda state, _since: state.triaged or state.rejected,
    "worked": _worked,
    "mobilised": lambda state, _since: state.mobilised_at is not None,
    "resolved": lambda state, _since: state.status is Status.RESOLVED,
    "closed": lambda state, _since: state.status is Status.CLOSED,
    "reopened": lambda state, _since: state.reopened_at is not None,
    "acknowledged": lambda state, _since: state.acknowledged_at is not None,
}

_READ: Final[Mapping[str, Callable[[CaseState], Any]]] = {
    "severity": lambda state: state.severity,
    "proposed.severity": lambda state: state.proposed and state.proposed.severity,
    "proposed.outcome": lambda state: state.outcome,
    "plan": lambda state: state.plan,
    "tier": lambda _state: None,  # desks of partner and vendor come with their own clocks
    "status": lambda state: state.status,
    "source": lambda state: state.opened.source,
    "from": lambda state: "partner" if state.opened.customer else "unknown",
    "customer_kind": lambda state: state.opened.customer_kind,
    "outcome": lambda state: state.outcome,
    "flag": lambda state: state.flags | ({"held"} if state.held else set()),
    "field": lambda state: state.provided,
    "product": lambda state: state.opened.product,
    "monitor": lambda _state: None,  # a monitor is a subject of its own
    "missed": lambda state: state.missed,
    "warned": lambda _state: None,  # warnings come with the clocks that give them
    "waiting": lambda state: state.waiting,
    "escalated_by": lambda state: state.escalated_by,
    "number": lambda state: state.number,
    "queue": lambda state: state.queue,
}
KEYS: Final = frozenset(_READ) | {"words", "is"}
