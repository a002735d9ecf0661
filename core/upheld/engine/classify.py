"""What the policy proposes for a case, from what the customer wrote; with the row that matched."""

from __future__ import annotations

from collections.abc import Iterable

from upheld.case.events import UPHELD, Event, Opened, Proposed
from upheld.case.state import CaseState
from upheld.engine.conditions import holds, text
from upheld.engine.fold import begin
from upheld.policy.model import Classify, Clause, Condition, Policy, Row
from upheld.policy.words import mentions


def propose(policy: Policy, opened: Opened) -> Proposed | None:
    """The policy's proposal; None where no row of any clause matches.

    Inside a clause the first row that holds counts; several clauses may each add what they set
    (one the severity, another an outcome or flags).
    """
    state = begin(Event("opened", 0, 0, UPHELD, opened))
    found = list(_matches(policy, state))
    if not found:
        return None
    severity = next((row.severity for _, _, row in found if row.severity is not None), None)
    outcome = next((row.outcome for _, _, row in found if row.outcome is not None), None)
    flags = tuple(dict.fromkeys(flag for _, _, row in found for flag in row.flags))
    rule = ", ".join(f"{clause.id}/{rule.name}" for clause, rule, _ in found)
    reason = "; ".join(_reason(row, state) for _, _, row in found)
    return Proposed(severity, flags, outcome, rule, reason)


def _matches(policy: Policy, state: CaseState) -> Iterable[tuple[Clause, Classify, Row]]:
    for clause in policy.clauses:
        for rule in clause.rules:
            if isinstance(rule, Classify):
                row = next((row for row in rule.rows if _row_holds(row, state)), None)
                if row is not None:
                    yield clause, rule, row


def _row_holds(row: Row, state: CaseState) -> bool:
    return row.otherwise or holds(row.when, state)


def _reason(row: Row, state: CaseState) -> str:
    if row.otherwise:
        return "nothing more specific was found"
    return " and ".join(_why(row.when, state)) or "always"


def _why(condition: Condition, state: CaseState) -> Iterable[str]:
    for test in condition.tests:
        values = [str(value) for value in test.values]
        if test.key == "words":
            said = next(phrase for phrase in values if mentions(text(state), phrase))
            yield f"it says {said!r}"
        else:
            yield f"{test.key} is {' or '.join(values)}"
