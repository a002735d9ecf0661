"""Who is meant by a message: the people behind roles, contacts and the assignee, as of now."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.case.decision import Subject
from upheld.case.events import Provided
from upheld.case.opening import opening, was_for_others
from upheld.desk.records import Records
from upheld.directory import Directory, Recipient
from upheld.directory.lookup import ASSIGNEE, PROVIDER
from upheld.dispatch.routes import TRACKER
from upheld.engine.desks import speaking
from upheld.ledger import WITHDRAW, Delivery, OutboxItem
from upheld.policy.desks import DESK


@dataclass(frozen=True, slots=True)
class Recipients:
    """Finds people. Who is on duty is asked at the instant of asking, never remembered."""

    records: Records
    directory: Directory

    def of(self, subject: Subject, item: OutboxItem) -> tuple[Recipient, ...]:
        """Everybody who is meant, each once; with ``first_of`` those behind the first name that is
        somebody."""
        found: dict[str, Recipient] = {}
        for whom in item.to:
            people = self.behind(whom, subject)
            for person in people:
                found.setdefault(person.id, person)
            if people and item.facts.get("first_of"):
                break
        return tuple(found.values())

    def operators(self) -> tuple[Recipient, ...]:
        """Who hears of Upheld's own trouble."""
        return self.directory.resolve("operator", at=self.records.clock.now())

    def still_meant(self, subject: Subject, item: OutboxItem, delivery: Delivery) -> bool:
        """Whether who a delivery was planned for may still hear it: whose case it is may have been
        restated since. One of ours may, though another is on duty by now."""
        heard = delivery.channel != TRACKER and item.purpose != WITHDRAW
        if not heard or not was_for_others(subject.facts):
            return True
        if delivery.recipient in self.directory.people:
            return True
        return any(each.id == delivery.recipient for each in self.of(subject, item))

    def reader(
        self, subject: Subject, item: OutboxItem, delivery: Delivery
    ) -> tuple[str | None, str | None]:
        """Zone and language of whom a delivery was planned for; None where nobody knows them."""
        # A rotation may have moved on since: one of ours is found by name.
        known = self.directory.people.get(delivery.recipient)
        if known is not None:
            return known.zone, known.language
        meant = (each for each in self.of(subject, item) if each.id == delivery.recipient)
        person = next(meant, None)
        return (person.zone, self._language(subject, person)) if person else (None, None)

    def _language(self, subject: Subject, person: Recipient) -> str:
        """The customer's own; for one who names none, that of the desk that they hear from."""
        opened = opening(subject.facts)
        customer = self.directory.customers.get((opened and opened.customer) or "")
        if customer is None or customer.names_language or subject.kind != "case":
            return person.language
        policy = self.records.book.of(subject.policy).policy
        desk = speaking(policy, self.records.life(subject).state)
        return (desk and desk.language) or person.language

    def behind(self, whom: str, subject: Subject) -> tuple[Recipient, ...]:
        """The people whom a name of the policy means for this subject; nobody is an empty tuple."""
        opened = opening(subject.facts)
        if whom == DESK and subject.kind == "case":
            return self._at_desk(subject)
        return self.directory.resolve(
            whom,
            customer=opened.customer if opened else None,
            reporter=opened.reporter if opened else None,
            assignee=self.assignee(subject) if whom == ASSIGNEE else None,
            provider=_provider(subject),
            at=self.records.clock.now(),
        )

    def _at_desk(self, subject: Subject) -> tuple[Recipient, ...]:
        """The people of the desk that has the case."""
        policy = self.records.book.of(subject.policy).policy
        desk = policy.desks.get(self.records.life(subject).state.held_by or "")
        role = (desk and desk.people) or ""
        return self.directory.resolve(role, at=self.records.clock.now())

    def assignee(self, subject: Subject) -> str | None:
        """Whose it is: a person or a role."""
        return self.records.life(subject).state.assignee if subject.kind == "case" else None


def _provider(subject: Subject) -> str | None:
    """Who runs what is watched, as it was recorded last."""
    bodies = (fact.body for fact in reversed(subject.facts))
    told = (b.value for b in bodies if isinstance(b, Provided) and b.item == PROVIDER)
    return next(told, None)
