"""Whom a withdrawal stands down: everybody whose page may have reached them, once.

A machine is told of every page. A person is told in words, once for all their pages; nobody is told what
they did themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from upheld.case.decision import Purpose, Subject, Withdrawal
from upheld.case.events import Side
from upheld.dispatch.acknowledged import Paging, acknowledgements
from upheld.ledger import (
    WITHDRAW,
    Delivery,
    DeliveryState,
    NewDelivery,
    OutboxItem,
    Transaction,
)
from upheld.plugin import Ability, Channel
from upheld.seam import Live

#: After these the page still stands at the provider, until it is resolved.
STANDS_ON: Final = frozenset({Withdrawal.ACKNOWLEDGED, Withdrawal.WORKED})


def withdrawals(
    tx: Transaction, item: OutboxItem, lives: Mapping[str, Live]
) -> tuple[NewDelivery, ...]:
    """One for each page that was not stood down for good before, and for each person one in words."""
    earlier, subject = tx.perhaps_there(item.subject), tx.subject(item.subject)
    pages = [each for each in earlier if each.purpose == Purpose.PAGE]
    if item.why == Withdrawal.ACKNOWLEDGED:
        answered = _answered(tx, subject, item)
        pages = [each for each in pages if each.outbox_key in answered]
    waiting = tx.deliveries(subject=item.subject, states=(DeliveryState.PENDING,))
    stood = [each for each in (*earlier, *waiting) if each.purpose == WITHDRAW]
    machines = {name for name, live in lives.items() if live.can(Ability.WITHDRAW)}
    told = [
        *_at_machines((page for page in pages if page.connection in machines), stood, item),
        *_in_words([page for page in pages if page.connection not in machines], stood),
    ]
    knows = _done_by(subject, item)
    return tuple(
        _withdrawal(item, page)
        for page in told
        if page.connection in machines or page.recipient != knows
    )


def page_key(withdrawal_key: str) -> str:
    """The key of the page that a withdrawal's delivery takes back."""
    return withdrawal_key.split(">", 1)[1]


def _answered(tx: Transaction, subject: Subject, item: OutboxItem) -> frozenset[str]:
    """The messages that were acknowledged then: of a case, all that were out by then."""
    at, by = item.facts["at"], item.facts["by"]
    said = [each for each in acknowledgements(subject.facts) if (each.at, each.by) == (at, by)]
    items = tx.items(subject=subject.id, limit=None)
    pages = (Paging(each.key, each.planned, ()) for each in items if each.planned is not None)
    return frozenset(page.key for page in pages for each in said if each.stops(page))


def _done_by(subject: Subject, item: OutboxItem) -> str | None:
    """Who of ours did what stands them all down: they know."""
    if item.why == Withdrawal.ACKNOWLEDGED:
        return str(item.facts["by"])
    ours = (fact for fact in subject.facts if fact.actor.side is Side.STAFF)
    known = [fact for fact in ours if fact.seen <= item.created]
    return known[-1].actor.id if known else None


def _at_machines(
    pages: Iterable[Delivery], stood: Iterable[Delivery], item: OutboxItem
) -> Iterator[Delivery]:
    """Each page, resolved once; acknowledged once, unless whoever answered it did so there."""
    final = {page_key(each.key) for each in stood if _ends(each)}
    held = {page_key(each.key) for each in stood} if item.why in STANDS_ON else set()
    for page in pages:
        there = item.why == Withdrawal.ACKNOWLEDGED and page.state is DeliveryState.ACKNOWLEDGED
        if page.key not in final | held and not there:
            yield page


def _in_words(pages: Sequence[Delivery], stood: Iterable[Delivery]) -> Iterator[Delivery]:
    """To each place once since it was paged last; written rather than spoken, where both reached it."""
    last = {_place(page): page.number for page in pages}
    told = {_place(each): each.number for each in stood}
    spoken_first = sorted(pages, key=lambda page: (page.channel != Channel.VOICE, page.number))
    for place, page in {_place(page): page for page in spoken_first}.items():
        if told.get(place, 0) < last[place]:
            yield page


def _place(delivery: Delivery) -> tuple[str, str]:
    return delivery.connection, delivery.address


def _ends(withdrawal: Delivery) -> bool:
    return not any(f"/{why}/" in withdrawal.outbox_key for why in STANDS_ON)


def _withdrawal(item: OutboxItem, page: Delivery) -> NewDelivery:
    return NewDelivery(
        key=f"{item.key}>{page.key}",
        recipient=page.recipient,
        recipient_name=page.recipient_name,
        channel=page.channel,
        connection=page.connection,
        address=page.address,
        lane=page.lane,
    )
