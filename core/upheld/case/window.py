"""A maintenance window as it stands: what is planned, since when it is off, what was told. Data only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from upheld.calendar.instant import Instant
from upheld.calendar.occurrences import Occurrence, Occurrences
from upheld.case.events import Event, WindowCancelled, WindowPlanned


class WindowStatus(StrEnum):
    """Where a window stands; one that comes again is ``planned`` between its times."""

    PLANNED = "planned"
    STANDING = "standing"
    OVER = "over"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Window:
    """Planned maintenance of ``monitors``, all of one customer.

    ``told`` has for each announcing rule (``CLAUSE/NAME``) the beginning of the last time that it has
    dealt with; ``heard`` is the end of the last one that was really announced. ``dropped`` are the beginnings
    of single times that are off, each with since when. ``late`` tells of the last announcement that came too
    late when it was due, when it was told, and when what it announced is over.
    """

    monitors: tuple[str, ...]
    times: Occurrences
    reason: str = ""
    off: Instant | None = None
    told: Mapping[str, Instant] = field(default_factory=dict)
    heard: Instant | None = None
    dropped: Mapping[Instant, Instant] = field(default_factory=dict)
    late: tuple[Instant, Instant, Instant] | None = None

    @classmethod
    def planned(cls, body: WindowPlanned) -> Self:
        """As a person planned it."""
        first = Occurrence(body.begins, body.ends)
        return cls(body.monitors, Occurrences(first, body.zone, body.recurs), body.reason)

    def but(self, **changes: Any) -> Window:
        """The same window with some values replaced."""
        return replace(self, **changes)

    def hears(self, facts: Iterable[Event]) -> Window:
        """With what was said of it since."""
        said = [(f.at, f.body.time) for f in facts if isinstance(f.body, WindowCancelled)]
        off = (at for at, time in said if time is None)
        dropped = {time: at for at, time in said if time is not None}
        return replace(self, off=min(off, default=self.off), dropped={**dropped, **self.dropped})

    def next(self, at: Instant) -> Occurrence | None:
        """The time that it is, or the next one; None once it is over, or off."""
        return None if self._is_off(at) else next(self.after(at), None)

    def after(self, at: Instant) -> Iterator[Occurrence]:
        """Its times that are not over by ``at``, without those that were known to be off then."""
        return (time for time in self.times.after(at) if not self._is_dropped(time, at))

    def covers(self, monitor: str, at: Instant) -> bool:
        """Whether a monitor is under maintenance at an instant."""
        time = self.next(at) if monitor in self.monitors else None
        return time is not None and time.covers(at)

    def status(self, at: Instant) -> WindowStatus:
        """Where it stands at an instant."""
        time = self.next(at)
        if time is None:
            return WindowStatus.CANCELLED if self._is_off(at) else WindowStatus.OVER
        return WindowStatus.STANDING if time.covers(at) else WindowStatus.PLANNED

    def _is_off(self, at: Instant) -> bool:
        return self.off is not None and self.off <= at

    def _is_dropped(self, time: Occurrence, at: Instant) -> bool:
        since = self.dropped.get(time.begins)
        return since is not None and since <= at

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> Self:
        """From the state that a decision left."""
        begins, ends, zone, rule = state["times"]
        return cls(
            monitors=tuple(state["monitors"]),
            times=Occurrences(Occurrence(begins, ends), zone, rule),
            reason=state.get("reason", ""),
            off=state.get("off"),
            told=dict(state.get("told", {})),
            heard=state.get("heard"),
            dropped=dict(state.get("dropped", ())),
            late=_late(state.get("late")),
        )

    def write(self) -> dict[str, Any]:
        """As plain values for the ledger."""
        first = self.times.first
        return {
            "monitors": list(self.monitors),
            "times": [first.begins, first.ends, self.times.zone, self.times.rule],
            "reason": self.reason,
            "off": self.off,
            "told": dict(self.told),
            "heard": self.heard,
            "dropped": sorted(self.dropped.items()),
            "late": self.late,
        }


def _late(stored: Sequence[Instant] | None) -> tuple[Instant, Instant, Instant] | None:
    if stored is None:
        return None
    due, told, ends = stored
    return due, told, ends
