"""Conditions and actions, from their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upheld.policy.model import Condition, Do, Test, Verb
from upheld.policy.reader import Node
from upheld.policy.words import fold
from upheld.source import suggest

_WHOM: Final = "name a role, `customer`, `reporter` or `assignee`"
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
    "taken_back",
    "confirmed",
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
    "kind",
    "flag",
    "field",
    "words",
    "product",
    "monitor",
    "watched",
    "missed",
    "warned",
    "waiting",
    "escalated_by",
    "number",
    "queue",
    "customer_kind",
    "entitlement",
)
ORDERS: Final = ("severity", "due")
PROPOSED: Final = ("severity", "outcome", "kind")
#: What a rule can set; of these at least one.
SETS: Final = ("severity", "outcome", "kind", "flag")
#: What each verb may be told beside whom it speaks to.
_TAKES: Final[Mapping[Verb, frozenset[str]]] = {
    Verb.PAGE: frozenset({"to", "first_of", "template", "text"}),
    Verb.NOTIFY: frozenset({"to", "first_of", "template", "text"}),
    Verb.CALL: frozenset({"to", "first_of", "template", "text"}),
    Verb.MAIL: frozenset({"to", "first_of", "template", "links", "text"}),
    Verb.UPDATE: frozenset({"to", "first_of", "template", "text"}),
    Verb.FORWARD: frozenset({"to", "first_of", "template", "text"}),
    Verb.ESCALATE: frozenset({"to", "first_of", "queue", "text", "reason"}),
    Verb.ASSIGN: frozenset({"to", "first_of", "queue"}),
    Verb.REFER: frozenset({"template", "links"}),
    Verb.SET: frozenset({*SETS, "reason"}),
    Verb.NOTE: frozenset({"text"}),
    Verb.CLOSE: frozenset({"text", "reason"}),
    Verb.OPEN: frozenset({"text"}),
    Verb.NUMBER: frozenset({"text"}),
}
#: These speak to somebody, so somebody must be named (or, for the last two, a queue).
_SPEAKS: Final = frozenset(verb for verb, takes in _TAKES.items() if "to" in takes)
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


def read_condition(node: Node) -> Condition:
    """A bare word, a list of bare words (any of them), or a mapping (all must hold)."""
    if node.value and isinstance(node.value, str | list):
        return Condition((Test("is", _bare(node)),))
    if not node.value or not isinstance(node.value, Mapping):
        node.wrong("is no condition", "write `{severity: 1}` or a word such as `opened`")
        return Condition()
    node.keys(KEYS)
    return Condition(tuple(_tests(node)))


def _bare(node: Node) -> tuple[str, ...]:
    for item in node.items():
        if item.value not in WORDS:
            item.wrong(
                f"{item.value!r} is nothing that happens to a case", suggest(str(item.value), WORDS)
            )
    return tuple(item.value for item in node.items() if item.value in WORDS)


def _tests(node: Node) -> list[Test]:
    found = []
    for key, inside in node.mapping():
        if key == "proposed":
            found += _proposed(inside)
        elif key == "field" and isinstance(inside.value, Mapping):
            found += _fields(inside)
        elif key in KEYS:
            found.append(Test(key, _values(key, inside)))
    return found


def _proposed(node: Node) -> list[Test]:
    if node.value == {}:
        node.wrong("is empty", f"it needs one of: {', '.join(PROPOSED)}")
    if node.value is None or not node.keys(PROPOSED):
        return []
    return [Test(f"proposed.{name}", _values(name, each)) for name, each in node.mapping()]


def _fields(node: Node) -> list[Test]:
    """``field: {environment: production}``: a field's value, not only that it is there."""
    if not node.value:
        node.wrong("is empty", "write `{environment: production}`")
    return [Test(f"field.{name}", _values("field", each)) for name, each in node.entries()]


def _values(key: str, node: Node) -> tuple[str | int | bool, ...]:
    """What a key is compared with; the kind of value depends on the key."""
    values: list[str | int | bool] = []
    for item in node.some():
        if key == "severity":
            values += [] if (level := item.integer()) is None else [level]
        elif isinstance(item.value, str | int):
            values.append(item.value)
        else:
            item.wrong("is neither a word nor a number")
    if key == "words":
        check_phrases(node)
    return tuple(values)


def check_phrases(node: Node) -> None:
    """Each must have something that can be found."""
    for item in node.items():
        text = item.text()
        if text.strip() and not fold(text):
            item.wrong("has neither letters nor digits", "write words that customers use")


def read_do(node: Node) -> tuple[Do, ...]:
    """A list of actions, each ``verb: value``."""
    found = _actions(node)
    verbs = {do.verb for do in found}
    if Verb.OFFER in verbs and Verb.MAIL not in verbs:
        node.wrong("`offer` stands alone", "put it beside the `mail` in which it is offered")
    return found


def _actions(node: Node) -> tuple[Do, ...]:
    found = []
    for item in node.some():
        if not isinstance(item.value, Mapping) or len(item.value) != 1:
            item.wrong("is no action", "write `- page: operations-manager`")
            continue
        ((key, inside),) = item.mapping()
        if key not in list(Verb):
            inside.wrong("there is no such action", suggest(str(key), list(Verb)))
        elif inside.value is None:
            inside.wrong("is empty", "say who, or what")
        else:
            found.append(_do(Verb(key), inside))
    return tuple(found)


def _do(verb: Verb, node: Node) -> Do:
    if isinstance(node.value, Mapping):
        return _with_options(verb, node)
    plain = tuple(item.text() for item in node.some())
    where = _PLAIN.get(verb, "to")
    if verb is Verb.SET:
        node.wrong("says not what to set", "write `set: {severity: 1}`")
        return Do(verb)
    if verb is Verb.ORDER:
        _check_order(node)
    if where == "keys":
        return Do(verb, keys=plain)
    if where == "to":
        return Do(verb, to=plain)
    if len(plain) > 1:
        node.wrong("is more than one", "write a line for each")
    return Do(verb, template=plain[0]) if where == "template" else Do(verb, text=" ".join(plain))


def _check_order(node: Node) -> None:
    for item in node.items():
        if item.value not in ORDERS:
            item.wrong(f"{item.value!r} is not known", suggest(str(item.value), ORDERS))


def _with_options(verb: Verb, node: Node) -> Do:
    if verb not in _TAKES:
        node.wrong("is not a list of words", f"write `{verb}: [one, another]`")
        return Do(verb)
    node.keys(_TAKES[verb])
    first = node.at("first_of").texts()
    severity = node.at("severity").integer()
    _check_options(verb, node)
    return Do(
        verb,
        to=first or node.at("to").texts(),
        first_of=bool(first),
        template=node.at("template").maybe(),
        links=node.at("links").texts(),
        queue=node.at("queue").maybe(),
        severity=severity,
        outcome=node.at("outcome").maybe(),
        kind=node.at("kind").maybe(),
        flag=node.at("flag").maybe(),
        text=node.at("text").maybe() or node.at("reason").maybe(),
    )


def _check_options(verb: Verb, node: Node) -> None:
    if verb is Verb.SET and not any(node.has(key) for key in SETS):
        node.wrong(f"`set` needs one of: {', '.join(SETS)}")
    if node.has("text") and node.has("reason"):
        node.at("reason").wrong("stands beside `text`", "leave one of them")
    if verb is Verb.REFER and not node.has("template"):
        node.wrong("`refer` needs `template`")
    if verb in _SPEAKS:
        for key in ("to", "first_of"):
            node.at(key).some()
        named = sum(node.has(key) for key in ("to", "first_of", "queue"))
        if named != 1:
            node.wrong("needs one of `to`, `first_of` and (to hand over) `queue`", _WHOM)
