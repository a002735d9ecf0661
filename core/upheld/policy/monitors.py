"""Reading what a clause says of monitors and of windows."""

from __future__ import annotations

from typing import Final

from upheld.policy.durations import parse_duration
from upheld.policy.model import Monitor, Opens
from upheld.policy.reader import Node
from upheld.policy.times import Elapsed

_KEYS: Final = (
    "of",
    "every",
    "requests",
    "spaced",
    "opens",
    "warns",
    "notify",
    "window",
)
_OPENS: Final = ("severity", "flag")
_WINDOW: Final = ("announce",)
_AHEAD: Final = " ahead"
_MOST_REQUESTS: Final = 1000


def read_monitor(node: Node, name: str) -> Monitor:
    """The rule; what is wrong is remembered by the reader."""
    inside = node.at("monitor")
    if not inside.keys(_KEYS):
        return Monitor(name, node.place)
    if not (inside.has("of") or inside.has("window")):
        inside.wrong("`monitor` needs `of`, or `window`")
    return Monitor(
        name,
        node.place,
        of=inside.at("of").texts(),
        every=_elapsed(inside.at("every")),
        requests=_requests(inside.at("requests")),
        spaced=_elapsed(inside.at("spaced")),
        opens=_opens(inside.at("opens")),
        warns=inside.at("warns").texts(),
        notify=inside.at("notify").texts(),
        announce=_announce(inside.at("window")),
    )


def _elapsed(node: Node) -> Elapsed | None:
    found = node.duration()
    if found is None or isinstance(found, Elapsed):
        return found
    node.wrong("servers fail at any hour: it takes no calendar", "write `15 minutes`")
    return None


def _requests(node: Node) -> int:
    count = node.integer()
    if count is None:
        return 1
    if not 0 < count <= _MOST_REQUESTS:
        node.wrong(f"is not between 1 and {_MOST_REQUESTS}")
    return count


def _opens(node: Node) -> Opens | None:
    if node.value is None or not node.keys(_OPENS):
        return None
    return Opens(node.at("severity").integer(), node.at("flag").texts())


def _announce(node: Node) -> Elapsed | None:
    """``3 days ahead``; a bare day is 24 hours here, since it is told and not measured."""
    if node.value is None or not node.keys(_WINDOW) or not node.has("announce"):
        return None
    ahead = node.at("announce")
    text = ahead.text()
    try:
        found = parse_duration(text.removesuffix(_AHEAD), days=True)
    except ValueError as error:
        ahead.wrong(str(error))
        return None
    return Elapsed(found.span, text) if isinstance(found, Elapsed) else _elapsed(ahead)
