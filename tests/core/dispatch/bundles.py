"""A site on which pages go by SMS and voice, and are gathered; with what each message told."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from tests.core.dispatch.scene import ACME, LIVE, Far, Phone, Site, page
from upheld.calendar.instant import DAY, MINUTE, SECOND, Instant, Span
from upheld.case.events import Triaged
from upheld.directory import Directory
from upheld.directory.build import Written, WrittenCustomer, build_directory
from upheld.directory.written import CustomerEntry, PersonEntry
from upheld.dispatch.failover import Patience
from upheld.dispatch.planner import Planner
from upheld.dispatch.reaching import Reaching
from upheld.dispatch.routes import Way, Ways
from upheld.plugin import Ability, Channel

WAYS: Final = Ways(page=(Way(Channel.SMS, "phone"), Way(Channel.VOICE, "phone")))
#: Nobody is looked for elsewhere: what is tested is when the first way is taken.
LONG: Final = Patience(delivered=DAY, acknowledged=DAY)


class Handset(Phone):
    """It tells what became of a message; it has no key for repeats."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.RECEIPTS})


class Keyed(Far):
    """A repeat with the same key has no second effect, and what was sent is found."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND, Ability.REPEAT})


def ours() -> Directory:
    """Ann is the chief, Bo the engineer; both have a phone."""
    people = {
        name: PersonEntry.model_validate({"name": name.title(), "phone": f"+1202555010{number}"})
        for number, name in enumerate(("ann", "bo", "cy"))
    }
    roles = {"chief": ("ann",), "engineer": ("bo",), "team": ("ann", "bo"), "operator": ("cy",)}
    acme = WrittenCustomer("acme", CustomerEntry.model_validate(ACME))
    return build_directory(Written(people=people, roles=roles, customers=(acme,)))


def gathering(site: Site, phone: type[Any] = Handset) -> Site:
    """The site, on which both have a phone."""
    site.directory = ours()
    site.phone = site.connect("phone", phone)
    return site


def reaching(site: Site, span: Span = MINUTE, patience: Patience = LONG) -> Reaching:
    planner = Planner(site.records, site.directory, WAYS, LIVE, site.lives, site.log, bundle=span)
    return Reaching(planner, patience)


def go(site: Site, span: Span = MINUTE, patience: Patience = LONG) -> None:
    """Plan, send and look until nothing is left to do at this instant, as the daemon does."""
    all_of_it = reaching(site, span, patience)
    while all_of_it.planner.plan() + site.send() + all_of_it.look():
        pass


def pass_seconds(site: Site, seconds: int, span: Span = MINUTE, patience: Patience = LONG) -> None:
    """Time passes as on a stage: from one look to the next."""
    until = site.clock.now() + seconds * SECOND
    while (wake := site.ledger.next_wake()) is not None and wake <= until:
        site.clock.forward_to(max(wake, site.clock.now()))
        go(site, span, patience)
    site.clock.forward_to(until)
    go(site, span, patience)


def paging(site: Site, severity: int, key: str, to: str = "chief") -> str:
    """A case of this severity that pages somebody; nothing is sent yet."""
    case = site.case()
    site.fact(case, Triaged(severity, key))
    site.decide(case, page(key, to))
    return case


def told(site: Site, person: str = "ann") -> list[tuple[Instant, list[str]]]:
    """When each message to a person went out, and for which messages of cases it spoke."""
    found: dict[str, tuple[Instant, list[str]]] = {}
    for each in site.deliveries():
        if each.attempts and each.recipient == person:
            found.setdefault(each.sent_as, (each.since, []))[1].append(each.outbox_key)
    return sorted((at, sorted(keys)) for at, keys in found.values())
