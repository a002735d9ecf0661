"""What became of an attempt to send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import MINUTE, SECOND, Span, span
from upheld.ledger import UNFINISHED, DeliveryState, LeasedDelivery
from upheld.plugin import Auth, Delivery, PluginError, Receipt, RemoteCase, Retry, Unknown
from upheld.sync.push import Write

#: After this many tries a delivery is a dead letter: five seconds, doubling, at most 15 minutes.
TRIES: Final = 14
DOUBT: Final = "it may have gone out and may not; nobody can tell but the recipient"
_FIRST_WAIT: Final[Span] = 5 * SECOND
_LONGEST_WAIT: Final[Span] = 15 * MINUTE
_UNKNOWN_WAIT: Final[Span] = 10 * SECOND


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


def receipted(receipt: Receipt) -> Outcome:
    """What the provider said, as the outcome."""
    state = _STATES[receipt.state]
    return Outcome(state, receipt.detail, receipt.handle, said=receipt.state.value)


#: What a provider says fails is for a person to see and to replay; what is resolved was seen.
_STATES: Final[Mapping[Delivery, DeliveryState]] = {
    Delivery.ACCEPTED: DeliveryState.ACCEPTED,
    Delivery.DELIVERED: DeliveryState.DELIVERED,
    Delivery.ACKNOWLEDGED: DeliveryState.ACKNOWLEDGED,
    Delivery.RESOLVED: DeliveryState.ACKNOWLEDGED,
    Delivery.FAILED: DeliveryState.DEAD,
}


def failed(leased: LeasedDelivery, error: PluginError) -> Outcome:
    """What a plugin's error means for the delivery; the core alone retries and gives up."""
    tried, before = leased.delivery.attempts + 1, leased.delivery.state
    doubt = isinstance(error, Unknown) or before is DeliveryState.UNKNOWN
    waiting = DeliveryState.UNKNOWN if doubt else DeliveryState.PENDING
    wait = min(_FIRST_WAIT * 2 ** (tried - 1), _LONGEST_WAIT)
    if isinstance(error, Auth):
        # The connection waits for a person; its messages wait with it and are not lost.
        return Outcome(waiting, str(error), retry_in=wait)
    if isinstance(error, Unknown) and tried < TRIES:
        return Outcome(waiting, str(error), retry_in=max(wait, _UNKNOWN_WAIT))
    if isinstance(error, Retry) and tried < TRIES:
        asked = span(error.after) if error.after is not None else 0
        return Outcome(waiting, str(error), retry_in=max(wait, asked))
    return Outcome(DeliveryState.DEAD, f"{error}\n{DOUBT}" if doubt else str(error))
