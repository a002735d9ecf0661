"""What the policy does with something that arrives and belongs to no case yet."""

from __future__ import annotations

from upheld.policy.model import Clause, Do, Intake, Policy


def arrival(policy: Policy, sender: str, nature: str) -> tuple[tuple[Clause, Do], ...]:
    """The actions of the first intake rule for this sender (partner, unknown, staff) and nature.

    Rules that name no nature are for normal messages only: what a machine wrote opens no case
    unless a rule says so.
    """
    for clause in policy.clauses:
        for rule in clause.rules:
            if isinstance(rule, Intake) and _fits(rule, sender, nature):
                return tuple((clause, do) for do in rule.do)
    return ()


def _fits(rule: Intake, sender: str, nature: str) -> bool:
    return sender in rule.sender and nature in (rule.nature or ("normal",))
