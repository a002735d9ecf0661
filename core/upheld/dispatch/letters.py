"""Gathers what a message may speak of, and has it written for its reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose, Subject
from upheld.case.events import CustomerMessage, Event, Held
from upheld.case.opening import opening, was_for_others, whose_since
from upheld.desk.paused import paused
from upheld.desk.records import Records
from upheld.directory import Directory
from upheld.dispatch.compose import Composer, Known
from upheld.dispatch.offers import Solutions, offered
from upheld.dispatch.recipients import Recipients
from upheld.dispatch.withdrawals import page_key
from upheld.engine.case import Life
from upheld.engine.shift import HAND_OVER
from upheld.errors import LedgerError, NotFound, UpheldError
from upheld.ledger import (
    WITHDRAW,
    LeasedDelivery,
    ListedCase,
    OutboxItem,
    OutboxState,
    Transaction,
)
from upheld.plugin import Channel, Misconfigured, Outgoing

_OVER: Final = frozenset({"resolved", "closed"})


def thread_of(leased: LeasedDelivery) -> str:
    """A page is a thread of its own (its key at the provider), to which its withdrawal belongs;
    all else is the case's."""
    if leased.delivery.channel != Channel.PAGE.value:
        return leased.item.subject
    return page_key(leased.key) if leased.item.purpose == WITHDRAW else leased.key


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the message of a delivery."""

    records: Records
    directory: Directory
    composer: Composer
    site: str
    zone: str
    links: Mapping[str, str]
    solutions: Solutions = field(default_factory=dict)

    @property
    def people(self) -> Recipients:
        """Finds whom messages are for."""
        return Recipients(self.records, self.directory)

    def offers(self, tx: Transaction, item: OutboxItem) -> tuple[str, ...]:
        """The titles of the solutions that a message offers, for the case's history."""
        opened = opening(tx.subject(item.subject).facts)
        return tuple(each.title for each in offered(item, opened, self.solutions)) if opened else ()

    def write(self, leased: LeasedDelivery) -> Outgoing:
        """``written``, as the ledger is now."""
        return self.records.read(lambda tx: self.written(tx, leased))

    def written(
        self, tx: Transaction, leased: LeasedDelivery, others: Sequence[LeasedDelivery] = ()
    ) -> Outgoing:
        """The message, which tells of ``others`` too; ``Misconfigured`` where it can't be written,
        ``LedgerError`` where the ledger can't be read."""
        try:
            return self._written(tx, leased, tx.subject(leased.item.subject), others)
        except LedgerError:
            raise
        except UpheldError as error:
            where = f"{error.where}: " if error.where else ""
            raise Misconfigured(f"{where}{error.what}", error.do_next) from error
        except Exception as error:
            what = f"the message can't be written: {type(error).__name__}: {error}"
            raise Misconfigured(what, "a fault of Upheld: please report it") from error

    def _written(
        self,
        tx: Transaction,
        leased: LeasedDelivery,
        subject: Subject,
        others: Sequence[LeasedDelivery],
    ) -> Outgoing:
        zone, language = self.people.reader(subject, leased.item, leased.delivery)
        items = {each.item.subject: each.item for each in others}
        items.pop(subject.id, None)  # of each case once
        return self.composer.compose(
            self._known(tx, leased.item, subject),
            leased.delivery,
            others=[self._known(tx, item, tx.subject(case)) for case, item in items.items()],
            zone=zone or self.zone,
            language=language or "en",
            thread=thread_of(leased),
            reply_to=self._reply_to(tx, leased, subject),
        )

    def _known(self, tx: Transaction, item: OutboxItem, subject: Subject) -> Known:
        opened = opening(subject.facts)
        if opened is None:
            raise NotFound("what the case opened with was erased", where=subject.id)
        customer = self.directory.customers.get(opened.customer or "")
        life = self.records.life(subject) if subject.kind == "case" else None
        return Known(
            item=item,
            policy=self.records.book.of(subject.policy).policy,
            life=life,
            facts=subject.facts,
            opened=opened,
            site=self.site,
            links=self.links,
            solutions=offered(item, opened, self.solutions),
            customer_name=customer.name if customer else "",
            people={person.id: person.name for person in self.directory.people.values()},
            since=_since(tx, item, subject) if item.purpose == Purpose.STATUS else None,
            url=_url(tx, subject) if item.purpose == Purpose.PAGE else None,
            handed=_handed(tx, item),
            paused=_paused(tx, life),
        )

    def _reply_to(
        self, tx: Transaction, leased: LeasedDelivery, subject: Subject
    ) -> tuple[str, ...]:
        """The conversation that a mail goes on with; of a case that was another customer's before, what
        is this one's alone: the id of a message names its sender."""
        if leased.delivery.channel != Channel.MAIL.value:
            return ()
        found = tx.thread_handles(subject.id, leased.delivery.connection)
        if was_for_others(subject.facts):
            own = _of_the_customer(tx, subject)
            return tuple(handle for handle in found if handle in own)
        return tuple(handle for handle in found if not handle.startswith("sender:"))


def _paused(tx: Transaction, life: Life | None) -> tuple[Event, Held] | None:
    """The pause of what the case is about: since then nobody knows how it is."""
    watched = life.state.watched if life else None
    return paused(tx, watched.monitor) if watched else None


def _url(tx: Transaction, subject: Subject) -> str | None:
    """Where whoever is paged finds the case: its item on a tracker, the first that has an address."""
    return next((each.url for each in tx.links(subject.id) if each.url), None)


def _since(tx: Transaction, item: OutboxItem, subject: Subject) -> Instant:
    """When the status before this one went out; the opening where there was none. What was said to
    another customer, whose case it was taken for, is nobody else's business."""
    gone = (OutboxState.PLANNED, OutboxState.DONE)
    items = tx.items(subject=item.subject, states=gone, limit=None)
    before = (each.due for each in items if each.purpose == Purpose.STATUS)
    last = max((due for due in before if due < item.due), default=subject.facts[0].at)
    return max(last, whose_since(subject.facts) or 0)


def _of_the_customer(tx: Transaction, subject: Subject) -> frozenset[str | None]:
    """The ids of what people of the customer, whose case it is now, wrote or got."""
    said = opening(subject.facts)
    whose = said.customer if said else None
    bodies = ((fact.id, fact.body) for fact in subject.facts)
    wrote = (
        i for i, body in bodies if isinstance(body, CustomerMessage) and body.customer == whose
    )
    sent = tx.deliveries(subject=subject.id, limit=None)
    got = (each.handle for each in sent if each.recipient.startswith(f"{whose}/"))
    return frozenset((*wrote, *got))


def _handed(tx: Transaction, item: OutboxItem) -> Sequence[ListedCase]:
    """What of it still waits for its reader: it may have waited for the end of their quiet hours."""
    cases = [tx.case(each) for each in item.facts.get(HAND_OVER, {}).get("cases", ())]
    return [
        each
        for each in cases
        if each.status not in _OVER and each.severity == 1 and each.assignee not in item.to
    ]
