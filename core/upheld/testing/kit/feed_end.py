"""The far end of a feed, as its author drives it for the kit: whoever tells us how something is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from upheld.plugin import Health, Request
from upheld.testing.kit.far_end import Call, FarEnd, Fault, Lacking

_CALLS_US: Final = "it calls us, and we call nobody"


@dataclass(frozen=True, slots=True)
class Told:
    """What the sender says of a monitor: that it is so now, and why."""

    monitor: str
    state: Health = Health.DOWN
    detail: str = "nothing answers"


class FeedFarEnd(FarEnd):
    """A sender. ``lacks`` may name states (``DEGRADED``), ``detail``, ``instants`` (it does not say since
    when something is so), ``several`` (one request is of one monitor), ``unmapped`` and ``broken``."""

    lacks: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys((fault.name for fault in Fault), _CALLS_US),
        "broken": "whatever could be wrong is refused with the settings: there is no far end to ask",
    }

    @abstractmethod
    def tell(self, *told: Told) -> Request:
        """What it sends, validly proven, when all of this becomes so at this instant of its clock."""

    @abstractmethod
    def raw(self, body: bytes) -> Request:
        """The same with any body at all, validly proven."""

    @abstractmethod
    def unproven(self, request: Request) -> Mapping[str, Request]:
        """The request with proofs that don't hold, by what is wrong with them."""

    def unmapped(self, *beside: Told) -> Request:
        """Well made and proven, but of no monitor or state that we know; what else it tells beside."""
        raise Lacking("unmapped")

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """None, unless there is something to ask."""
        return {}

    def calls(self) -> tuple[Call, ...]:
        """None: it is never asked."""
        return ()
