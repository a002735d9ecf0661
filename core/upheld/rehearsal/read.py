"""A file of scenarios, read: each problem with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from upheld.calendar.instant import Instant
from upheld.calendar.wall import zone_named
from upheld.directory import Contact, Customer, Directory, PlanTerm
from upheld.directory.build import system
from upheld.errors import ConfigError
from upheld.rehearsal.facts import Facts
from upheld.rehearsal.scenario import (
    ExpectedClock,
    ExpectedMessage,
    Scenario,
    WrittenClock,
    WrittenCustomer,
    WrittenFile,
    WrittenMessage,
    WrittenScenario,
)
from upheld.source import Document, problems

_WITHOUT_POLICY = "name one: `policy: magnolia`, a file, or --policy"


@dataclass(frozen=True, slots=True)
class Shared:
    """What a scenario takes from its file where it says nothing itself."""

    policy: str | None = None
    zone: str | None = None
    customers: Mapping[str, WrittenCustomer] | None = None


def scenarios(document: Document, *, policy: str | None = None) -> tuple[Scenario, ...]:
    """The scenarios of a file, in its order; ``policy`` replaces what they name.

    A file is one scenario, or has them under ``scenarios``. ``ConfigError`` tells what is wrong.
    """
    if not isinstance(document.data, Mapping):
        raise ConfigError("is no scenario", where=document.place(), do_next="see docs/reference")
    return tuple(_all(document, policy))


def _all(document: Document, policy: str | None) -> Iterator[Scenario]:
    if "scenarios" not in document.data:
        yield _scenario(document, (), _checked(WrittenScenario, document), Shared(), policy)
        return
    file = _checked(WrittenFile, document)
    shared = Shared(file.policy, file.zone, file.customers)
    for index, written in enumerate(file.scenarios):
        yield _scenario(document, ("scenarios", index), written, shared, policy)


def _checked(model: Any, document: Document) -> Any:
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise problems(error, document) from None


def _scenario(
    document: Document,
    path: tuple[str | int, ...],
    written: WrittenScenario,
    shared: Shared,
    policy: str | None,
) -> Scenario:
    named = policy or written.policy or shared.policy
    if named is None:
        where = document.place(*path)
        raise ConfigError("there is no policy to try", where=where, do_next=_WITHOUT_POLICY)
    zone = _zone(document, path, written.zone or shared.zone)
    directory = _directory({**(shared.customers or {}), **written.customers})
    facts = Facts(document, path, directory, None, zone, {})
    facts.starts = facts.at(written.starts, "", "starts") if written.starts is not None else None
    events = facts.read(written.facts)
    facts.starts = facts.starts or min(facts.opened.values())
    expected = written.expected
    return Scenario(
        name=written.name or f"scenario {path[-1] + 1 if path else 1}",  # type: ignore[operator]
        policy=named,
        directory=directory,
        facts=events,
        down=tuple(_down(facts, written)),
        until=facts.at(written.until, "", "until"),
        messages=None
        if expected is None or expected.messages is None
        else tuple(_messages(facts, expected.messages)),
        clocks=tuple(_clocks(facts, expected.clocks)) if expected else (),
        compares=expected is not None,
    )


def _zone(document: Document, path: tuple[str | int, ...], name: str | None) -> ZoneInfo | None:
    try:
        return zone_named(name) if name else None
    except ConfigError as error:
        where = document.place(*path, "zone")
        raise ConfigError(error.what, where=where, do_next=error.do_next) from None


def _down(facts: Facts, written: WrittenScenario) -> Iterator[tuple[Instant, Instant]]:
    for index, each in enumerate(written.down):
        since = facts.at(each.since, "", "down", index, "from")
        yield since, facts.at(each.until, "", "down", index, "until")


def _messages(facts: Facts, written: tuple[WrittenMessage, ...]) -> Iterator[ExpectedMessage]:
    for index, each in enumerate(written):
        place = ("expected", "messages", index)
        _known_case(facts, each.case, place)
        at = facts.at(each.at, each.case, *place, "at")
        clauses = None if each.clauses is None else frozenset(each.clauses)
        yield ExpectedMessage(at, each.case, each.to, each.purpose, clauses, each.soft)


def _clocks(facts: Facts, written: tuple[WrittenClock, ...]) -> Iterator[ExpectedClock]:
    for index, each in enumerate(written):
        place = ("expected", "clocks", index)
        _known_case(facts, each.case, place)
        due, met_at = (
            facts.at(text, each.case, *place, key) if text is not None else None
            for key, text in (("due", each.due), ("met_at", each.met_at))
        )
        yield ExpectedClock(
            each.case, each.clause, each.target, each.cycle, due, each.verdict, met_at, each.soft
        )


def _known_case(facts: Facts, case: str, place: tuple[str | int, ...]) -> None:
    if case not in facts.opened:
        known = ", ".join(facts.opened)
        raise facts.wrong(f"there is no case {case!r}", *place, do_next=f"there is: {known}")


def _directory(written: Mapping[str, WrittenCustomer]) -> Directory:
    return Directory(customers=[_customer(name, each) for name, each in written.items()])


def _customer(name: str, written: WrittenCustomer) -> Customer:
    roles: dict[str, list[str]] = {}
    for role, addresses in written.contacts.items():
        for address in [addresses] if isinstance(addresses, str) else addresses:
            roles.setdefault(address, []).append(role)
    return Customer(
        id=name,
        name=written.name or name,
        kind=written.kind,
        zone=written.zone,
        language="en",
        domains=written.domains,
        contacts=tuple(
            Contact(address, {"mail": address, "phone": address}, tuple(of))
            for address, of in roles.items()
        ),
        plans=(PlanTerm(written.plan),) if written.plan else (),
        desk=written.desk,
        systems=tuple(map(system, written.systems)),
    )
