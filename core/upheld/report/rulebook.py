"""A policy as a report asks it: which rule is this, and which clauses does a fact speak for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

from upheld.engine.terms import Terms, compile_terms, not_enforced
from upheld.policy.model import (
    AnyRule,
    Classify,
    Clause,
    Monitor,
    Offers,
    Policy,
    Require,
    Target,
    Verb,
    When,
)

R = TypeVar("R", bound=AnyRule)


class Rulebook:
    """Answers from one policy, each found once however many cases there are."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.clauses = {clause.id: clause for clause in policy.clauses}
        self._rules = {
            (clause.id, rule.name): rule for clause in policy.clauses for rule in clause.rules
        }

    @cached_property
    def terms(self) -> Terms:
        """What the policy's cases are judged by."""
        return compile_terms(self.policy)

    @cached_property
    def requires(self) -> tuple[tuple[Clause, Require], ...]:
        """Every ``require`` with its clause."""
        return tuple(self._all(Require))

    @cached_property
    def orders(self) -> tuple[tuple[Clause, When], ...]:
        """Every rule that does nothing but set an order of work."""
        return tuple(
            (clause, rule)
            for clause, rule in self._all(When)
            if {do.verb for do in rule.do} == {Verb.ORDER}
        )

    def rule(self, clause: str, name: str) -> AnyRule | None:
        """The rule of this name; None where a case was pinned to a policy that had another."""
        return self._rules.get((clause, name))

    def orders_work(self, clause: str, name: str) -> bool:
        """Whether this rule does nothing but set an order."""
        return any((c.id, rule.name) == (clause, name) for c, rule in self.orders)

    def target(self, clause: str, name: str) -> str:
        """What a clock's target is called."""
        rule = self.rule(clause, name)
        return rule.target if isinstance(rule, Target) else name

    def lacking(self) -> Iterator[tuple[str, str, str]]:
        """Clause, rule and a sentence for every rule that this version reads but does not enforce."""
        for clause in self.policy.clauses:
            for rule in clause.rules:
                if what := _not_run(rule):
                    yield clause.id, rule.name, f"{what}; this version does not enforce it yet"
        for clause, rule, lack in not_enforced(self.policy):
            yield (
                clause.id,
                rule.name,
                f"{lack} is read and kept; this version does not enforce it yet",
            )

    def _all(self, kind: type[R]) -> Iterator[tuple[Clause, R]]:
        for clause in self.policy.clauses:
            for rule in clause.rules:
                if isinstance(rule, kind):
                    yield clause, rule


def _not_run(rule: AnyRule) -> str:
    match rule:
        case Monitor():
            return "the monitor is read and kept"
        case Offers(offers=offers):
            return f"what is offered online ({', '.join(offers)}) is read and kept"
        case Classify(matrix=matrix) if matrix is not None:
            return "the matrix is read and kept"
        case _:
            return ""
