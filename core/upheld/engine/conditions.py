"""Whether a condition of the policy holds for a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final, TypeAlias

from upheld.calendar.instant import Instant
from upheld.case.state import CaseState, Status
from upheld.policy.catalogue import NONE
from upheld.policy.model import Condition, Test
from upheld.policy.words import mentions

Predicate: TypeAlias = Callable[[CaseState], bool]

#: Before the name of a field whose value is asked.
_FIELD: Final = "field."
#: Keys that ask about the status itself: only these can hold for a closed case.
_OF_STATUS: Final = frozenset({"status", "is"})


def holds(
    condition: Condition, state: CaseState, *, since: Instant | None = None, acting: bool = False
) -> bool:
    """All tests hold. ``since``: ``worked`` counts from then only (M-14: work after the marking).

    ``acting``: the severity is the one that acts (proposed until marked), as clocks read it; steps
    read the marked one (reading of M-04).
    """
    return all(_ready(test, acting, since)(state) for test in condition.tests)


def fits(condition: Condition) -> Predicate:
    """As ``holds``, a function to keep."""
    tests = tuple(_ready(test, acting=False) for test in condition.tests)
    return lambda state: all(test(state) for test in tests)


def live(condition: Condition, *, acting: bool = False) -> Predicate:
    """As ``holds``, but nothing of a closed case is live unless its status is what is asked.

    A function to keep: it is asked thousands of times when a long case is lived through again.
    """
    tests = tuple(_ready(test, acting) for test in condition.tests)
    ends = None if asks_status(condition) else Status.CLOSED  # a member of an enum is slow to find

    def is_live(state: CaseState) -> bool:
        if state.status is ends:
            return False
        for test in tests:  # noqa: SIM110  (a generator costs double)
            if not test(state):
                return False
        return True

    return is_live


def asks_status(condition: Condition) -> bool:
    """Whether the condition is about the status (or is a bare word such as ``opened``)."""
    return any(test.key in _OF_STATUS for test in condition.tests)


def _ready(test: Test, acting: bool, since: Instant | None = None) -> Predicate:
    values = frozenset(test.values)
    if test.key == "is":
        first, *others = (_WORDS[str(word)] for word in test.values)
        return lambda state: first(state, since) or any(word(state, since) for word in others)
    if test.key == "words":
        return lambda state: any(mentions(text(state), str(phrase)) for phrase in test.values)
    if test.key.startswith(_FIELD):
        return _field(test.key.removeprefix(_FIELD), values)
    if test.key in _SETS:
        of = _SETS[test.key]
        return lambda state: not values.isdisjoint(of(state))
    acts = test.key == "severity" and acting
    read = attrgetter("acting_severity") if acts else _READ[test.key]
    return lambda state: read(state) in values


def text(state: CaseState) -> str:
    """What the customer wrote first: the subject and the body."""
    return f"{state.opened.subject}\n\n{state.opened.text}"


def _field(name: str, values: frozenset[str | int | bool]) -> Predicate:
    wanted = {str(value).casefold() for value in values}
    return lambda state: state.fields.get(name, "").casefold() in wanted


def _product(state: CaseState) -> frozenset[str]:
    names = (state.product, state.product_id, state.standing)
    return frozenset(name for name in names if name is not None)


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
    "confirmed": lambda state, _since: "customer_agreed" in state.provided,
    "acknowledged": lambda state, _since: state.acknowledged_at is not None,
    "taken_back": lambda state, _since: state.judged is not None and state.judged.outcome is None,
}

_READ: Final[Mapping[str, Callable[[CaseState], Any]]] = {
    "severity": attrgetter("severity"),
    "proposed.severity": lambda state: state.proposed and state.proposed.severity,
    "proposed.outcome": lambda state: state.proposed and state.proposed.outcome,
    "proposed.kind": lambda state: state.proposed and state.proposed.case_kind,
    "plan": attrgetter("acting_plan"),
    "tier": attrgetter("tier"),
    "status": attrgetter("status"),
    "source": attrgetter("opened.source"),
    "from": lambda state: "partner" if state.opened.customer else "unknown",
    "entitlement": lambda state: state.entitlement and state.entitlement.standing,
    "customer_kind": attrgetter("opened.customer_kind"),
    "outcome": lambda state: state.outcome or NONE,
    "kind": attrgetter("case_kind"),
    "watched": lambda state: state.watched and state.watched.of,
    "waiting": attrgetter("waiting"),
    "escalated_by": attrgetter("escalated_by"),
    "number": attrgetter("number"),
    "queue": attrgetter("queue"),
}
_SETS: Final[Mapping[str, Callable[[CaseState], frozenset[str]]]] = {
    "flag": lambda state: state.flags | {"held"} if state.held else state.flags,
    "field": attrgetter("provided"),
    "missed": attrgetter("missed"),
    "monitor": attrgetter("monitor"),
    "product": _product,
    "warned": attrgetter("warned"),
}
KEYS: Final = frozenset(_READ) | frozenset(_SETS) | {"words", "is"}
