"""A directory from what is written: references must lead somewhere, addresses to one place."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from zoneinfo import ZoneInfo

from upheld.calendar.hours import Hours
from upheld.calendar.spec import CalendarSpec
from upheld.calendar.week import read_week
from upheld.directory.address import by_channel, folded
from upheld.directory.lookup import ASSIGNEE, CUSTOMER, REPORTER, Directory
from upheld.directory.model import (
    Agreement,
    Contact,
    Customer,
    Person,
    PlanTerm,
    Provider,
    Server,
    System,
)
from upheld.directory.rotation import Layer, Rotation, first_day
from upheld.directory.written import (
    AgreementEntry,
    ContactEntry,
    CustomerEntry,
    PersonEntry,
    PlanEntry,
    RotationEntry,
    SystemEntry,
    Turns,
)
from upheld.errors import ConfigError, Place

_Valid: TypeAlias = PlanEntry | AgreementEntry | SystemEntry
Places: TypeAlias = Callable[[tuple[str | int, ...]], Place | None]


def nowhere(_path: tuple[str | int, ...]) -> Place | None:
    """No place is known."""
    return None


@dataclass(frozen=True, slots=True)
class WrittenCustomer:
    """A customer with its id and where it stands."""

    id: str
    entry: CustomerEntry
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """All that a directory is made of; ``places`` tells where a key of upheld.yaml stands."""

    people: Mapping[str, PersonEntry] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rotations: Mapping[str, RotationEntry] = field(default_factory=dict)
    customers: tuple[WrittenCustomer, ...] = ()
    providers: tuple[Provider, ...] = ()
    zone: str = "UTC"
    language: str = "en"
    places: Places = nowhere


def build_directory(written: Written) -> Directory:
    """The directory; ``ConfigError`` holds all that does not fit together."""
    problems = tuple(
        problem
        for check in (_names, _references, _customer_ids, _domains, _addresses, _terms)
        for problem in check(written)
    )
    if problems:
        raise ConfigError.several(problems)
    return Directory(
        people=[_person(name, entry, written) for name, entry in written.people.items()],
        customers=[_customer(each, written) for each in written.customers],
        roles=written.roles,
        rotations=[
            rotation_of(name, each, written.zone) for name, each in written.rotations.items()
        ],
        providers=written.providers,
        zone=written.zone,
        language=written.language,
    )


# --- making -------------------------------------------------------------------------------------


def _person(name: str, entry: PersonEntry, written: Written) -> Person:
    addresses = by_channel(entry.mail, entry.phone, dict(entry.__pydantic_extra__ or {}))
    zone, language = entry.zone or written.zone, entry.language or written.language
    quiet = hours_of(f"quiet hours of {name}", entry.quiet, zone)
    return Person(name, entry.name, addresses, zone, language, quiet)


def _contact(entry: ContactEntry) -> Contact:
    return Contact(entry.name, by_channel(entry.mail, entry.phone, {}), entry.roles)


def _customer(each: WrittenCustomer, written: Written) -> Customer:
    entry = each.entry
    return Customer(
        id=each.id,
        name=entry.name,
        kind=entry.kind,
        zone=entry.zone or written.zone,
        language=entry.language or written.language,
        desk=entry.desk,
        names_language=entry.language is not None,
        domains=entry.domains,
        contacts=tuple(map(_contact, entry.contacts)),
        servers=tuple(Server(server.url, server.backup) for server in entry.servers),
        systems=tuple(map(system, entry.systems)),
        plans=tuple(PlanTerm(term.plan, term.valid_from, term.until) for term in entry.plan),
        agreements=tuple(
            Agreement(term.policy, term.valid_from, term.until) for term in entry.agreement
        ),
    )


def system(entry: SystemEntry) -> System:
    """A system as it is written, by its name and whatever else it is called."""
    words = tuple(dict.fromkeys((entry.system, *entry.words)))
    return System(entry.system, words, entry.plan, entry.valid_from, entry.until)


def rotation_of(name: str, entry: RotationEntry, zone: str) -> Rotation:
    """A rotation as it is written; ``zone`` is that of the site."""
    own = entry.zone or zone
    layers = tuple(_layer(f"rotation {name}", each, own) for each in entry.turns())
    return Rotation(name, layers, entry.held_by)


def _layer(name: str, entry: Turns, zone: str) -> Layer:
    weekday, minutes = entry.handover()
    start = entry.starts or first_day(0, None)
    first = start if weekday is None else first_day(weekday, start)
    zone = entry.zone or zone
    return Layer(
        people=entry.people,
        every=entry.every * (1 if weekday is None else 7),
        minutes=minutes,
        zone=zone,
        first=first,
        hours=hours_of(name, entry.hours, zone),
    )


def hours_of(name: str, week: Mapping[str, tuple[str, ...]] | None, zone: str) -> Hours | None:
    """Hours of a week as instants; None where none are written."""
    if week is None:
        return None
    return Hours(name, read_week(CalendarSpec(name, week=week)), ZoneInfo(zone))


# --- checking -----------------------------------------------------------------------------------


def _names(written: Written) -> Iterator[ConfigError]:
    """A name means one thing, and none of the words that a policy uses for whom."""
    seen: dict[str, str] = {}
    groups = {"people": written.people, "rotations": written.rotations, "roles": written.roles}
    for group, names in groups.items():
        for name in names:
            where = written.places((group, name))
            if name in {CUSTOMER, REPORTER, ASSIGNEE} or name.startswith(f"{CUSTOMER}."):
                yield ConfigError(
                    f"{name!r} means somebody else in a policy", where=where, do_next="rename it"
                )
            elif name in seen:
                what = f"{name!r} stands in `{seen[name]}` and in `{group}`"
                yield ConfigError(what, where=where, do_next="rename one of them")
            seen.setdefault(name, group)


def _references(written: Written) -> Iterator[ConfigError]:
    known = {*written.people, *written.rotations, *written.roles}
    for role, names in written.roles.items():
        yield from _unknown(names, known, written.places(("roles", role)))
        if _loops(role, written.roles):
            yield ConfigError(
                f"role {role!r} leads back to itself", where=written.places(("roles", role))
            )
    for rotation, entry in written.rotations.items():
        yield from _unknown(
            entry.everybody(), written.people, written.places(("rotations", rotation))
        )


def _unknown(
    names: Iterable[str], known: Iterable[str], where: Place | None
) -> Iterator[ConfigError]:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, list(known), n=1)
            hint = f"did you mean {near[0]!r}?" if near else "put them under `people`"
            yield ConfigError(f"there is nobody called {name!r}", where=where, do_next=hint)


def _loops(role: str, roles: Mapping[str, tuple[str, ...]]) -> bool:
    ahead, seen = list(roles[role]), set[str]()
    while ahead:
        name = ahead.pop()
        if name == role:
            return True
        if name not in seen:
            seen.add(name)
            ahead += roles.get(name, ())
    return False


def _customer_ids(written: Written) -> Iterator[ConfigError]:
    seen: dict[str, WrittenCustomer] = {}
    for customer in written.customers:
        if customer.id in seen:
            yield _twice(f"customer {customer.id!r}", seen[customer.id], customer)
        seen.setdefault(customer.id, customer)


def _domains(written: Written) -> Iterator[ConfigError]:
    """A domain of two customers would give the one's cases to the other."""
    pairs = ((each, domain) for each in written.customers for domain in each.entry.domains)
    yield from _owned_once("domain", pairs)


def _addresses(written: Written) -> Iterator[ConfigError]:
    """An address of contacts of two customers, or of two of our people, tells nobody apart."""
    contacts = (
        (each, address)
        for each in written.customers
        for contact in each.entry.contacts
        for address in (contact.mail, contact.phone)
        if address
    )
    yield from _owned_once("address", contacts)
    seen: dict[str, str] = {}
    for name, entry in written.people.items():
        key = folded(entry.mail or "")
        if key and seen.setdefault(key, name) != name:
            where = written.places(("people", name, "mail"))
            what = f"{entry.mail} belongs to {seen[key]!r} and to {name!r}"
            yield ConfigError(what, where=where, do_next="give each person an own address")


def _owned_once(what: str, pairs: Iterable[tuple[WrittenCustomer, str]]) -> Iterator[ConfigError]:
    seen: dict[str, WrittenCustomer] = {}
    for customer, address in pairs:
        first = seen.setdefault(folded(address) or address, customer)
        if first.id != customer.id:
            yield _twice(f"{what} {address}", first, customer)


def _twice(what: str, first: WrittenCustomer, again: WrittenCustomer) -> ConfigError:
    at = f" ({first.place})" if first.place else ""
    return ConfigError(
        f"{what} stands twice: at customer {first.id!r}{at} and at customer {again.id!r}",
        where=again.place,
        do_next="leave it at the one it belongs to",
    )


def _terms(written: Written) -> Iterator[ConfigError]:
    """Of two plans on one day nobody could say which holds."""
    for each in written.customers:
        for what, terms in _listed(each.entry):
            if any(map(_overlap, terms, terms[1:])) or _open_twice(terms):
                yield ConfigError(
                    f"two {what} of customer {each.id!r} are valid on one day",
                    where=each.place,
                    do_next="give them `from` and `until`, in order; both days count",
                )


def _listed(entry: CustomerEntry) -> Iterator[tuple[str, tuple[_Valid, ...]]]:
    """The lists of which only one may hold on a day: plans, agreements, those of each system."""
    yield "plans", entry.plan
    yield "agreements", entry.agreement
    for name in dict.fromkeys(each.system for each in entry.systems):
        terms = tuple(each for each in entry.systems if each.system == name)
        yield f"agreements for system {name!r}", terms


def _overlap(one: _Valid, after: _Valid) -> bool:
    return one.until is None or after.valid_from is None or after.valid_from <= one.until


def _open_twice(terms: tuple[_Valid, ...]) -> bool:
    return sum(term.until is None for term in terms) > 1
