"""What became of an attempt to send."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.calendar.instant import Span
from upheld.ledger import UNFINISHED, DeliveryState
from upheld.plugin import RemoteCase
from upheld.sync.push import Write


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came back from a tracker: the item as it is now, what of ours stands in it since, and what
    the tracker would not take."""

    item: RemoteCase
    wrote: tuple[Write, ...] = ()
    refused: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. ``said`` is the provider's own word of it."""

    state: DeliveryState
    detail: str = ""
    handle: str | None = None
    retry_in: Span | None = None
    item: RemoteCase | None = None
    said: str = ""
    pushed: Pushed | None = None

    @property
    def proof(self) -> str:
        """What the case is told: accepted, delivered, acknowledged, resolved or failed; "" while
        it may still become something else."""
        if self.state in UNFINISHED:
            return ""
        return "failed" if self.state is DeliveryState.DEAD else self.said or self.state.value
