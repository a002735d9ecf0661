"""A maintenance window as it stands: what is planned, since when it is off, what was told. Data only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    dealt with; ``heard`` is the end of the last one that was really announced.
    """

    monitors: tuple[str, ...]
    times: Occurrences
    reason: str = ""
    off: Instant | None = None
    told: Mapping[str, Instant] = field(default_factory=dict)
    heard: Instant | None = None

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
        off = (fact.at for fact in facts if isinstance(fact.body, WindowCancelled))
        return replace(self, off=min(off, default=self.off))

    def next(self, at: Instant) -> Occurrence | None:
        """The time that it is, or the next one; None once it is over, or off."""
        return None if self._is_off(at) else next(self.times.after(at), None)

    def covers(self, monitor: str, at: Instant) -> bool:
        """Whether a monitor is under maintenance at an instant."""
        return monitor in self.monitors and not self._is_off(at) and self.times.at(at) is not None

    def status(self, at: Instant) -> WindowStatus:
        """Where it stands at an instant."""
        time = self.next(at)
        if time is None:
            return WindowStatus.CANCELLED if self._is_off(at) else WindowStatus.OVER
        return WindowStatus.STANDING if time.covers(at) else WindowStatus.PLANNED

    def _is_off(self, at: Instant) -> bool:
        return self.off is not None and self.off <= at

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
        }
