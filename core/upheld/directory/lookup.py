"""The directory: who wrote, and who is to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

from upheld.calendar.instant import DAY, Instant, iso
from upheld.case.override import Override
from upheld.directory.address import by_channel, folded, folded_pattern, patterns_for
from upheld.directory.model import Agreement, Contact, Customer, Person, Provider, Recipient, Sender
from upheld.directory.rotation import Rotation, Shift
from upheld.errors import NotFound

#: The overrides that end after an instant: what was over by then says nothing of what comes.
Overrides: TypeAlias = Callable[[Instant], Sequence[Override]]
#: What whoever is to be told may be called, besides roles, people and rotations.
CUSTOMER: Final = "customer"
REPORTER: Final = "reporter"
ASSIGNEE: Final = "assignee"
#: The internet provider who runs what is watched.
PROVIDER: Final = "provider"
#: As far ahead as whoever is next on duty is looked for.
_TURNS_AHEAD: Final = 60 * DAY
#: The role of a contact that nothing else is said of.
CONTACT: Final = "contact"


class Directory:
    """People, roles, rotations and customers of a site. Built once, read by many threads.

    ``roles`` name people, rotations or other roles. The parts are taken to fit together:
    ``upheld.directory.build`` has checked that, and says what does not.
    """

    def __init__(
        self,
        people: Iterable[Person] = (),
        customers: Iterable[Customer] = (),
        roles: Mapping[str, tuple[str, ...]] | None = None,
        rotations: Iterable[Rotation] = (),
        *,
        providers: Iterable[Provider] = (),
        zone: str = "UTC",
        language: str = "en",
    ) -> None:
        self.people: Mapping[str, Person] = MappingProxyType({each.id: each for each in people})
        self.customers: Mapping[str, Customer] = MappingProxyType({c.id: c for c in customers})
        self.roles: Mapping[str, tuple[str, ...]] = MappingProxyType(dict(roles or {}))
        self.rotations: Mapping[str, Rotation] = MappingProxyType({r.name: r for r in rotations})
        self.providers: Mapping[str, Provider] = MappingProxyType({p.id: p for p in providers})
        self.zone, self._language = zone, language
        self._overrides: Overrides = _nobody_stands_in
        self._staff = dict(_staff_addresses(self.people.values()))
        self._contacts = dict(_contact_addresses(self.customers.values()))
        self._domains = dict(_domains(self.customers.values()))

    def overridden(self, overrides: Overrides) -> Directory:
        """The same directory, with whoever stands in for somebody: looked up at every question, since a
        command in another process may just have said so. Who is not among our people any more stands in
        for nobody: whoever has the turn is on duty."""
        other, ours = copy(self), self.people
        other._overrides = lambda at: [each for each in overrides(at) if each.person in ours]  # noqa: SLF001
        return other

    def settled(self) -> Directory:
        """The same with the overrides as they are now: many questions, one look."""
        found = tuple(self._overrides(0))
        return self.overridden(lambda _at: found)

    def is_contact(self, who: str) -> bool:
        """Whether whoever is to be told is somebody of a customer's."""
        return who.partition("/")[0] in self.customers and who not in self.people

    def called(self, person: str) -> str:
        """The name of one of ours, by their id; the id itself where it is nobody's."""
        found = self.people.get(person)
        return found.name if found else person

    # --- who wrote --------------------------------------------------------------------------

    def sender(self, address: str, at: Instant) -> Sender:
        """Who an address belongs to: staff, then contacts, then a customer's domain.

        Listed addresses come before domains, and a domain listed itself before ``*.domain``.
        """
        key = folded(address)
        if key is None:
            return Sender("unknown", address)
        person = self._staff.get(key)
        if person:
            return Sender("staff", key, person.name, person=person)
        customer, contact = self._contacts.get(key) or (self._by_domain(key), None)
        if customer is None:
            return Sender("unknown", key)
        return Sender(
            "partner",
            key,
            contact.name if contact else "",
            customer.id,
            customer.kind,
            customer.plan(at),
            contact,
        )

    def _by_domain(self, address: str) -> Customer | None:
        listed = (self._domains.get(pattern) for pattern in patterns_for(address))
        return next((customer for customer in listed if customer), None)

    # --- who is to be told ------------------------------------------------------------------

    def resolve(
        self,
        to: str,
        *,
        customer: str | None = None,
        reporter: str | None = None,
        assignee: str | None = None,
        provider: str | None = None,
        at: Instant,
    ) -> tuple[Recipient, ...]:
        """The people behind ``to`` at ``at``, each once; nobody is an empty tuple.

        ``to`` is a role, a person, a rotation, ``customer`` (contacts with the role ``contact``,
        else the first), ``customer.<role>``, ``reporter``, ``assignee`` or ``provider``.
        """
        if to == PROVIDER:
            return self._of_provider(provider)
        if to == CUSTOMER or to.startswith(f"{CUSTOMER}."):
            return self._of_customer(customer, to.partition(".")[2] or CONTACT)
        if to == REPORTER:
            return self._reporter(reporter, customer, at)
        if to != ASSIGNEE:
            return self._staffed(to, at)
        found = self._staffed(assignee, at) if assignee else ()
        return tuple(replace(each, why=f"assignee: {each.why}") for each in found)

    def _of_customer(self, customer: str | None, role: str) -> tuple[Recipient, ...]:
        found = self.customers.get(customer or "")
        if found is None:
            return ()
        fitting = [contact for contact in found.contacts if role in contact.roles]
        if fitting or role != CONTACT:
            return tuple(_told(found, each, f"{role} of {found.id}") for each in fitting)
        why = f"first contact of {found.id}, which names nobody as {CONTACT}"
        return tuple(_told(found, each, why) for each in found.contacts[:1])

    def _of_provider(self, provider: str | None) -> tuple[Recipient, ...]:
        found = self.providers.get(provider or "")
        if found is None or not found.mail:
            return ()
        who, mail = f"{PROVIDER}/{found.id}", {"mail": found.mail}
        return (Recipient(who, found.name, mail, self.zone, self._language, PROVIDER),)

    def _reporter(
        self, address: str | None, customer: str | None, at: Instant
    ) -> tuple[Recipient, ...]:
        if not address:  # nobody is known who wrote: whoever speaks for the customer
            return self._of_customer(customer, CONTACT)
        sender = self.sender(address, at)
        if sender.person:
            return (_person(sender.person, REPORTER),)
        where = self.customers.get(sender.customer or customer or "")
        if where and sender.contact:
            return (_told(where, sender.contact, REPORTER),)
        zone, language = (where.zone, where.language) if where else (self.zone, self._language)
        mail, phone = (address, None) if "@" in address else (None, address)
        addresses = by_channel(mail, phone, {})
        return (Recipient(sender.address, "", addresses, zone, language, REPORTER),)

    def _staffed(self, name: str, at: Instant) -> tuple[Recipient, ...]:
        found: dict[str, Recipient] = {}
        for each in self._behind(name, at, ()):
            found.setdefault(each.id, each)
        return tuple(found.values())

    def _behind(self, name: str, at: Instant, path: tuple[str, ...]) -> list[Recipient]:
        """People behind a person, rotation or role, with the way that led there."""
        if name in path:
            return []
        trail = (*path, name)
        if name in self.people:
            return [_person(self.people[name], " → ".join(trail))]
        if name in self.rotations:
            return self._on_duty(self.rotations[name], at, " → ".join(trail))
        names = self.roles.get(name, ())
        return [found for each in names for found in self._behind(each, at, trail)]

    def _on_duty(self, rotation: Rotation, at: Instant, trail: str) -> list[Recipient]:
        """Whoever has the turn; where a provider keeps the schedule, that schedule itself."""
        if rotation.held_by:
            name = f"whoever is on duty for {rotation.name}"
            told = Recipient(
                rotation.name, name, rotation.held_by, self.zone, self._language, trail
            )
            return [told]
        overrides = self._overrides(at)
        person = rotation.on_duty(at, overrides)
        if person is None or person not in self.people:
            return []
        until = rotation.until(at, overrides)
        told_until = f", on duty until {iso(until)}" if until is not None else ""
        return [_person(self.people[person], f"{trail}{told_until}")]

    def shifts(self, rotation: str, since: Instant, until: Instant) -> tuple[Shift, ...]:
        """Who is on duty in a period, overrides included; ``NotFound`` where there is no such rotation."""
        if rotation not in self.rotations:
            near = ", ".join(self.rotations) or "there are none"
            raise NotFound(f"no rotation {rotation!r}", do_next=f"one of: {near}")
        return self.rotations[rotation].shifts(since, until, self._overrides(since))

    def until(self, rotation: str, at: Instant) -> Instant | None:
        """When whoever is on duty at ``at`` hands over."""
        return self.rotations[rotation].until(at, self._overrides(at))

    def changes(self, to: str, since: Instant, until: Instant) -> tuple[Instant, ...]:
        """``since``, and every instant of the period at which others may be behind a name."""
        found, overrides = {since}, self._overrides(since)
        for name in self._reached(to) & self.rotations.keys():
            found.update(self.rotations[name].edges(since, until, overrides))
        return tuple(sorted(found))

    def next_on_duty(self, name: str, at: Instant) -> tuple[Recipient, ...]:
        """Who comes after those who are on duty now, in the order of their turns, in the rotations behind a
        role, a rotation or a person; each once."""
        now = {each.id for each in self._staffed(name, at)}
        coming = [
            (shift.since, shift.person, rotation)
            for rotation in self._reached(name) & self.rotations.keys()
            for shift in self.shifts(rotation, at, at + _TURNS_AHEAD)
            if shift.person is not None and shift.person in self.people.keys() - now
        ]
        found: dict[str, Recipient] = {}
        for _, person, rotation in sorted(coming):
            found.setdefault(person, _person(self.people[person], f"next on duty in {rotation}"))
        return tuple(found.values())

    def kept_elsewhere(self, name: str) -> tuple[Rotation, ...]:
        """The rotations behind a name of which a provider keeps the turns."""
        reached = sorted(self._reached(name) & self.rotations.keys())
        return tuple(self.rotations[each] for each in reached if self.rotations[each].held_by)

    def includes(self, name: str, person: str) -> bool:
        """Whether a person belongs to a role, a rotation or their own name, on duty or not."""
        return person in self._reached(name)

    def _reached(self, name: str) -> frozenset[str]:
        """Every role, rotation and person that a name leads to, itself included."""
        ahead, seen = [name], set[str]()
        while ahead:
            each = ahead.pop()
            if each not in seen:
                seen.add(each)
                ahead += self.roles.get(each, ())
                ahead += self.rotations[each].people if each in self.rotations else ()
        return frozenset(seen)

    # --- customers --------------------------------------------------------------------------

    def customer(self, name: str) -> Customer:
        """The customer of an id; ``NotFound`` where there is none."""
        if name not in self.customers:
            raise NotFound(f"no customer {name!r}", do_next="look at `customers` in upheld.yaml")
        return self.customers[name]

    def plan(self, customer: str, at: Instant) -> str | None:
        """The customer's plan on their local day; None where there is none, or no such customer."""
        found = self.customers.get(customer)
        return found.plan(at) if found else None

    def agreement(self, customer: str, at: Instant) -> Agreement | None:
        """The customer's own agreement on their local day."""
        found = self.customers.get(customer)
        return found.agreement(at) if found else None

    def language(self, customer: str | None) -> str:
        """The language in which a customer is written to; the site's where nothing is known."""
        found = self.customers.get(customer or "")
        return found.language if found else self._language


def _nobody_stands_in(_at: Instant) -> Sequence[Override]:
    return ()


def _person(person: Person, why: str) -> Recipient:
    return Recipient(
        person.id, person.name, person.addresses, person.zone, person.language, why, person.quiet
    )


def _told(customer: Customer, contact: Contact, why: str) -> Recipient:
    address = next(iter(contact.addresses.values()), contact.name)
    return Recipient(
        f"{customer.id}/{folded(address) or address}",
        contact.name,
        contact.addresses,
        customer.zone,
        customer.language,
        why,
    )


def _staff_addresses(people: Iterable[Person]) -> Iterable[tuple[str, Person]]:
    for person in people:
        yield from ((key, person) for key in map(folded, person.addresses.values()) if key)


def _contact_addresses(
    customers: Iterable[Customer],
) -> Iterable[tuple[str, tuple[Customer, Contact]]]:
    for customer in customers:
        for contact in customer.contacts:
            keys = map(folded, contact.addresses.values())
            yield from ((key, (customer, contact)) for key in keys if key)


def _domains(customers: Iterable[Customer]) -> Iterable[tuple[str, Customer]]:
    for customer in customers:
        keys = map(folded_pattern, customer.domains)
        yield from ((key, customer) for key in keys if key)
