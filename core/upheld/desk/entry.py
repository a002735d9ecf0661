"""A case that a person enters: on the phone, at the counter, from another system."""

from __future__ import annotations

from upheld.calendar.instant import Instant
from upheld.case.events import Opened
from upheld.desk.owner import owned
from upheld.directory import Directory
from upheld.errors import Refusal


def entered(
    directory: Directory,
    *,
    subject: str,
    text: str,
    reporter: str,
    at: Instant,
    source: str = "phone",
    customer: str | None = None,
    product: str | None = None,
    version: str | None = None,
    create_on: str | None = None,
) -> Opened:
    """The opening, with what the directory knows of the reporter; enforced from ``at``.

    ``customer`` overrides the one that the reporter's address belongs to; ``Refusal`` where neither
    leads to a customer, since nobody was promised anything then.
    """
    if not subject.strip():
        raise Refusal("there is no subject", do_next="say in a few words what it is about")
    sender = directory.sender(reporter, at)
    whose = directory.customer(customer) if customer else None
    found = whose or (directory.customers[sender.customer] if sender.customer else None)
    if found is None:
        raise Refusal(
            f"{reporter or 'the reporter'} belongs to no customer",
            do_next="name the customer: --customer ID",
        )
    opened = Opened(
        source=source,
        subject=subject,
        text=text,
        reporter=sender.address if reporter else "",
        reporter_name=sender.name,
        product=product,
        version=version,
        create_on=create_on,
        enforced_from=at,
    )
    return owned(opened, found, at)
