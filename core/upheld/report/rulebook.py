"""A policy as a report asks it: which rule is this, and which clauses does a fact speak for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePath
from typing import TypeVar

from upheld.engine.terms import not_enforced
from upheld.policy.asking import questions
from upheld.policy.model import (
    AnyRule,
    Clause,
    Do,
    Every,
    Monitor,
    Policy,
    Require,
    Target,
    Verb,
    When,
)
from upheld.policy.names import conditions
from upheld.policy.watching import spoken

R = TypeVar("R", bound=AnyRule)


class Rulebook:
    """Answers from one policy, each found once however many cases there are."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.clauses = {clause.id: clause for clause in policy.clauses}
        self._rules = {
            (clause.id, rule.name): rule
            for clause, rule in (
                *((clause, rule) for clause in policy.clauses for rule in clause.rules),
                *questions(policy),
                *spoken(policy),
            )
        }

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

    @cached_property
    def of_tiers(self) -> tuple[tuple[Clause, str], ...]:
        """Each clause that asks whose turn it is, with the first of its rules that does."""
        found: dict[str, tuple[Clause, str]] = {}
        for clause in self.policy.clauses:
            for rule in clause.rules:
                if "tier" in {test.key for each in conditions(rule) for test in each.tests} or (
                    isinstance(rule, Target) and rule.tier
                ):
                    found.setdefault(clause.id, (clause, rule.name))
        return tuple(found.values())

    def says(self, clause: str) -> str:
        """The published sentence; empty for a clause that this policy does not have."""
        found = self.clauses.get(clause)
        return found.published if found else ""

    def where(self, clause: str) -> str:
        """Where the sentence stands: ``acme.yaml:7`` for one of the customer's own agreement,
        ``magnolia.yaml:124`` for one that it extends; the version where the ledger alone has it."""
        found = self.clauses.get(clause)
        if found is None:
            return ""
        if found.place.file == self.policy.version:
            return f"{self.policy.version}, kept in the ledger"
        name = PurePath(found.place.file).name
        return f"{name}:{found.place.line}" if found.place.line is not None else name

    def orders_work(self, clause: str, name: str) -> bool:
        """Whether this rule does nothing but set an order."""
        return any((c.id, rule.name) == (clause, name) for c, rule in self.orders)

    def is_gate(self, clause: str, name: str) -> bool:
        """Whether steps of this rule tell what passed it without what it asks for."""
        return isinstance(self._rules.get((clause, name)), Require)

    def announces(self, clause: str, name: str) -> bool:
        """Whether steps of this rule announce planned maintenance."""
        rule = self._rules.get((clause, name))
        return isinstance(rule, Monitor) and rule.announce is not None

    def target(self, clause: str, name: str) -> str:
        """What a clock's target is called."""
        rule = self._rules.get((clause, name))
        return rule.target if isinstance(rule, Target) else name

    def does(self, clause: str, name: str) -> tuple[Do, ...]:
        """What a step of this rule does; nothing where there is no such rule any more."""
        rule = self._rules.get((clause, name))
        return rule.do if isinstance(rule, When | Every) else ()

    def filled_by_updates(self, clause: str, name: str) -> bool:
        """Whether a status that another clause sent fills a step of this rule."""
        rule = self._rules.get((clause, name))
        return isinstance(rule, Every) and "update" in rule.filled_by

    def lacking(self) -> Iterator[tuple[str, str, str]]:
        """Clause, rule and a sentence for every rule that this version reads but does not enforce."""
        for clause, rule, what in not_enforced(self.policy):
            yield clause.id, rule.name, f"{what}: read and kept, not enforced by this version"

    def _all(self, kind: type[R]) -> Iterator[tuple[Clause, R]]:
        for clause in self.policy.clauses:
            for rule in clause.rules:
                if isinstance(rule, kind):
                    yield clause, rule
