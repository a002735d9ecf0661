"""The rules of a clause, from their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from upheld.policy.asking import NOT_ASKED
from upheld.policy.classifying import read_classify
from upheld.policy.conditions import read_do
from upheld.policy.model import (
    AnyRule,
    AskAhead,
    CatchUp,
    Every,
    Gate,
    Intake,
    Offers,
    Require,
)
from upheld.policy.monitors import read_monitor
from upheld.policy.reader import Node
from upheld.policy.targets import KEYS as TARGET_KEYS
from upheld.policy.targets import read_target, read_when
from upheld.policy.times import Elapsed
from upheld.policy.values import FILLING_WORDS, condition, is_slip, words
from upheld.source import suggest

GATED: Final = ("number", "work", "hand_over", "resolve", "close", "customer_access")
SENDERS: Final = ("partner", "unknown", "staff")
NATURES: Final = ("normal", "automatic", "bounce", "list")
#: What the case itself can have; anything else is recorded as provided under its own name.
NEEDS: Final = (
    "triage",
    "resolved",
    "number",
    "severity",
    "engineer",
    "worked",
    "kind",
    "product",
    "version",
    "reported_at",
    "company",
    "contract",
    "contact",
    "nature",
    "status",
    "customer_agreed",
    "staff_agreed",
)

_REQUIRES: Final = ("before", "needs", "ask", "override", "gate", "tell", "for", "one_of")
_ARRIVES: Final = ("from", "nature", "do")
_ASKS: Final = ("of", "before")


def read_rule(kind: str, node: Node, name: str) -> AnyRule:
    """The rule whose keys stand in ``node``; what is wrong is remembered by the reader."""
    rule: AnyRule = _KINDS[kind](node, name)
    return rule


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
        holds=condition(node.at("while")),
        do=read_do(node.at("do")),
        first=node.at("first").duration(),
        ask_ahead=_ask_ahead(node.at("ask_ahead")),
        filled_by=words(node.at("filled_by"), FILLING_WORDS),
        calendar=node.at("calendar").maybe(),
        catch_up=node.at("catch_up").one_of(CatchUp, CatchUp, CatchUp.COLLAPSE),
    )


def _ask_ahead(node: Node) -> AskAhead | None:
    if node.value is None or not node.keys(_ASKS):
        return None
    before = node.at("before").duration()
    if before is None:
        if not node.has("before"):
            node.wrong("needs `before`", "write `before: 15 minutes`")
        return None
    return AskAhead(node.at("of").text("assignee"), before)


def _require(node: Node, name: str) -> Require:
    inside = node.at("require")
    if inside.keys(_REQUIRES):
        for key in ("before", "needs"):
            if not inside.has(key):
                inside.wrong(f"`require` needs `{key}`")
    before = words(inside.at("before"), GATED)
    if len(before) > 1:
        inside.at("before").wrong("is more than one", "write a rule for each")
    for item in inside.at("needs").items():
        is_slip(item, NEEDS)
    return Require(
        name,
        node.place,
        before="".join(before[:1]),
        needs=tuple(item.text() for item in inside.at("needs").some()),
        ask=_asked(inside),
        override=inside.at("override").maybe(),
        gate=inside.at("gate").one_of(Gate, Gate, Gate.PREVENT),
        applies=condition(inside.at("for")),
        tell=inside.at("tell").texts(),
        one_of=_one_of(inside),
    )


def _one_of(node: Node) -> Mapping[str, tuple[str, ...]]:
    """The values that are offered for what is needed."""
    needs, found = node.at("needs").texts(), {}
    for key, inside in node.at("one_of").entries() if node.has("one_of") else ():
        if key not in needs:
            inside.wrong(f"{key!r} is not needed here", suggest(str(key), needs))
        found[str(key)] = tuple(item.text() for item in inside.some())
    return found


def _asked(node: Node) -> tuple[str, ...]:
    """What of ``needs`` the customer is asked for."""
    needs = node.at("needs").texts()
    for item in node.at("ask").some():
        if item.value not in needs:
            item.wrong(f"{item.value!r} is not needed here", suggest(str(item.value), needs))
        elif item.value in NOT_ASKED:
            item.wrong(f"{item.value!r} is nothing that a customer can tell", "do not ask for it")
    return node.at("ask").texts()


def _intake(node: Node, name: str) -> Intake:
    inside = node.at("intake")
    if inside.keys(_ARRIVES):
        for key in ("from", "do"):
            if not inside.has(key):
                inside.wrong(f"`intake` needs `{key}`")
    return Intake(
        name,
        node.place,
        sender=words(inside.at("from"), SENDERS),
        do=read_do(inside.at("do")),
        nature=words(inside.at("nature"), NATURES),
    )


def _offers(node: Node, name: str) -> Offers:
    return Offers(name, node.place, tuple(item.text() for item in node.at("offers").some()))


_KINDS: Final[Mapping[str, Callable[[Node, str], Any]]] = {
    "target": read_target,
    "when": read_when,
    "every": _every,
    "classify": read_classify,
    "require": _require,
    "intake": _intake,
    "monitor": read_monitor,
    "offers": _offers,
}
#: The keys that each kind of rule may have beside its own.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "target": TARGET_KEYS,
    "when": ("when", "do", "after", "before", "unless", "calendar", "catch_up"),
    "every": ("every", "while", "do", "first", "ask_ahead", "filled_by", "calendar", "catch_up"),
    "classify": ("classify",),
    "require": ("require",),
    "intake": ("intake",),
    "monitor": ("monitor",),
    "offers": ("offers",),
}
