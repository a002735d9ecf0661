"""Who is who: people, contacts, customers, plans. Frozen data; days count in the customer's zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from upheld.calendar.hours import Hours
from upheld.calendar.instant import Instant
from upheld.calendar.wall import local_day

SenderKind: TypeAlias = Literal["partner", "staff", "unknown"]


@dataclass(frozen=True, slots=True)
class Person:
    """One of ours. ``addresses`` go by channel (mail, phone, sms, voice, chat) or plugin; in the hours
    ``quiet`` of their own zone they hear what is urgent, and nothing else."""

    id: str
    name: str
    addresses: Mapping[str, str]
    zone: str
    language: str
    quiet: Hours | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """One of the customer's people. The first address is the one that names them."""

    name: str
    addresses: Mapping[str, str]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanTerm:
    """A plan and its validity; both days belong to it, None is open."""

    plan: str
    valid_from: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the plan is valid on ``day``."""
        return within(day, self.valid_from, self.until)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A customer's own agreement: ``policy`` is a path or a shipped name; both days belong to it."""

    policy: str
    valid_from: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the agreement is valid on ``day``."""
        return within(day, self.valid_from, self.until)


@dataclass(frozen=True, slots=True)
class System:
    """A system of the customer's, as long as an agreement covers it; both days belong to it. ``words`` are
    what people call it; ``plan`` is its own, None where it is the customer's."""

    name: str
    words: tuple[str, ...]
    plan: str | None = None
    valid_from: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the agreement is valid on ``day``."""
        return within(day, self.valid_from, self.until)


@dataclass(frozen=True, slots=True)
class Server:
    """Something of the customer's that is watched."""

    url: str
    backup: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """An internet provider, and where they take notice of an outage."""

    id: str
    name: str
    mail: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody to whom a policy promises something. ``desk`` is where their cases begin; where they name
    no language, that of the desk comes before the site's."""

    id: str
    name: str
    kind: str
    zone: str
    language: str
    domains: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    servers: tuple[Server, ...] = ()
    plans: tuple[PlanTerm, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    systems: tuple[System, ...] = ()
    desk: str | None = None
    names_language: bool = True

    def plan(self, at: Instant) -> str | None:
        """The plan that is valid on the customer's local day of ``at``; None outside all terms."""
        day = self.day(at)
        return next((term.plan for term in self.plans if term.holds(day)), None)

    def agreement(self, at: Instant) -> Agreement | None:
        """The agreement that is valid on the customer's local day of ``at``."""
        day = self.day(at)
        return next((each for each in self.agreements if each.holds(day)), None)

    def day(self, at: Instant) -> date:
        """The customer's local day at ``at``."""
        return local_day(at, ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote, as far as their address tells. A display name never counts."""

    kind: SenderKind
    address: str
    name: str = ""
    customer: str | None = None
    customer_kind: str | None = None
    plan: str | None = None
    contact: Contact | None = None
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be told, and ``why`` it is them."""

    id: str
    name: str
    addresses: Mapping[str, str]
    zone: str
    language: str
    why: str = field(default="", compare=False)
    quiet: Hours | None = field(default=None, compare=False)

    def quiet_until(self, at: Instant) -> Instant | None:
        """When the quiet hours end that run at ``at``; None outside them. What isn't urgent waits."""
        if self.quiet is None or not self.quiet.open(at):
            return None
        return self.quiet.closes(at)


def within(day: date, first: date | None, last: date | None) -> bool:
    """Whether ``day`` lies between two days that both count; None is open."""
    return (first is None or first <= day) and (last is None or day <= last)
