"""The sentence that customers read: placeholders filled with what the rules say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from upheld.policy.model import AnyRule, Clause, Every, Monitor, Target, When
from upheld.policy.reader import Node
from upheld.source import suggest

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
#: ``every {every}`` with one hour reads "every hour".
_EVERY_ONE: Final = re.compile(r"\bevery 1 (?=[a-z])")


def published(clause: Clause, node: Node) -> str:
    """``says`` with the numbers in; an unknown placeholder is an error."""
    values = placeholders(clause.rules)

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if name == "table":
            return _table(clause)
        if name not in values:
            node.at("says").wrong(f"{{{name}}} stands for nothing", suggest(name, values))
            return found[0]
        return values[name]

    return _EVERY_ONE.sub("every ", _PLACEHOLDER.sub(fill, clause.says))


def placeholders(rules: tuple[AnyRule, ...]) -> Mapping[str, str]:
    """What ``says`` may speak of: ``within``, or ``answer.within`` where there are several rules."""
    found: dict[str, str] = {}
    for rule in rules:
        for key, value in _values(rule).items():
            found[f"{rule.name}.{key}"] = value
            if len(rules) == 1:
                found[key] = value
    return found


def _values(rule: AnyRule) -> Mapping[str, str]:
    if isinstance(rule, Monitor):
        return {key: str(value) for key, value in rule.spec.items() if isinstance(value, str | int)}
    texts: dict[str, str] = {}
    for key in ("within", "aim", "by", "outside_hours", "every", "first", "after"):
        value = getattr(rule, key, None)
        if value is not None and isinstance(rule, Target | When | Every):
            texts[key] = value.text
    return texts


def _table(clause: Clause) -> str:
    targets = (rule for rule in clause.rules if isinstance(rule, Target))
    return "; ".join(f"{target.name}: {_promise(target)}" for target in targets)


def _promise(rule: Target) -> str:
    promise = rule.within or rule.by
    if promise is None:
        return "no target is promised"
    aim = f", aim {rule.aim.text}" if rule.aim else ""
    outside = f", or {rule.outside_hours.text} outside business hours" if rule.outside_hours else ""
    return promise.text + aim + outside
