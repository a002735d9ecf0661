"""One message for what several cases have to say to one person within a short time: pure choices.

Whoever is rung for twenty cases in a minute must not be rung twenty times. Each case keeps a delivery of
its own, with its own pursuit and its own proof; what is bundled is the sending. So nothing is handed on
where one of them is not wanted any more: the next sending tells of those that are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from upheld.calendar.instant import Instant, Span
from upheld.case.decision import Purpose
from upheld.ledger import (
    WITHDRAW,
    DeliveryState,
    LeasedDelivery,
    NewDelivery,
    OutboxItem,
    Told,
)
from upheld.plugin import Channel

#: What rings or pops up. A mail is its case's conversation: whoever answers it answers that case.
_CHANNELS: Final = frozenset({Channel.SMS.value, Channel.VOICE.value, Channel.CHAT.value})
#: What a line in a list says as well. Notices and calls have a text of their own.
_PURPOSES: Final = frozenset({Purpose.PAGE.value, WITHDRAW})


def bundle(item: OutboxItem, delivery: NewDelivery) -> str | None:
    """The name of all that may go in one message with this, of whichever case; None where it goes by
    itself: a letter of its own, or a channel on which each has to stand by itself."""
    if item.purpose not in _PURPOSES or item.template or delivery.channel not in _CHANNELS:
        return None
    where = (delivery.channel, delivery.connection, delivery.recipient, delivery.address)
    return "|".join((item.purpose, *where))


def waits(told: Told | None, span: Span, now: Instant) -> Span:
    """How long a message is gathered with others: till the next that waits goes, else until ``span`` is
    over since the last."""
    if told is None:
        return 0
    till = told.last + span if told.waits_till is None else told.waits_till
    return min(max(till - now, 0), span)


def together(leased: Iterable[LeasedDelivery]) -> list[tuple[LeasedDelivery, ...]]:
    """Those that go in one message, in their order; the first carries it.

    Of what may have gone out, those that were in the same message, and no others: it is looked up, and
    repeated, under the key under which it went.
    """
    found: dict[tuple[str, ...], list[LeasedDelivery]] = {}
    for each in leased:
        found.setdefault(_message(each), []).append(each)
    return [tuple(sorted(group, key=_went_in_another)) for group in found.values()]


def _message(leased: LeasedDelivery) -> tuple[str, ...]:
    delivery = leased.delivery
    if delivery.bundle is None:
        return (delivery.key,)
    if delivery.state is DeliveryState.UNKNOWN:
        return (delivery.bundle, delivery.sent_as)
    return (delivery.bundle,)


def _went_in_another(leased: LeasedDelivery) -> bool:
    """Whether it may have gone out in the message of another."""
    delivery = leased.delivery
    return delivery.state is DeliveryState.UNKNOWN and delivery.sent_as != delivery.key
