"""Tiers and desks: whose turn a case can be, and on whose hours they work. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from upheld.policy.model import AnyRule, Policy

#: As the calendar of a target: that of the desk that has the case. As whom a rule tells: its people.
DESK: Final = "desk"
#: What meets the clock of a tier that gives the case on.
HANDED_OVER: Final = "handed_over"


class Answers(StrEnum):
    """Whom a tier speaks to: the customer, or only the desk that handed the case to it."""

    CUSTOMER = "customer"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Tier:
    """A level of support: partner, vendor …"""

    id: str
    name: str
    answers: Answers = Answers.CUSTOMER


@dataclass(frozen=True, slots=True)
class Desk:
    """Who has cases. ``calendar`` names its working days and its zone, ``people`` is a role; a case that
    comes to it goes into its ``queue``. ``language`` is for customers who name none."""

    id: str
    name: str
    tier: str
    calendar: str
    language: str | None = None
    queue: str | None = None
    people: str | None = None


def calendars_of(policy: Policy, rule: AnyRule) -> tuple[str, ...]:
    """The calendars that a rule may run on: its own, or those of all desks; none for elapsed time."""
    name: str | None = getattr(rule, "calendar", None)
    if name == DESK and DESK not in policy.calendars:
        return tuple(dict.fromkeys(desk.calendar for desk in policy.desks.values()))
    return () if name is None else (name,)
