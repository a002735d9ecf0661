"""What must be there before something may happen to a case (``require``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from upheld.case.events import (
    Body,
    Closed,
    Event,
    HandedOver,
    Provided,
    Rejected,
    Resolved,
    Triaged,
    Worked,
)
from upheld.case.state import CaseState
from upheld.engine.conditions import holds
from upheld.engine.step import Step
from upheld.policy.model import Clause, Do, Gate, Policy, Require, Verb


@dataclass(frozen=True, slots=True)
class Missing:
    """A requirement that isn't met: its clause, what lacks, and what the gate does about it."""

    clause: Clause
    needs: tuple[str, ...]
    gate: Gate
    override: str | None
    rule: str = ""
    tell: tuple[str, ...] = ()

    @property
    def track(self) -> str:
        """The rule, by clause and name."""
        return f"{self.clause.id}/{self.rule}"


def missing(policy: Policy, state: CaseState, before: str) -> tuple[Missing, ...]:
    """All that stands in the way of ``before`` (number, resolve, close, customer_access …)."""
    found = []
    for clause in policy.clauses:
        for rule in clause.rules:
            if not isinstance(rule, Require) or rule.before != before:
                continue
            needs = tuple(need for need in rule.needs if not _there(rule, need, state))
            if needs:
                found.append(Missing(clause, needs, rule.gate, rule.override, rule.name, rule.tell))
    return tuple(found)


def _there(rule: Require, need: str, state: CaseState) -> bool:
    if not holds(rule.applies, state, acting=True):
        return True
    return there(need, state)


def there(need: str, state: CaseState) -> bool:
    """Whether the case has it: something that every case can have, or what is recorded as provided."""
    check = _NEEDS.get(need)
    return need in state.provided or (check is not None and check(state))


def passes(body: Body) -> str | None:
    """What is done by this fact, in the words of ``before``; None where it passes no gate."""
    if isinstance(body, Provided):
        return body.item if body.item == ACCESS else None
    return _PASSES.get(type(body))


#: To work on what is the customer's.
ACCESS: Final = "customer_access"
_PASSES: Final[Mapping[type, str]] = {
    Triaged: "number",
    Rejected: "number",
    Worked: "work",
    HandedOver: "hand_over",
    Resolved: "resolve",
    Closed: "close",
}


class GateKeeper:
    """What a tracker lets through: there nothing can be refused, so it is flagged, or taken for not done.

    At our own doors what lacks is refused before it is a fact, so it never comes here.
    """

    def __init__(self, policy: Policy, gated: frozenset[str]) -> None:
        self._policy, self._gated = policy, gated
        self._reverted: set[str] = set()

    def meet(self, event: Event, after: CaseState) -> tuple[tuple[Step, ...], bool]:
        """What is to be told of this fact, and whether it is taken for not done (once a gate)."""
        before = passes(event.body)
        if before is None or before not in self._gated:
            return (), False
        lacks = [each for each in missing(self._policy, after, before) if not _over(each, event)]
        if isinstance(event.body, Rejected):  # what needs no number needs none of this
            return (), False
        back = {each.track for each in lacks if each.gate is Gate.REVERT} - self._reverted
        self._reverted |= back
        return tuple(_told(each, event, before, back=each.track in back) for each in lacks), bool(
            back
        )


def _over(lack: Missing, event: Event) -> bool:
    """Whether a person has said why it may be so all the same."""
    return bool(lack.override and getattr(event.body, "override", ""))


def _told(lack: Missing, event: Event, before: str, *, back: bool) -> Step:
    what = f"{lack.clause.id}: {before.replace('_', ' ')} without {', '.join(lack.needs)}"
    text = f"{what}. It is taken for not done: please add what is missing." if back else f"{what}."
    tells = (Do(Verb.NOTIFY, to=lack.tell),) if lack.tell else ()
    do = (Do(Verb.NOTE), *tells)
    track = f"{lack.track}/gate:{event.id}"
    return Step(track, 1, lack.clause.id, lack.rule, event.at, do=do, text=text)


_NEEDS: Final[Mapping[str, Callable[[CaseState], bool]]] = {
    "triage": lambda state: state.triaged,
    "resolved": lambda state: state.resolved_at is not None or state.rejected,
    "number": lambda state: state.number is not None,
    "severity": lambda state: state.acting_severity is not None,
    "engineer": lambda state: state.assignee is not None,
    "worked": lambda state: state.worked_at is not None,
    "kind": lambda state: state.case_kind is not None,
    "product": lambda state: state.product is not None,
    "version": lambda state: state.version is not None,
    "reported_at": lambda _state: True,
    "company": lambda state: state.opened.customer is not None,
    "contract": lambda state: state.plan is not None,
    "contact": lambda state: bool(state.opened.reporter),
    "nature": lambda state: bool(state.opened.text.strip()),
    "status": lambda _state: True,
    "staff_agreed": lambda state: state.resolved_at is not None,
}
