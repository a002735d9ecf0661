"""How well we see: what stands before a monitor, and whether what we read can be believed at all."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Final

from upheld.calendar.instant import MINUTE, Instant
from upheld.case.monitor import MonitorState, Sight, Tally

#: So many must fail before a share of them says anything about us: two servers of one customer may well
#: fail together.
CROWD: Final = 5
#: So many must have been read before a share is one; fewer where there are no more.
SAMPLE: Final = 20
#: How long an outage waits for what stands before it to be read: something keeps it from being asked.
_PATIENCE: Final = 5 * MINUTE
_UNWATCHED: Final = frozenset({MonitorState.UNREAD, MonitorState.PAUSED})


def sighted(
    parents: Mapping[str, Tally],
    since: Instant | None,
    at: Instant,
    *,
    blind: str = "",
    window: str = "",
) -> Sight:
    """For a reading asked for at ``at``, of a monitor that fails since ``since`` (None: from this one on).

    ``parents`` are those that it lies behind. One that fails excuses it, also before it is known to be down;
    in maintenance, by its window. Whoever finds that one is awaited lets it be read at once.
    """
    for name, parent in parents.items():
        if parent.streak or parent.state is MonitorState.DOWN:
            return Sight(blind, name, window or _window(parent))
    began = at if since is None else since
    awaits = (name for name, parent in parents.items() if _awaited(parent, began, at))
    return Sight(blind, "", window, next(awaits, ""))


def blind(read: int, failing: int, watched: int, percent: int, link_ok: bool | None) -> str:
    """Why nothing that we read can be believed; "" where it can.

    ``read`` are those of all ``watched`` that did not fail before and were read just now, ``failing`` those
    of them that fail: an outage that is known already says nothing about us, and who fails is asked more
    often.
    ``link_ok``: whether something of ``watching.link`` answers; None where nothing is named there.
    """
    if link_ok is False:
        return "nothing of `watching.link` answers: our own line is down"
    fair = read >= min(watched, SAMPLE)
    if fair and failing >= CROWD and failing * 100 > percent * read:
        return f"{failing} of {read} that were read fail at once"
    return ""


def _window(parent: Tally) -> str:
    return parent.excuse.removeprefix("window ") if parent.excuse.startswith("window ") else ""


def _awaited(parent: Tally, since: Instant, at: Instant) -> bool:
    if not parent.recent or parent.state in _UNWATCHED:
        return False
    if parent.recent[-1].at < since and at - since < _PATIENCE:
        return True
    return _recovered(parent) >= at


def _recovered(parent: Tally) -> Instant:
    """When it was first read as well again, after it failed; long ago where it never failed."""
    well = list(
        takewhile(lambda each: each.state is not MonitorState.DOWN, reversed(parent.recent))
    )
    return well[-1].at if well and len(well) < len(parent.recent) else 0
