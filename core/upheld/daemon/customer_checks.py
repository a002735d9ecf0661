"""What ``upheld check`` says of customers: desks that no policy has, agreements for systems that end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from upheld.calendar.instant import Instant
from upheld.directory import Directory
from upheld.plugin import Finding, Level
from upheld.policy import Policy
from upheld.source import suggest

_SUBJECT: Final = "customers"
#: So long before and after its last day an agreement for a system is told of.
_SOON: Final = timedelta(days=60)


def desk_findings(directory: Directory, policies: Sequence[Policy]) -> Iterator[Finding]:
    """Cases of such a customer begin with the first desk, which may not know them."""
    desks = {desk for policy in policies for desk in policy.desks}
    for customer in directory.customers.values():
        if customer.desk is not None and customer.desk not in desks:
            what = f"{customer.id} has the desk {customer.desk!r}, which no policy has"
            yield Finding(Level.WARNING, _SUBJECT, what, suggest(customer.desk, desks))


def system_findings(directory: Directory, now: Instant) -> Iterator[Finding]:
    """Systems whose last agreement ends soon, or has ended lately, to the day in the customer's zone."""
    for customer in directory.customers.values():
        day = customer.day(now)
        for name in dict.fromkeys(each.name for each in customer.systems):
            terms = [each for each in customer.systems if each.name == name]
            ends = [each.until for each in terms if each.until]
            if len(ends) == len(terms) and abs(max(ends) - day) <= _SOON:
                how = "ended" if max(ends) < day else "ends"
                what = f"the agreement for {name} of {customer.id} {how} on {max(ends)}"
                do_next = "list the next one below it: `{system, from, until}`"
                yield Finding(Level.WARNING, _SUBJECT, what, do_next)
