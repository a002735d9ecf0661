"""Conditions and actions, from their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upheld.policy.model import Condition, Do, Test, Verb
from upheld.policy.reader import Node
from upheld.source import suggest

#: Bare words: things that have happened to a case.
WORDS: Final = (
    "opened",
    "numbered",
    "triaged",
    "worked",
    "mobilised",
    "resolved",
    "closed",
    "reopened",
    "acknowledged",
)
KEYS: Final = (
    "severity",
    "proposed",
    "plan",
    "tier",
    "status",
    "source",
    "from",
    "outcome",
    "flag",
    "field",
    "words",
    "product",
    "monitor",
    "missed",
    "warned",
    "waiting",
    "escalated_by",
    "number",
    "queue",
    "customer_kind",
)
#: What a verb's value means where it is a plain word or a list.
_PLAIN: Final[Mapping[Verb, str]] = {
    Verb.ASK: "keys",
    Verb.OFFER: "keys",
    Verb.ORDER: "keys",
    Verb.REFER: "template",
    Verb.NOTE: "text",
    Verb.CLOSE: "text",
    Verb.OPEN: "text",
    Verb.NUMBER: "text",
}
_OPTIONS: Final = ("to", "first_of", "template", "links", "queue", "severity", "text", "reason")


def read_condition(node: Node) -> Condition:
    """A bare word, a list of bare words (any of them), or a mapping (all must hold)."""
    if isinstance(node.value, str | list):
        return Condition((Test("is", _bare(node)),))
    if not isinstance(node.value, Mapping):
        node.wrong("is no condition", "write `{severity: 1}` or a word such as `opened`")
        return Condition()
    node.keys(KEYS)
    return Condition(tuple(_tests(node)))


def _bare(node: Node) -> tuple[str, ...]:
    for item in node.items():
        if item.text() not in WORDS:
            item.wrong(
                f"{item.value!r} is nothing that happens to a case", suggest(item.text(), WORDS)
            )
    return tuple(word for word in node.texts() if word in WORDS)


def _tests(node: Node) -> list[Test]:
    found = []
    for key, inside in node.mapping():
        if key == "proposed":
            if inside.keys(("severity", "outcome")):
                found += [
                    Test(f"proposed.{name}", _values(each)) for name, each in inside.mapping()
                ]
        elif key in KEYS:
            found.append(Test(key, _values(inside)))
    return found


def _values(node: Node) -> tuple[str | int | bool, ...]:
    values = []
    for item in node.items():
        if isinstance(item.value, str | int | bool):
            values.append(item.value)
        else:
            item.wrong("is neither a word nor a number")
    if not values:
        node.wrong("is empty", "name at least one value")
    return tuple(values)


def read_do(node: Node) -> tuple[Do, ...]:
    """A list of actions, each ``verb: value``."""
    found = []
    for item in node.items():
        if not isinstance(item.value, Mapping) or len(item.value) != 1:
            item.wrong("is no action", "write `- page: operations-manager`")
            continue
        ((key, inside),) = item.mapping()
        if key not in list(Verb):
            inside.wrong("there is no such action", suggest(str(key), list(Verb)))
            continue
        found.append(_do(Verb(key), inside))
    return tuple(found)


def _do(verb: Verb, node: Node) -> Do:
    if isinstance(node.value, Mapping):
        return _with_options(verb, node)
    plain = node.texts()
    where = _PLAIN.get(verb, "to")
    if where == "keys":
        return Do(verb, keys=plain)
    if where == "to":
        if not plain:
            node.wrong("needs somebody", "name a role, `customer`, `reporter` or `assignee`")
        return Do(verb, to=plain)
    return Do(verb, template=plain[0]) if where == "template" else Do(verb, text=", ".join(plain))


def _with_options(verb: Verb, node: Node) -> Do:
    node.keys(_OPTIONS)
    first = node.at("first_of").texts()
    severity = node.at("severity").integer()
    if verb is Verb.SET and severity is None:
        node.wrong("`set` needs `severity`")
    return Do(
        verb,
        to=first or node.at("to").texts(),
        first_of=bool(first),
        template=node.at("template").maybe(),
        links=node.at("links").texts(),
        queue=node.at("queue").maybe(),
        severity=severity,
        text=node.at("text").maybe() or node.at("reason").maybe(),
    )
