"""How far a message and each of its deliveries have come."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OutboxState(StrEnum):
    """A message: waiting to be resolved to people, split into deliveries, or settled."""

    PENDING = "pending"
    PLANNED = "planned"
    HELD = "held"
    SHADOW = "shadow"
    DROPPED = "dropped"
    DONE = "done"


class DeliveryState(StrEnum):
    """A delivery to one person on one channel.

    ``UNKNOWN`` means that an attempt was begun and nobody wrote down how it ended. ``MERGED``: the
    same person is told by another delivery, whose key stands in its ``detail``. ``PASSED``: whoever got it
    has passed it on.
    """

    PENDING = "pending"
    ATTEMPTING = "attempting"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    PASSED = "passed"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    DEAD = "dead"
    DROPPED = "dropped"
    MERGED = "merged"


UNFINISHED: Final = (DeliveryState.PENDING, DeliveryState.ATTEMPTING, DeliveryState.UNKNOWN)
#: A delivery in these states may have reached somebody.
PERHAPS_THERE: Final = (
    DeliveryState.ATTEMPTING,
    DeliveryState.UNKNOWN,
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.PASSED,
    DeliveryState.ACKNOWLEDGED,
)
#: What a person said of it: it counts from then on.
ANSWERS: Final = frozenset({DeliveryState.PASSED, DeliveryState.ACKNOWLEDGED})

# A provider's later word may only move a delivery forward: callbacks arrive in any order.
PROGRESS: Final = {
    DeliveryState.UNKNOWN: 0,
    DeliveryState.ATTEMPTING: 0,
    DeliveryState.ACCEPTED: 1,
    DeliveryState.FAILED: 2,
    DeliveryState.DELIVERED: 3,
    DeliveryState.PASSED: 4,
    DeliveryState.ACKNOWLEDGED: 5,
}


class Fate(StrEnum):
    """What became of something that came in and belongs to no case."""

    REFUSED = "refused"
    REFERRED = "referred"
    RELEASED = "released"
    DROPPED = "dropped"
