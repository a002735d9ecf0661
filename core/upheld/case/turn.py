"""Who has a case, and since when: the desks that held it, one after the other. Data only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from upheld.calendar.instant import Instant


@dataclass(frozen=True, slots=True)
class Turn:
    """``desk`` has the case from ``begins``, on ``tier``; ``ends`` is None for the one that goes on.

    ``by`` is who gave it to them (empty: it began there), ``reason`` why.
    """

    desk: str
    tier: str
    begins: Instant
    by: str = ""
    reason: str = ""
    ends: Instant | None = None


def passed(turns: tuple[Turn, ...], to: Turn) -> tuple[Turn, ...]:
    """The turns once ``to`` has begun; one that had ended, for the case was closed, has ended as it was."""
    return (*ended(turns, to.begins), to)


def ended(turns: tuple[Turn, ...], at: Instant) -> tuple[Turn, ...]:
    """The turns once nobody has it any more."""
    if not turns or turns[-1].ends is not None:
        return turns
    return (*turns[:-1], replace(turns[-1], ends=at))
