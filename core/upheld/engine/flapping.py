"""Whether a monitor comes and goes: the share of its last readings that were another than the one before.

As Icinga 2 has it (lib/icinga/checkable-flapping.cpp): the last twenty, younger changes weighing more, and
two limits, so that it doesn't flap about flapping.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from upheld.case.monitor import MonitorState, Seen

#: How many readings are remembered.
REMEMBERED: Final = 20
#: Percent of change above which it begins to flap, and at or below which it has ended.
_BEGINS, _ENDS = 30, 25
#: Weights in percent: 80 for the oldest change, 2 more for each younger one.
_OLDEST, _YOUNGER = 80, 2


def flaps(recent: Sequence[Seen], flapping: bool) -> bool:
    """Whether it does, by its last readings (oldest first); ``flapping``: whether it did so before."""
    return change(recent) > (_ENDS if flapping else _BEGINS)


def change(recent: Sequence[Seen]) -> float:
    """The weighted share of changes in percent; what was inconclusive is no change."""
    states = [seen.state for seen in recent if seen.state is not MonitorState.INCONCLUSIVE]
    pairs = list(pairwise(states[-REMEMBERED:]))
    slots = range(REMEMBERED - len(pairs), REMEMBERED)
    weights = (
        _OLDEST + _YOUNGER * slot
        for slot, (before, after) in zip(slots, pairs, strict=True)
        if before is not after
    )
    return sum(weights) / REMEMBERED
