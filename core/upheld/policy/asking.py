"""What a requirement asks the customer for: a rule that nobody has to write."""

from __future__ import annotations

from upheld.policy.model import Condition, Do, Require, Test, Verb, When


def asking(rule: Require) -> When:
    """The one question for what a requirement asks for: with the opening, or once it applies."""
    when = rule.applies if rule.applies.tests else Condition((Test("is", ("opened",)),))
    return When(f"{rule.name}.ask", rule.place, when, (Do(Verb.ASK, keys=rule.ask),))
