"""What a requirement asks of the customer: a rule of its own, so that it is sent, explained and counted
like any other step."""

from __future__ import annotations

from typing import Final

from upheld.policy.model import Clause, Condition, Do, Policy, Require, Test, Verb, When

#: What customer and support say of a solution.
CUSTOMER_AGREED: Final = "customer_agreed"
#: What only our own people or the case itself can tell: nobody asks a customer for it.
NOT_ASKED: Final = frozenset(
    {"triage", "resolved", "number", "severity", "engineer", "worked", "status"}
    | {"reported_at", "staff_agreed"}
)
_CONFIRM: Final = "confirm"
_RESOLVED: Final = Test("is", ("resolved",))


def questions(policy: Policy) -> tuple[tuple[Clause, When], ...]:
    """The questions of all requirements, each with its clause; none of them stands in ``rules``."""
    return tuple(
        (clause, asks)
        for clause in policy.clauses
        for rule in clause.rules
        if isinstance(rule, Require)
        for asks in _questions(rule)
    )


def _questions(rule: Require) -> tuple[When, ...]:
    """Points are asked for once the case needs them; agreement, once there is something to agree to."""
    points = tuple(item for item in rule.ask if item != CUSTOMER_AGREED)
    found = []
    if points:
        # A name that nobody can give: it has a colon.
        asks = Do(Verb.ASK, keys=points)
        found.append(When(f"{rule.name}:ask", rule.place, rule.applies, (asks,)))
    if CUSTOMER_AGREED in rule.ask:
        when = Condition((*rule.applies.tests, _RESOLVED))
        letter = Do(Verb.MAIL, to=("reporter",), template=_CONFIRM)
        found.append(When(f"{rule.name}:confirm", rule.place, when, (letter,)))
    return tuple(found)


def asked(policy: Policy) -> tuple[str, ...]:
    """All that a policy asks customers for, by a requirement or by an action, and that an answer may give:
    agreement takes more than a line."""
    whens = (rule for clause in policy.clauses for rule in clause.rules if isinstance(rule, When))
    dos = (do for rule in whens for do in rule.do)
    beside = (do for _, rule in questions(policy) for do in rule.do)
    keys = (key for do in (*dos, *beside) if do.verb is Verb.ASK for key in do.keys)
    return tuple(key for key in dict.fromkeys(keys) if key not in {*NOT_ASKED, CUSTOMER_AGREED})
