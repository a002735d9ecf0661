"""The rules of a clause, from their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from upheld.policy.conditions import read_condition, read_do
from upheld.policy.model import (
    ALWAYS,
    AnyRule,
    AskAhead,
    ByInstant,
    CatchUp,
    Classify,
    Condition,
    Elapsed,
    Every,
    Gate,
    Intake,
    Monitor,
    Offers,
    OnChange,
    OnReopen,
    Require,
    Row,
    Target,
    When,
)
from upheld.policy.reader import Node
from upheld.source import suggest

#: What meets a target unless the rule says otherwise (2.8 of the field: a person, in public).
_MET_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "first_response": ("public_reply", "call"),
    "next_response": ("public_reply", "call"),
    "update": ("public_reply",),
    "resolution": ("resolved",),
}
_STARTS: Final = ("opened", "triaged", "severity_set")
MET_WORDS: Final = ("public_reply", "call", "worked", "resolved", "workaround", "plan", "update")


def read_rule(kind: str, node: Node, name: str) -> AnyRule:
    """The rule whose keys stand in ``node``; what is wrong is remembered by the reader."""
    rule: AnyRule = _KINDS[kind](node, name)
    return rule


def _target(node: Node, name: str) -> Target:
    node_by, within = node.at("by"), node.at("within").duration()
    none = node.at("promises").value is not None
    if none and node.at("promises").value != "none":
        node.at("promises").wrong("can only be `none`")
    if (within is not None) + (node_by.value is not None) + none != 1:
        node.wrong("needs one of `within`, `by` and `promises: none`")
    target = node.at("target").text()
    outside = node.at("outside_hours").duration()
    if outside is not None and not isinstance(outside, Elapsed):
        node.at("outside_hours").wrong("is elapsed time", "write `8 hours`")
        outside = None
    return Target(
        name,
        node.place,
        target,
        applies=_condition(node.at("for")),
        within=within,
        by=ByInstant(node_by.text()) if node_by.value is not None else None,
        aim=node.at("aim").duration(),
        calendar=node.at("calendar").maybe(),
        outside_hours=outside,
        starts=_starts(node.at("starts")),
        met_by=_words(node.at("met_by"), MET_WORDS) or _MET_BY.get(target, ("resolved",)),
        pause_while=read_condition(node.at("pause_while")) if node.has("pause_while") else None,
        on_raise=node.at("on_raise").one_of(OnChange, OnChange, OnChange.FROM_START),
        on_lower=node.at("on_lower").one_of(OnChange, OnChange, OnChange.FROM_START),
        on_reopen=node.at("on_reopen").one_of(OnReopen, OnReopen, OnReopen.NEW_CYCLE),
        promises_none=none,
    )


def _starts(node: Node) -> str | Condition:
    if node.value is None:
        return "opened"
    if isinstance(node.value, str) and node.value in _STARTS:
        return node.value
    return read_condition(node)


def _when(node: Node, name: str) -> When:
    if not node.has("do"):
        node.wrong("`when` needs `do`")
    return When(
        name,
        node.place,
        when=read_condition(node.at("when")),
        do=read_do(node.at("do")),
        after=node.at("after").duration(days=True),
        before=node.at("before").maybe(),
        unless=read_condition(node.at("unless")) if node.has("unless") else None,
        calendar=node.at("calendar").maybe(),
        catch_up=node.at("catch_up").one_of(CatchUp, CatchUp, CatchUp.ALWAYS),
    )


def _every(node: Node, name: str) -> Every:
    every = node.at("every").duration()
    if not node.has("while"):
        node.wrong("`every` needs `while`: when does it end?")
    if not node.has("do"):
        node.wrong("`every` needs `do`")
    return Every(
        name,
        node.place,
        every=every or Elapsed(3_600_000_000, "1 hour"),
        holds=_condition(node.at("while")),
        do=read_do(node.at("do")),
        first=node.at("first").duration(),
        ask_ahead=_ask_ahead(node.at("ask_ahead")),
        filled_by=_words(node.at("filled_by"), MET_WORDS),
        calendar=node.at("calendar").maybe(),
        catch_up=node.at("catch_up").one_of(CatchUp, CatchUp, CatchUp.COLLAPSE),
    )


def _ask_ahead(node: Node) -> AskAhead | None:
    if node.value is None or not node.keys(("of", "before")):
        return None
    before = node.at("before").duration()
    if before is None:
        node.wrong("needs `before`", "write `before: 15 minutes`")
        return None
    return AskAhead(node.at("of").text("assignee"), before)


def _classify(node: Node, name: str) -> Classify:
    inside = node.at("classify")
    if isinstance(inside.value, Mapping):
        return Classify(name, node.place, matrix=dict(inside.value))
    return Classify(name, node.place, rows=tuple(_row(item) for item in inside.items()))


def _row(node: Node) -> Row:
    node.keys(("severity", "outcome", "flags", "flag", "kind", "when", "otherwise"))
    flags = node.at("flags").texts() or node.at("flag").texts()
    otherwise = node.at("otherwise").value is True
    if otherwise == node.has("when"):
        node.wrong("needs either `when` or `otherwise: true`")
    return Row(
        when=_condition(node.at("when")),
        severity=node.at("severity").integer(),
        outcome=node.at("outcome").maybe(),
        flags=flags,
        kind=node.at("kind").maybe(),
        otherwise=otherwise,
    )


def _require(node: Node, name: str) -> Require:
    inside = node.at("require")
    inside.keys(("before", "needs", "ask", "override", "gate", "for"))
    for key in ("before", "needs"):
        if not inside.has(key):
            inside.wrong(f"`require` needs `{key}`")
    return Require(
        name,
        node.place,
        before=inside.at("before").text(),
        needs=inside.at("needs").texts(),
        ask=inside.at("ask").texts(),
        override=inside.at("override").maybe(),
        gate=inside.at("gate").one_of(Gate, Gate, Gate.PREVENT),
        applies=_condition(inside.at("for")),
    )


def _intake(node: Node, name: str) -> Intake:
    inside = node.at("intake")
    inside.keys(("from", "nature", "do"))
    for key in ("from", "do"):
        if not inside.has(key):
            inside.wrong(f"`intake` needs `{key}`")
    return Intake(
        name,
        node.place,
        sender=_words(inside.at("from"), ("partner", "unknown", "staff")),
        do=read_do(inside.at("do")),
        nature=_words(inside.at("nature"), ("normal", "automatic", "bounce", "list")),
    )


def _monitor(node: Node, name: str) -> Monitor:
    inside = node.at("monitor")
    inside.keys(("of", "every", "requests", "spaced", "opens", "warns", "window", "notify", "ask"))
    for key in ("every", "spaced"):
        inside.at(key).duration()
    return Monitor(name, node.place, spec=dict(inside.value or {}))


def _offers(node: Node, name: str) -> Offers:
    return Offers(name, node.place, offers=node.at("offers").texts())


def _condition(node: Node) -> Condition:
    return ALWAYS if node.value is None else read_condition(node)


def _words(node: Node, known: tuple[str, ...]) -> tuple[str, ...]:
    for item in node.items():
        if item.text() not in known:
            item.wrong(f"{item.value!r} is not known", suggest(item.text(), known))
    return node.texts()


_KINDS: Final[Mapping[str, Callable[[Node, str], Any]]] = {
    "target": _target,
    "when": _when,
    "every": _every,
    "classify": _classify,
    "require": _require,
    "intake": _intake,
    "monitor": _monitor,
    "offers": _offers,
}
#: The keys that each kind of rule may have beside its own.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "target": (
        "target",
        "for",
        "within",
        "by",
        "aim",
        "calendar",
        "outside_hours",
        "starts",
        "met_by",
        "pause_while",
        "on_raise",
        "on_lower",
        "on_reopen",
        "promises",
    ),
    "when": ("when", "do", "after", "before", "unless", "calendar", "catch_up"),
    "every": ("every", "while", "do", "first", "ask_ahead", "filled_by", "calendar", "catch_up"),
    "classify": ("classify",),
    "require": ("require",),
    "intake": ("intake",),
    "monitor": ("monitor",),
    "offers": ("offers",),
}
