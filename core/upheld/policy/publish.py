"""The sentence that customers read: placeholders filled with what the rules say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from upheld.policy.model import AnyRule, Clause, Every, Monitor, Target, When
from upheld.policy.reader import Node
from upheld.policy.tables import before_what, matrices, promise
from upheld.source import suggest

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_TABLE: Final = "table"
#: ``every {every}`` with one hour reads "every hour".
_EVERY_ONE: Final = re.compile(r"\bevery 1 (?=[a-z])")


def published(clause: Clause, node: Node) -> str:
    """``says`` with the numbers in; an unknown placeholder is an error."""
    values = {**placeholders(clause.rules), _TABLE: _table(clause)}
    for found in _PLACEHOLDER.finditer(clause.says):
        if found[1] not in values:
            node.at("says").wrong(f"{found[0]} stands for nothing", suggest(found[1], values))
    return _filled(clause.says, values)


def sentence(clause: Clause) -> str:
    """The same without the table, for a page on which it stands below the sentence."""
    filled = _filled(clause.says, {**placeholders(clause.rules), _TABLE: ""})
    return " ".join(filled.split())


def _filled(says: str, values: Mapping[str, str]) -> str:
    text = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), says)
    return _EVERY_ONE.sub("every ", text)


_LENGTHS: Final = (
    "within",
    "aim",
    "by",
    "outside_hours",
    "every",
    "first",
    "after",
    "before",
    "spaced",
    "announce",
)


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
    texts: dict[str, str] = {}
    for key in _LENGTHS:
        value = getattr(rule, key, None)
        if value is not None and isinstance(rule, Target | When | Every | Monitor):
            texts[key] = value.text
    if isinstance(rule, Monitor):
        return {**texts, "of": ", ".join(rule.of), "requests": str(rule.requests)}
    cut_off = isinstance(rule, Target) and before_what(rule)
    return {**texts, "cut_off": cut_off} if cut_off else texts


def _table(clause: Clause) -> str:
    targets = (rule for rule in clause.rules if isinstance(rule, Target))
    lines = [f"{target.name}: {promise(target)}" for target in targets]
    for table in matrices(clause):
        for name, *levels in table.rows:
            cells = zip(table.head[1:], levels, strict=True)
            lines.append(f"{name}: {', '.join(f'{column} {level}' for column, level in cells)}")
    return "; ".join(lines)
