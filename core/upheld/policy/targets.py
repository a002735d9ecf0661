"""The rules about clocks: ``target``, and ``when`` with its while."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from upheld.policy.conditions import WORDS, read_condition, read_do
from upheld.policy.desks import HANDED_OVER
from upheld.policy.instants import parse_by, wall_minutes
from upheld.policy.model import (
    ALWAYS,
    Before,
    CatchUp,
    Condition,
    OnChange,
    OnReopen,
    Target,
    Test,
    When,
)
from upheld.policy.reader import Node
from upheld.policy.times import ByInstant, DayEdge, Elapsed
from upheld.policy.values import MET_WORDS, condition, is_slip, maybe_condition, words
from upheld.source import suggest

T = TypeVar("T")

#: What meets a target unless the rule says otherwise (2.8 of the field: a person, in public).
_MET_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "first_response": ("public_reply", "call"),
    "next_response": ("public_reply", "call"),
    "update": ("public_reply",),
    "resolution": ("resolved",),
}
TARGETS: Final = tuple(_MET_BY)
STARTS: Final = ("opened", "triaged", "severity_set")
#: These start anew with each message, and stand still while the next one is the customer's.
ONGOING: Final = ("next_response", "update")
_WAITING: Final = Condition((Test("waiting", ("customer",)),))
_NEVER: Final = "never"
_TARGET_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
KEYS: Final = (
    "target",
    "tier",
    "for",
    "within",
    "by",
    "cut_off",
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
)
#: What only a length of time can have.
_OF_LENGTHS: Final = ("aim", "outside_hours", "pause_while", "tier")


def read_target(node: Node, name: str) -> Target:
    """A clock."""
    _one_promise(node)
    target = _target_name(node)
    read = Target(
        name,
        node.place,
        target,
        tier=node.at("tier").maybe(),
        applies=condition(node.at("for")),
        within=node.at("within").duration(),
        by=_by(node),
        aim=node.at("aim").duration(),
        calendar=node.at("calendar").maybe(),
        outside_hours=_outside(node.at("outside_hours")),
        starts=_starts(node.at("starts")),
        met_by=_met_by(node.at("met_by")) or _MET_BY.get(target, ("resolved",)),
        pause_while=_pause(node, target),
        on_raise=node.at("on_raise").one_of(OnChange, OnChange, OnChange.FROM_START),
        on_lower=node.at("on_lower").one_of(OnChange, OnChange, OnChange.FROM_START),
        on_reopen=node.at("on_reopen").one_of(OnReopen, OnReopen, OnReopen.NEW_CYCLE),
        promises_none=node.has("promises"),
    )
    _fits_an_instant(node, read)
    return read


def _one_promise(node: Node) -> None:
    if HANDED_OVER in node.at("met_by").texts() and not node.has("tier"):
        node.at("met_by").wrong("`handed_over` is what a tier does", "add `tier`, or leave it out")
    if node.has("promises") and node.at("promises").value != "none":
        node.at("promises").wrong("can only be `none`")
    if sum(node.has(key) for key in ("within", "by", "promises")) != 1:
        node.wrong("needs one of `within`, `by` and `promises: none`")


def _target_name(node: Node) -> str:
    name = node.needed("target")
    if name in TARGETS or is_slip(node.at("target"), TARGETS):
        return name
    return node.name("target", _TARGET_NAME, "small letters, digits and underscores")


def _by(node: Node) -> ByInstant | None:
    cut_off = _read(node.at("cut_off"), wall_minutes)
    by = _read(node.at("by"), lambda text: parse_by(text, cut_off))
    if node.has("cut_off") and not isinstance(by, DayEdge):
        node.at("cut_off").wrong("stands without a `by` of business days", "leave it out")
    return by


def _read(node: Node, read: Callable[[str], T]) -> T | None:
    """A text in a form of its own."""
    if node.value is None or not (text := node.text()):
        return None
    try:
        return read(text)
    except ValueError as error:
        node.wrong(str(error))
        return None


def _fits_an_instant(node: Node, read: Target) -> None:
    """An instant can't be paused, aimed at or carried: it is no length of time."""
    if read.by is None:
        return
    carried = [key for key in ("on_raise", "on_lower") if getattr(read, key) is OnChange.CARRY]
    for key in (*(key for key in _OF_LENGTHS if node.has(key)), *carried):
        node.at(key).wrong("stands beside `by`, which is an instant", "leave one of them out")


def _outside(node: Node) -> Elapsed | None:
    length = node.duration()
    if length is None or isinstance(length, Elapsed):
        return length
    node.wrong("is elapsed time", "write `8 hours`")
    return None


def _met_by(node: Node) -> tuple[str, ...]:
    for item in node.items():
        if item.value == "update":
            item.wrong(
                "a status of Upheld's meets no target", "leave it out; `filled_by` may have it"
            )
            return ()
    return words(node, MET_WORDS)


def _pause(node: Node, target: str) -> Condition | None:
    pause = node.at("pause_while")
    if pause.value == _NEVER:
        return None
    if pause.value is None and target in ONGOING and not node.has("by"):
        return _WAITING
    return maybe_condition(pause)


def _starts(node: Node) -> str | Condition:
    if node.value is None:
        return "opened"
    if not isinstance(node.value, str) or (node.value in WORDS and node.value not in STARTS):
        return read_condition(node)
    if node.value not in STARTS:
        node.wrong(f"{node.value!r} is not known", suggest(node.value, STARTS + WORDS))
    return node.value


def read_when(node: Node, name: str) -> When:
    """Something that is done once."""
    if not node.has("do"):
        node.wrong("`when` needs `do`")
    if node.has("after") and node.has("before"):
        node.at("before").wrong("stands beside `after`", "leave one of them")
    return When(
        name,
        node.place,
        when=maybe_condition(node.at("when")) or ALWAYS,
        do=read_do(node.at("do")),
        after=node.at("after").duration(days=True),
        before=None if node.has("after") else _before(node.at("before")),
        unless=maybe_condition(node.at("unless")),
        calendar=node.at("calendar").maybe(),
        catch_up=node.at("catch_up").one_of(CatchUp, CatchUp, CatchUp.ALWAYS),
    )


def _before(node: Node) -> Before | None:
    if node.value is None:
        return None
    found = list(node.value.items()) if isinstance(node.value, Mapping) else []
    if len(found) != 1:
        node.wrong("names one target", "write `before: {resolution: 2 hours}`")
        return None
    target = str(found[0][0])
    length = node.at(target).duration()
    if length is None and found[0][1] is None:
        node.at(target).wrong("is empty", "say how long before: `2 hours`")
    return None if length is None else Before(target, length)
