"""What an item's own fields say otherwise later on: what it is about, who reported it, whose it is.

Who was corrected away must hear nothing more, so this errs towards silence: a name that nobody knows
is no customer's, and a reporter is kept only where they may be the new customer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from upheld.calendar.instant import Instant
from upheld.case.events import Opened, Restated
from upheld.directory import Customer, Directory, Sender
from upheld.errors import Refusal
from upheld.plugin import Change, Value

#: The reporter's address tells, by its domain or as it is listed.
DOMAIN: Final = "reporter_domain"


@dataclass(frozen=True, slots=True)
class Whose:
    """Tells whose something is, and what follows where it is another one's."""

    directory: Directory
    #: `reporter_domain` and what else tells whose an item is, in order.
    order: tuple[str, ...] = ("customer", DOMAIN)

    def by_fields(self, named: str, reporter: Sender) -> Customer | None:
        """As a field says, by id or by name; else the reporter's; in the order that is asked for."""
        if DOMAIN not in self.order:
            return self._known(named)
        if self.order[0] == DOMAIN:
            return self._of(reporter) or self._known(named)
        return self._known(named) or self._of(reporter)

    def changed(
        self, change: Change, fields: Mapping[str, Value], said: Opened, at: Instant
    ) -> Restated | None:
        """What a change says otherwise of a case; ``said`` is what it was said to be before."""
        new = _text(change.new)
        if change.field == "title":
            return Restated(title=new) if new and new != said.subject else None
        named = _text(fields.get("customer"))
        if change.field == "reporter":
            sender = self.directory.sender(new, at)
            now = self.by_fields(named, sender) or self._known(said.customer or "")
            return self.restated(said, now, at, reporter=sender)
        reporter = self.directory.sender(said.reporter, at)
        # A name that nobody knows is no customer's, rather than the reporter's.
        first = self.order[0] == DOMAIN
        now = self._known(named) if named and not first else self.by_fields(named, reporter)
        return self.restated(said, now, at)

    def restated(
        self, said: Opened, now: Customer | None, at: Instant, *, reporter: Sender | None = None
    ) -> Restated | None:
        """It is ``now``'s, and reported by ``reporter`` where that is another one; None where
        nothing changed."""
        values: dict[str, Any] = {}
        if said.customer != (now.id if now else None):
            values |= {"customer": ""} if now is None else _of_customer(now, at)
        who = reporter or self.directory.sender(said.reporter, at)
        if not _may_hear(who, now, known=reporter is not None or said.customer is None):
            values |= {"reporter": ""} if (values or reporter) and said.reporter else {}
        elif reporter is not None and reporter.address != said.reporter:
            values |= {"reporter": who.address, "reporter_name": who.name}
        return Restated(**values) if values else None

    def by_people(
        self, said: Opened, at: Instant, title: str, customer: str, reporter: str
    ) -> Restated:
        """What one of ours says otherwise; what is left empty stays. ``Refusal`` where all does."""
        sender = self.directory.sender(reporter, at) if reporter else None
        whose = customer or (sender and sender.customer) or said.customer
        now = self.directory.customer(whose) if whose else None
        if sender is not None and not _may_hear(sender, now, known=True):
            raise Refusal(
                f"{reporter} is another customer's", do_next="name one of this customer's"
            )
        body = self.restated(said, now, at, reporter=sender) or Restated()
        if title:
            body = replace(body, title=title)
        if body == Restated():
            raise Refusal("it says so already", do_next="say what is otherwise")
        return body

    def _known(self, named: str) -> Customer | None:
        customers = self.directory.customers
        if named in customers:
            return customers[named]
        by_name = (c for c in customers.values() if c.name.casefold() == named.casefold())
        return next(by_name, None)

    def _of(self, reporter: Sender) -> Customer | None:
        return self.directory.customers.get(reporter.customer or "")


def _may_hear(reporter: Sender, now: Customer | None, *, known: bool) -> bool:
    """Whether somebody may be written to about ``now``'s case. ``known``: nobody else's it was, or it
    was just said that it is theirs."""
    if reporter.person is not None:
        return True
    if reporter.customer is not None:
        return now is not None and reporter.customer == now.id
    return known


def _of_customer(now: Customer, at: Instant) -> dict[str, Any]:
    return {
        "customer": now.id,
        "customer_kind": now.kind,
        "plan": now.plan(at),
        "language": now.language,
    }


def _text(value: Value) -> str:
    return "" if value is None else str(value)
