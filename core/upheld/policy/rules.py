"""The rules of a clause, from their keys."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from upheld.policy.classifying import read_classify
from upheld.policy.conditions import WORDS, read_condition, read_do
from upheld.policy.model import (
    ALWAYS,
    AnyRule,
    AskAhead,
    ByInstant,
    CatchUp,
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
STARTS: Final = ("opened", "triaged", "severity_set")
GATED: Final = ("number", "resolve", "close", "customer_access")
SENDERS: Final = ("partner", "unknown", "staff")
NATURES: Final = ("normal", "automatic", "bounce", "list")
_BY: Final = re.compile(r"(close|open|open hour) (of|after|on) [a-z0-9 ]{1,60}")
TARGETS: Final = tuple(_MET_BY)
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
)
#: A name this much like a known one is a slip, not one of the policy's own.
_NEAR: Final = 0.85
MET_WORDS: Final = ("public_reply", "call", "worked", "resolved", "workaround", "plan", "update")

_REQUIRES: Final = ("before", "needs", "ask", "override", "gate", "for")
_ARRIVES: Final = ("from", "nature", "do")
_ASKS: Final = ("of", "before")
_OPENS: Final = ("severity", "flag")
_WINDOW: Final = ("announce",)
_WATCHES: Final = (
    "of",
    "every",
    "requests",
    "spaced",
    "opens",
    "warns",
    "window",
    "notify",
    "ask",
)
_TARGET_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")


def read_rule(kind: str, node: Node, name: str) -> AnyRule:
    """The rule whose keys stand in ``node``; what is wrong is remembered by the reader."""
    rule: AnyRule = _KINDS[kind](node, name)
    return rule


def _target(node: Node, name: str) -> Target:
    none = node.has("promises")
    if none and node.at("promises").value != "none":
        node.at("promises").wrong("can only be `none`")
    if sum(node.has(key) for key in ("within", "by", "promises")) != 1:
        node.wrong("needs one of `within`, `by` and `promises: none`")
    target = _target_name(node)
    return Target(
        name,
        node.place,
        target,
        applies=_condition(node.at("for")),
        within=node.at("within").duration(),
        by=_by(node.at("by")),
        aim=node.at("aim").duration(),
        calendar=node.at("calendar").maybe(),
        outside_hours=_outside(node.at("outside_hours")),
        starts=_starts(node.at("starts")),
        met_by=_words(node.at("met_by"), MET_WORDS) or _MET_BY.get(target, ("resolved",)),
        pause_while=_maybe_condition(node.at("pause_while")),
        on_raise=node.at("on_raise").one_of(OnChange, OnChange, OnChange.FROM_START),
        on_lower=node.at("on_lower").one_of(OnChange, OnChange, OnChange.FROM_START),
        on_reopen=node.at("on_reopen").one_of(OnReopen, OnReopen, OnReopen.NEW_CYCLE),
        promises_none=none,
    )


def _target_name(node: Node) -> str:
    name = node.needed("target")
    if name in TARGETS or _is_slip(node.at("target"), TARGETS):
        return name
    return node.name("target", _TARGET_NAME, "small letters, digits and underscores")


def _is_slip(node: Node, known: Iterable[str]) -> bool:
    """Whether a name of the policy's own is so near a known one that the known one was meant."""
    name = node.value
    if not isinstance(name, str) or name in known:
        return False
    slip = bool(difflib.get_close_matches(name, known, n=1, cutoff=_NEAR))
    if slip:
        node.wrong(f"{name!r} is not known", suggest(name, known))
    return slip


def _by(node: Node) -> ByInstant | None:
    if node.value is None:
        return None
    text = " ".join(node.text().split())
    if text and not _BY.fullmatch(text):
        node.wrong(f"{text!r} is no instant", "write `close of next business day`")
    return ByInstant(text)


def _outside(node: Node) -> Elapsed | None:
    length = node.duration()
    if length is None or isinstance(length, Elapsed):
        return length
    node.wrong("is elapsed time", "write `8 hours`")
    return None


def _starts(node: Node) -> str | Condition:
    if node.value is None:
        return "opened"
    if not isinstance(node.value, str) or (node.value in WORDS and node.value not in STARTS):
        return read_condition(node)
    if node.value not in STARTS:
        node.wrong(f"{node.value!r} is not known", suggest(node.value, STARTS + WORDS))
    return node.value


def _when(node: Node, name: str) -> When:
    if not node.has("do"):
        node.wrong("`when` needs `do`")
    if node.has("after") and node.has("before"):
        node.at("before").wrong("stands beside `after`", "leave one of them")
    return When(
        name,
        node.place,
        when=_maybe_condition(node.at("when")) or ALWAYS,
        do=read_do(node.at("do")),
        after=node.at("after").duration(days=True),
        before=node.at("before").maybe(),
        unless=_maybe_condition(node.at("unless")),
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
    before = _words(inside.at("before"), GATED)
    if len(before) > 1:
        inside.at("before").wrong("is more than one", "write a rule for each")
    for item in inside.at("needs").items():
        _is_slip(item, NEEDS)
    return Require(
        name,
        node.place,
        before="".join(before[:1]),
        needs=tuple(item.text() for item in inside.at("needs").some()),
        ask=inside.at("ask").texts(),
        override=inside.at("override").maybe(),
        gate=inside.at("gate").one_of(Gate, Gate, Gate.PREVENT),
        applies=_condition(inside.at("for")),
    )


def _intake(node: Node, name: str) -> Intake:
    inside = node.at("intake")
    if inside.keys(_ARRIVES):
        for key in ("from", "do"):
            if not inside.has(key):
                inside.wrong(f"`intake` needs `{key}`")
    return Intake(
        name,
        node.place,
        sender=_words(inside.at("from"), SENDERS),
        do=read_do(inside.at("do")),
        nature=_words(inside.at("nature"), NATURES),
    )


def _monitor(node: Node, name: str) -> Monitor:
    inside = node.at("monitor")
    if not inside.keys(_WATCHES):
        return Monitor(name, node.place)
    for key in ("every", "spaced"):
        inside.at(key).duration()
    requests = inside.at("requests")
    if (count := requests.integer()) is not None and not 0 < count <= 1000:
        requests.wrong("is not between 1 and 1000")
    if inside.has("opens") and inside.at("opens").keys(_OPENS):
        inside.at("opens").at("severity").integer()
        inside.at("opens").at("flag").texts()
    if inside.has("window") and inside.at("window").keys(_WINDOW):
        inside.at("window").at("announce").text()
    for key in ("of", "warns", "notify"):
        inside.at(key).texts()
    if not (inside.has("of") or inside.has("window")):
        inside.wrong("`monitor` needs `of`, or `window`")
    return Monitor(name, node.place, spec=dict(inside.value))


def _offers(node: Node, name: str) -> Offers:
    return Offers(name, node.place, tuple(item.text() for item in node.at("offers").some()))


def _condition(node: Node) -> Condition:
    return _maybe_condition(node) or ALWAYS


def _maybe_condition(node: Node) -> Condition | None:
    return None if node.value is None else read_condition(node)


def _words(node: Node, known: tuple[str, ...]) -> tuple[str, ...]:
    for item in node.some():
        if item.value not in known:
            item.wrong(f"{item.value!r} is not known", suggest(str(item.value), known))
    return tuple(item.value for item in node.items() if item.value in known)


_KINDS: Final[Mapping[str, Callable[[Node, str], Any]]] = {
    "target": _target,
    "when": _when,
    "every": _every,
    "classify": read_classify,
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
