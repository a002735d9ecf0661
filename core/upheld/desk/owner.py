"""Whose something is: what the directory knows of that customer stands on its opening."""

from __future__ import annotations

from dataclasses import replace

from upheld.calendar.instant import Instant
from upheld.case.events import Opened
from upheld.directory import Customer


def owned(opened: Opened, customer: Customer | None, at: Instant) -> Opened:
    """The opening as that of a customer, as they are at an instant; as it was, where it is nobody's."""
    if customer is None:
        return opened
    return replace(
        opened,
        customer=customer.id,
        customer_kind=customer.kind,
        plan=customer.plan(at),
        language=customer.language,
        desk=customer.desk,
    )
