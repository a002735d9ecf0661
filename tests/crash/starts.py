"""A daemon that dies while it begins: on a ledger that nobody has opened yet, and in the story.

It begins as ``upheld run`` does: its policies and their days are kept, and since when who is live; the
others know of it; each connection is read. The next one begins in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tests.crash.matrix import Verdict, Window, go_on
from tests.crash.world import Snapshot, World
from upheld.testing.faults import Passed

#: What a ledger has from those who opened it; without it, it is as `upheld db upgrade` makes it.
_BY_STARTS: Final = ("site", "policy", "calendar", "calendar_turn", "scope", "pull", "node")


@dataclass(frozen=True, slots=True)
class Start:
    """A daemon's beginning in a window of the story: from where, and through which moments."""

    window: int
    before: Snapshot
    passed: Sequence[Passed]


def starts(world: World, windows: Sequence[Window]) -> Iterator[Start]:
    """The first of all, and one in each window that begins with what a person did."""
    yield _undisturbed(world, 0, _unopened(windows[0].before))
    for index, window in enumerate(windows[:-1]):
        if window.deed is not None:
            yield _undisturbed(world, index, window.before)


def killed_starting(world: World, windows: Sequence[Window], start: Start, number: int) -> Verdict:
    """Kill it at this moment, counted from 1; another begins, goes on, and plays a window more."""
    passed = start.passed[number - 1]
    world.restore(start.before)
    if world.started(number) is not None:
        return Verdict(passed, other=[f"it began without a crash: {number} of {start.window}"])
    world.started()
    world.recover()
    return go_on(world, windows[start.window : start.window + 2], passed)


def _undisturbed(world: World, window: int, before: Snapshot) -> Start:
    world.restore(before)
    passed = world.started()
    assert passed is not None, "the undisturbed daemon died"
    return Start(window, before, passed)


def _unopened(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, rows={**snapshot.rows, **dict.fromkeys(_BY_STARTS, ())})
