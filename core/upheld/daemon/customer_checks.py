"""What ``upheld check`` says of customers: desks that no policy has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from upheld.directory import Directory
from upheld.plugin import Finding, Level
from upheld.policy import Policy
from upheld.source import suggest

_SUBJECT = "customers"


def desk_findings(directory: Directory, policies: Sequence[Policy]) -> Iterator[Finding]:
    """Cases of such a customer begin with the first desk, which may not know them."""
    desks = {desk for policy in policies for desk in policy.desks}
    for customer in directory.customers.values():
        if customer.desk is not None and customer.desk not in desks:
            what = f"{customer.id} has the desk {customer.desk!r}, which no policy has"
            yield Finding(Level.WARNING, _SUBJECT, what, suggest(customer.desk, desks))
