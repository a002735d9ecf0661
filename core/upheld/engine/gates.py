"""What must be there before something may happen to a case (``require``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from upheld.case.state import CaseState
from upheld.engine.conditions import holds
from upheld.policy.model import Clause, Gate, Policy, Require


@dataclass(frozen=True, slots=True)
class Missing:
    """A requirement that isn't met: its clause, what lacks, and what the gate does about it."""

    clause: Clause
    needs: tuple[str, ...]
    gate: Gate
    override: str | None


def missing(policy: Policy, state: CaseState, before: str) -> tuple[Missing, ...]:
    """All that stands in the way of ``before`` (number, resolve, close, customer_access …)."""
    found = []
    for clause in policy.clauses:
        for rule in clause.rules:
            if not isinstance(rule, Require) or rule.before != before:
                continue
            needs = tuple(need for need in rule.needs if not _there(rule, need, state))
            if needs:
                found.append(Missing(clause, needs, rule.gate, rule.override))
    return tuple(found)


def _there(rule: Require, need: str, state: CaseState) -> bool:
    if not holds(rule.applies, state, acting=True):
        return True
    return there(need, state)


def there(need: str, state: CaseState) -> bool:
    """Whether the case has it: something that every case can have, or what is recorded as provided."""
    check = _NEEDS.get(need)
    return check(state) if check else need in state.provided


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
}
