"""After a restore: what may have gone out in the life that was lost, and what becomes of it.

A backup knows nothing of what was sent after it. So a delivery that was due before the restore, and
that nobody has tried since, counts as *unknown*: it is looked up where the plugin can, repeated where
the key makes that safe or somebody is to be woken, and else a person decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from upheld.calendar.instant import MINUTE, Instant
from upheld.case.decision import Purpose
from upheld.dispatch.outcome import DOUBT, Outcome
from upheld.ledger import (
    UNFINISHED,
    WITHDRAW,
    Delivery,
    DeliveryState,
    LeasedDelivery,
    OutboxState,
    Transaction,
)
from upheld.plugin import Ability

#: Said rather twice than never.
WAKING = frozenset({Purpose.PAGE.value, Purpose.CALL.value, WITHDRAW})
#: With these a repeat is right where nobody knows: it does nothing, or its reader can tell what it is.
_REPEATED = frozenset({Ability.REPEAT, Ability.SAME_ID})
#: As often an unknown is looked up in vain, a minute apart; then the letters behind it go on.
LOOK_UPS: Final = 15


@dataclass(frozen=True, slots=True)
class Doubt:
    """How many sendings are looked up first, repeated as they are, or left to a person; and how many
    messages of before the restore have not been split up into sendings yet."""

    looked_up: int = 0
    repeated: int = 0
    asked: int = 0
    unplanned: int = 0


def in_doubt(delivery: Delivery, due: Instant, restored: Instant | None) -> bool:
    """Whether it may have gone out, as far as this ledger knows."""
    if delivery.state is not DeliveryState.PENDING:
        return delivery.state is DeliveryState.UNKNOWN
    untried = not delivery.attempts and delivery.detail is None
    return restored is not None and due <= restored and untried


def doubted(leased: LeasedDelivery, restored: Instant | None) -> LeasedDelivery:
    """What may have gone out in the life before a restore is looked up like any other unknown."""
    if not in_doubt(leased.delivery, leased.item.due, restored):
        return leased
    return replace(leased, delivery=replace(leased.delivery, state=DeliveryState.UNKNOWN))


def still_unknown(leased: LeasedDelivery, can: Collection[Ability]) -> Outcome:
    """What becomes of it where a lookup told nothing."""
    # Each lease has a token of its own: those without an attempt were for looking.
    looked = leased.token - leased.delivery.attempts
    if Ability.FIND in can and looked < LOOK_UPS:
        return Outcome(DeliveryState.UNKNOWN, "looked up, not found yet", retry_in=MINUTE)
    return Outcome(DeliveryState.DEAD, DOUBT)


def may_repeat(can: Collection[Ability], purpose: str) -> bool:
    """Whether what may have gone out is sent again where it can't be looked up."""
    return not _REPEATED.isdisjoint(can) or purpose in WAKING


def doubt(tx: Transaction, abilities: Mapping[str, Collection[Ability]]) -> Doubt:
    """All that is in doubt now. ``abilities`` are those of each connection's plugin."""
    restored = tx.restored()
    items = tx.items(states=(OutboxState.PENDING, OutboxState.PLANNED), limit=None)
    due = {item.key: item.due for item in items}
    old = [each for each in items if restored is not None and each.due <= restored]
    ends = [
        _end(each, abilities.get(each.connection, ()))
        for each in tx.deliveries(states=UNFINISHED, limit=None)
        if in_doubt(each, due.get(each.outbox_key, 0), restored)
    ]
    return Doubt(
        looked_up=ends.count("looked_up"),
        repeated=ends.count("repeated"),
        asked=ends.count("asked"),
        unplanned=sum(each.state is OutboxState.PENDING for each in old),
    )


def _end(delivery: Delivery, can: Collection[Ability]) -> str:
    if Ability.FIND in can:
        return "looked_up"
    return "repeated" if may_repeat(can, delivery.purpose) else "asked"
