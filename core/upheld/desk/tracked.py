"""Items of a tracker: each is a case, and what people did to it there are facts of the case.

An item is only read here. It is known by its link; one that Upheld created itself is known by the
key in it, whoever comes first: the tracker's news or the answer to the creation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from upheld.calendar.instant import Instant, instant
from upheld.case.decision import Subject
from upheld.case.events import Actor, Enforced, Event, Linked, Opened, Side
from upheld.case.opening import opening
from upheld.desk.records import Records
from upheld.desk.remote import News, Reader, created, initial, own_fields
from upheld.desk.restated import Whose, changes
from upheld.directory import Customer, Directory
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
        first = Event(_id(source, item), at, now, by, opened)
        begun = (
            _link_news(source, item, created(item)),
            *reader.begun(item, created(item), by),
        )
        events = [self._event(source, item, each, at) for each in begun]
        events += self._happened(tx, source, item, reader, [first])
        case = self.records.open_together(tx, first, opened, events)
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
        reader = self._reader(source, self.records.book.of(case.policy).policy)
        events = self._happened(tx, source, item, reader, case.facts)
        return self.records.add_together(tx, case, [*linked, *events])

    def _happened(
        self,
        tx: Transaction,
        source: Source,
        item: RemoteCase,
        reader: Reader,
        facts: Sequence[Event],
    ) -> list[Event]:
        """What happened to an item since it was opened, whatever is known of it yet."""
        begins = facts[0].at if facts else 0
        told = self._restated(tx, source, item, reader, facts)
        known = (*facts, *told)
        news = reader.happened(item, lambda at: _customer(known, max(at, begins)))
        return [*told, *(self._event(source, item, each, begins) for each in news)]

    def _restated(
        self,
        tx: Transaction,
        source: Source,
        item: RemoteCase,
        reader: Reader,
        facts: Sequence[Event],
    ) -> list[Event]:
        """What people said otherwise of what it is and whose; what Upheld wrote itself is no news."""
        begins = facts[0].at if facts else 0
        told: list[Event] = []
        for change, fields in changes(item):
            at, name = self._at(change.at, begins), f"change:{change.id}"
            by = reader.who(change.by, instant(change.at))
            said = opening(
                (f for f in (*facts, *told) if f.id != f"{_id(source, item)}/{name}"), at
            )
            if said is None or by.side is Side.UPHELD:
                continue
            body = Whose(self.directory).changed(change, fields, said, at)
            if body is None:
                continue
            news = [News(name, change.at, by, body)]
            if said.customer is None and body.customer and not self._was_there(tx, source, item):
                since = Enforced(at, "whose it is was not known before")
                news.append(News(f"{name}#enforced", change.at, by, since))
            told += [self._event(source, item, each, begins) for each in news]
        return told

    def _was_there(self, tx: Transaction, source: Source, item: RemoteCase) -> bool:
        at = min(instant(created(item)), self.records.clock.now())
        return was_there_before(tx, source, at)

    def _opened(
        self, tx: Transaction, source: Source, item: RemoteCase, at: Instant
    ) -> tuple[Opened, Actor]:
        fields = initial(item)
        said = {name: str(value) for name, value in fields.items() if value is not None}
        reporter = self.directory.sender(said.get("reporter", ""), at)
        customer = Whose(self.directory).by_fields(said.get("customer", ""), reporter)
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

    def _reader(self, source: Source, policy: Policy) -> Reader:
        names = (source.name, source.plugin)
        return Reader(self.directory, names, frozenset(policy.severities))

    def _event(self, source: Source, item: RemoteCase, news: News, begins: Instant) -> Event:
        at, now = self._at(news.at, begins), self.records.clock.now()
        return Event(f"{_id(source, item)}/{news.part}", at, now, news.by, news.body)

    def _at(self, at: datetime, begins: Instant) -> Instant:
        # A server whose clock runs ahead dates nothing into the future, one that is behind
        # nothing to before the case.
        return max(min(instant(at), self.records.clock.now()), begins)


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


def _customer(facts: Iterable[Event], at: Instant) -> str | None:
    """The customer whose case it was at an instant, as far as is known."""
    said = opening(facts, at)
    return said.customer if said else None


def _side(customer: Customer | None) -> Side:
    return Side.CUSTOMER if customer else Side.UNKNOWN


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
