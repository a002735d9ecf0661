"""Gathers what a message may speak of, and has it written for its reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from upheld.case.decision import Subject
from upheld.case.events import Opened
from upheld.desk.records import Records
from upheld.directory import Directory, Recipient
from upheld.dispatch.compose import Composer, Known
from upheld.errors import UpheldError
from upheld.ledger import LeasedDelivery
from upheld.plugin import Channel, Misconfigured, Outgoing


def thread_of(leased: LeasedDelivery) -> str:
    """A page is a thread of its own (its key at the provider); all else is the case's."""
    page = leased.delivery.channel == Channel.PAGE.value
    return leased.key if page else leased.item.subject


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the message of a delivery."""

    records: Records
    directory: Directory
    composer: Composer
    site: str
    zone: str
    links: Mapping[str, str]

    def write(self, leased: LeasedDelivery) -> Outgoing:
        """The message; ``Misconfigured`` where its template can't be filled."""
        reader = self._reader(leased)
        try:
            return self.composer.compose(
                self._known(leased),
                leased.delivery,
                zone=(reader.zone if reader else None) or self.zone,
                language=(reader.language if reader else None) or "en",
                thread=thread_of(leased),
                reply_to=self._reply_to(leased),
            )
        except UpheldError as error:
            raise Misconfigured(error.what, error.do_next) from error

    def _known(self, leased: LeasedDelivery) -> Known:
        subject = self._subject(leased)
        opened = subject.facts[0].body
        assert isinstance(opened, Opened)
        customer = self.directory.customers.get(opened.customer or "")
        return Known(
            item=leased.item,
            policy=self.records.book.of(subject.policy).policy,
            life=self.records.life(subject) if subject.kind == "case" else None,
            facts=subject.facts,
            opened=opened,
            site=self.site,
            links=self.links,
            customer_name=customer.name if customer else "",
            people={person.id: person.name for person in self.directory.people.values()},
            now=self.records.clock.now(),
        )

    def _subject(self, leased: LeasedDelivery) -> Subject:
        return self.records.read(lambda tx: tx.subject(leased.item.subject))

    def _reader(self, leased: LeasedDelivery) -> Recipient | None:
        opened = self._subject(leased).facts[0].body
        assert isinstance(opened, Opened)
        for whom in leased.item.to:
            for person in self.directory.resolve(
                whom,
                customer=opened.customer,
                reporter=opened.reporter,
                assignee=whom,
                at=self.records.clock.now(),
            ):
                if person.id == leased.delivery.recipient:
                    return person
        return None

    def _reply_to(self, leased: LeasedDelivery) -> tuple[str, ...]:
        if leased.delivery.channel != Channel.MAIL.value:
            return ()
        case, connection = leased.item.subject, leased.delivery.connection
        found = self.records.read(lambda tx: tx.thread_handles(case, connection))
        return tuple(handle for handle in found if not handle.startswith("sender:"))
