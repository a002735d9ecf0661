"""Items of a tracker: each is a case, and what people did to it there are facts of the case.

An item is only read here. It is known by its link; one that Upheld created itself is known by the
key in it, whoever comes first: the tracker's news or the answer to the creation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from upheld.calendar.instant import Instant, instant
from upheld.case.decision import Subject
from upheld.case.events import Actor, Event, Linked, Opened, Side
from upheld.desk.records import Records
from upheld.desk.remote import News, Reader, created, initial, own_fields
from upheld.directory import Customer, Directory, Sender
from upheld.errors import NotFound
from upheld.ledger import CREATE_ITEM, OutboxItem, Transaction
from upheld.plugin import RemoteCase
from upheld.policy.model import Policy

if TYPE_CHECKING:
    from upheld.desk.intake import Source


def read_since(connection: str) -> str:
    """The scope in the ledger that tells since when a connection is read."""
    return f"read/{connection}"


def was_there_before(tx: Transaction, source: Source, at: Instant) -> bool:
    """Whether what began at ``at`` is older than what the connection is to enforce.

    That is its ``adopt_from``, and never before the first time that it was read: a tracker or a
    mailbox that is newly connected wakes nobody for what stands in it.
    """
    limits = (source.adopt_from, tx.since(read_since(source.name)))
    return any(limit is not None and at < limit for limit in limits)


@dataclass(frozen=True, slots=True)
class Tracked:
    """Takes items inside the transaction that moves the cursor."""

    records: Records
    directory: Directory

    def take(self, tx: Transaction, source: Source, item: RemoteCase) -> bool:
        """One item as it is now; whether there was anything new. The same again changes nothing."""
        known = self._linked(tx, source, item) or self._ours(tx, source, item)
        if known is None and _its_case_is_to_come(tx, item):
            self._read_again(tx, source, item)
            return False
        if known is None:
            self._open(tx, source, item)
            return True
        case, linked = known
        return self._add(tx, source, item, tx.subject(case), linked)

    def _linked(
        self, tx: Transaction, source: Source, item: RemoteCase
    ) -> tuple[str, tuple[Event, ...]] | None:
        """The case that it is, and the event of a new name: it was moved, and is called otherwise."""
        link = tx.linked(source.name, item.ref.id)
        if link is None or link.key == item.ref.key:
            return None if link is None else (link.subject, ())
        self._link(tx, source, item, link.subject)
        news = _link_news(source, item, item.updated)
        return link.subject, (self._event(source, item, news, 0),)

    def _ours(
        self, tx: Transaction, source: Source, item: RemoteCase
    ) -> tuple[str, tuple[Event, ...]] | None:
        """The case for which Upheld created this item, though the answer has not come yet.

        A person who copies an item copies the key in it: what is linked already is no answer.
        """
        made = _creation(tx, source, item.key) if item.key else None
        if made is None or tx.link_of(made.subject, source.name):
            return None
        self._link(tx, source, item, made.subject)
        now, actor = self.records.clock.now(), Actor(source.name, Side.PROVIDER)
        # The id is that under which the sender records it, so whoever is second changes nothing.
        event = Event(f"linked:{made.key}", now, now, actor, _linked(source, item))
        return made.subject, (event,)

    def _read_again(self, tx: Transaction, source: Source, item: RemoteCase) -> None:
        ref, now = item.ref, self.records.clock.now()
        tx.keep_hint(
            source.name, scope=ref.scope, remote_id=ref.id, key=ref.key, url=ref.url, now=now
        )

    def _link(self, tx: Transaction, source: Source, item: RemoteCase, case: str) -> None:
        ref = item.ref
        tx.link(case, source.name, remote_id=ref.id, key=ref.key, url=ref.url)

    def _open(self, tx: Transaction, source: Source, item: RemoteCase) -> None:
        now = self.records.clock.now()
        at = min(instant(created(item)), now)
        opened, by = self._opened(tx, source, item, at)
        reader = self._reader(source, self._policy(item, opened, at))
        news = (
            _link_news(source, item, created(item)),
            *reader.begun(item, created(item), by),
            *reader.happened(item, opened.customer),
        )
        opening = Event(_id(source, item), at, now, by, opened)
        events = [self._event(source, item, each, at) for each in news]
        case = self.records.open_together(tx, opening, opened, events)
        self._link(tx, source, item, case)

    def _policy(self, item: RemoteCase, opened: Opened, at: Instant) -> Policy:
        """The policy that the case opens under: its fields may tell."""
        return self.records.book.for_case(opened, at, own_fields(initial(item))).policy

    def _add(
        self,
        tx: Transaction,
        source: Source,
        item: RemoteCase,
        case: Subject,
        linked: tuple[Event, ...],
    ) -> bool:
        opened = case.facts[0].body if case.facts else None
        customer = opened.customer if isinstance(opened, Opened) else None
        reader = self._reader(source, self.records.book.of(case.policy).policy)
        begins = case.facts[0].at if case.facts else 0
        happened = reader.happened(item, customer)
        events = [self._event(source, item, each, begins) for each in happened]
        return self.records.add_together(tx, case, [*linked, *events])

    def _opened(
        self, tx: Transaction, source: Source, item: RemoteCase, at: Instant
    ) -> tuple[Opened, Actor]:
        fields = initial(item)
        said = {name: str(value) for name, value in fields.items() if value is not None}
        reporter = self.directory.sender(said.get("reporter", ""), at)
        customer = self._customer(said.get("customer", ""), reporter)
        staff = reporter.person
        by = Actor(staff.id, Side.STAFF) if staff else Actor(reporter.address, _side(customer))
        # Nobody was promised anything for an item that is no customer's.
        old = customer is None or was_there_before(tx, source, at)
        opened = Opened(
            source=source.plugin,
            subject=said.get("title") or _first_line(said.get("text", "")) or item.ref.key,
            text=said.get("text", ""),
            reporter=reporter.address,
            reporter_name=reporter.name,
            customer=customer.id if customer else None,
            customer_kind=customer.kind if customer else reporter.kind,
            plan=customer.plan(at) if customer else None,
            language=customer.language if customer else None,
            product=said.get("product"),
            version=said.get("version"),
            connection=source.name,
            enforced_from=None if old else at,
        )
        return opened, by

    def _customer(self, named: str, reporter: Sender) -> Customer | None:
        """Whose item it is: as its field says, by id or by name; else the reporter's."""
        customers = self.directory.customers
        if named in customers:
            return customers[named]
        by_name = (c for c in customers.values() if c.name.casefold() == named.casefold())
        return next(by_name, None) or customers.get(reporter.customer or "")

    def _reader(self, source: Source, policy: Policy) -> Reader:
        names = (source.name, source.plugin)
        return Reader(self.directory, names, frozenset(policy.severities))

    def _event(self, source: Source, item: RemoteCase, news: News, begins: Instant) -> Event:
        now = self.records.clock.now()
        # A server whose clock runs ahead dates nothing into the future, one that is behind
        # nothing to before the case.
        at = max(min(instant(news.at), now), begins)
        return Event(f"{_id(source, item)}/{news.part}", at, now, news.by, news.body)


def _id(source: Source, item: RemoteCase) -> str:
    return f"{source.name}:{item.ref.id}"


def _link_news(source: Source, item: RemoteCase, at: datetime) -> News:
    actor = Actor(source.name, Side.PROVIDER)
    return News(f"linked:{item.ref.key}", at, actor, _linked(source, item))


def _creation(tx: Transaction, source: Source, key: str) -> OutboxItem | None:
    """The message that has an item created here under this key. It need not have been sent yet, as
    far as we know: after a restore the item is there before we are about to create it."""
    try:
        made = tx.item(key)
    except NotFound:
        return None
    return made if (made.purpose, made.connection) == (CREATE_ITEM, source.name) else None


def _its_case_is_to_come(tx: Transaction, item: RemoteCase) -> bool:
    """Whether it is of a case that was opened after the backup: until `upheld resume`, that case may
    still be read from its mailbox, or be entered again. From then on it is a case of its own."""
    if item.key is None or tx.restored() is None or tx.stopped() is None:
        return False
    try:
        tx.item(item.key)
    except NotFound:
        return True
    return False  # a copy that a person made of an item of ours


def _linked(source: Source, item: RemoteCase) -> Linked:
    return Linked(source.name, item.ref.id, item.ref.key, item.ref.url)


def _side(customer: Customer | None) -> Side:
    return Side.CUSTOMER if customer else Side.UNKNOWN


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
