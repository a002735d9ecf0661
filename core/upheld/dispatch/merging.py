"""One message for all that is said to one person about one case at one moment: pure choices.

What is planned together is one moment. Each clause keeps a message of its own on record; only the
deliveries are merged, person by person, so that nobody's receipt is evidence for what they were
never promised.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose
from upheld.ledger import NewDelivery, OutboxItem

#: What says the same whichever clause sends it, and into which others a bare notice goes.
_SAME: Final[Mapping[str, Collection[str]]] = {
    Purpose.PAGE: {Purpose.PAGE},
    Purpose.CALL: {Purpose.CALL},
    Purpose.STATUS: {Purpose.STATUS},
    Purpose.ASK: {Purpose.ASK},
    Purpose.FORWARD: {Purpose.FORWARD},
    Purpose.NOTIFY: {Purpose.PAGE, Purpose.STATUS, Purpose.NOTIFY},
}
#: Letters of their own: only the same template with the same facts says the same.
_LETTERS: Final = frozenset(
    {
        Purpose.ACK,
        Purpose.TICKET_NUMBER,
        Purpose.MAIL,
        Purpose.REFERRAL,
        Purpose.QUESTION,
        Purpose.ANSWER,
    }
)


@dataclass(frozen=True, slots=True)
class Addressed:
    """A message with its deliveries, one a person."""

    item: OutboxItem
    deliveries: tuple[NewDelivery, ...]


def merged(messages: Sequence[Addressed], restored: Instant | None = None) -> list[Addressed]:
    """The messages of one case, planned together; who would be told the same again is not.

    The most urgent carries the others, of statuses the latest; it keeps its key and template. What
    was due before the ledger was ``restored`` is merged with what was due at that same moment alone:
    one of another moment may have gone out already, and would take the others with it.
    """
    moments: dict[Instant, list[Addressed]] = {}
    for message in messages:
        moment = 0 if restored is None else min(message.item.due, restored + 1)
        moments.setdefault(moment, []).append(message)
    return [each for together in moments.values() for each in _of_one_moment(together)]


def _of_one_moment(messages: Sequence[Addressed]) -> list[Addressed]:
    carriers: list[Addressed] = []
    for message in sorted(messages, key=_rank):
        deliveries = tuple(_into(each, message.item, carriers) for each in message.deliveries)
        carriers.append(replace(message, deliveries=deliveries))
    return carriers


def _rank(message: Addressed) -> tuple[int, bool, int, int]:
    item = message.item
    if item.purpose != Purpose.STATUS:
        return item.urgency, True, 0, 0
    # The latest tells all the news there is; the next one to come is announced.
    return item.urgency, False, -item.due, int(item.facts.get("next_at", 0))


def _into(delivery: NewDelivery, item: OutboxItem, carriers: Iterable[Addressed]) -> NewDelivery:
    carrier = next(
        (
            each
            for message in carriers
            if says_the_same(message.item, item)
            for each in message.deliveries
            if each.merged_into is None and _place(each) == _place(delivery)
        ),
        None,
    )
    return replace(delivery, merged_into=carrier.key) if carrier else delivery


def says_the_same(carrier: OutboxItem, item: OutboxItem) -> bool:
    """Whether who gets ``carrier`` need not be sent ``item`` as well. A person's reply never is."""
    if item.purpose in _LETTERS:
        own, other = (item.purpose, item.template, item.facts), carrier
        return own == (other.purpose, other.template, other.facts)
    return carrier.purpose in _SAME.get(item.purpose, ())


def _place(delivery: NewDelivery) -> tuple[str, str, str, str]:
    return delivery.recipient, delivery.channel, delivery.connection, delivery.address
