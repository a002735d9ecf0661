"""Whom a withdrawal stands down: everybody whose page may have reached them, once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from upheld.case.decision import Purpose, Withdrawal
from upheld.ledger import (
    WITHDRAW,
    Delivery,
    NewDelivery,
    OutboxItem,
    Transaction,
)
from upheld.plugin import Ability
from upheld.seam import Live


def withdrawals(
    tx: Transaction, item: OutboxItem, lives: Mapping[str, Live]
) -> tuple[NewDelivery, ...]:
    """One for each page that was not stood down for good before.

    A machine is told of every page, a person in words once, however often they were paged; and
    that a case is worked is told to machines only.
    """
    earlier = tx.perhaps_there(item.subject)
    pages = [each for each in earlier if each.purpose == Purpose.PAGE]
    final = {page_key(each.key) for each in earlier if each.purpose == WITHDRAW and _ends(each)}
    machines = {name for name, live in lives.items() if live.can(Ability.WITHDRAW)}
    told = [page for page in pages if page.connection in machines]
    if item.why != Withdrawal.WORKED:
        told += _last_of_each(page for page in pages if page.connection not in machines)
    return tuple(_withdrawal(item, page) for page in told if page.key not in final)


def page_key(withdrawal_key: str) -> str:
    """The key of the page that a withdrawal's delivery takes back."""
    return withdrawal_key.split(">", 1)[1]


def _ends(withdrawal: Delivery) -> bool:
    # After an acknowledgement for work, the page still stands at the provider until it is resolved.
    return f"/{Withdrawal.WORKED}/" not in withdrawal.outbox_key


def _last_of_each(pages: Iterable[Delivery]) -> Iterable[Delivery]:
    return {(page.connection, page.address): page for page in pages}.values()


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
