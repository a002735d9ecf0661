"""What several kinds of rules read alike."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from upheld.policy.conditions import read_condition
from upheld.policy.model import ALWAYS, Condition
from upheld.policy.reader import Node
from upheld.source import suggest

#: A name this much like a known one is a slip, not one of the policy's own.
_NEAR: Final = 0.85
#: What a person of ours does: it meets a target, or fills a time.
MET_WORDS: Final = (
    "public_reply",
    "call",
    "worked",
    "handed_over",
    "resolved",
    "workaround",
    "plan",
)
#: A status that Upheld sends by itself fills a time, but no machine meets a target.
FILLING_WORDS: Final = (*MET_WORDS, "update")


def condition(node: Node) -> Condition:
    """A condition; one that is not there always holds."""
    return maybe_condition(node) or ALWAYS


def maybe_condition(node: Node) -> Condition | None:
    """A condition, or None."""
    return None if node.value is None else read_condition(node)


def words(node: Node, known: tuple[str, ...]) -> tuple[str, ...]:
    """A word or a list of words, of those that are known."""
    for item in node.some():
        if item.value not in known:
            item.wrong(f"{item.value!r} is not known", suggest(str(item.value), known))
    return tuple(item.value for item in node.items() if item.value in known)


def is_slip(node: Node, known: Iterable[str]) -> bool:
    """Whether a name of the policy's own is so near a known one that the known one was meant."""
    name = node.value
    if not isinstance(name, str) or name in known:
        return False
    slip = bool(difflib.get_close_matches(name, known, n=1, cutoff=_NEAR))
    if slip:
        node.wrong(f"{name!r} is not known", suggest(name, known))
    return slip
