"""What a file of scenarios holds. Its shape is in docs/reference/scenarios.md.

Times are read as written: ``2026-03-28T22:30:00Z``, a wall time of the scenario's ``zone``, or
``+2h30m`` after the opening of the case (for an opening: after the scenario's ``starts``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose
from upheld.case.events import Event
from upheld.directory import Directory
from upheld.directory.written import SystemEntry

#: The keys of a fact that are about when, whose and by whom; the rest are the fact's own.
ABOUT: Final = frozenset({"at", "seen", "case", "fact", "by"})


#: As written; ``+0`` is a number to YAML.
Time: TypeAlias = str | int


class Written(BaseModel):
    """Whatever people write: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WrittenCustomer(Written):
    """Somebody to whom something is promised. ``contacts`` by role: one address, or several."""

    name: str = ""
    kind: str = "partner"
    plan: str | None = None
    zone: str = "UTC"
    desk: str | None = None
    systems: tuple[SystemEntry, ...] = ()
    domains: tuple[str, ...] = ()
    contacts: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)


class WrittenMessage(Written):
    """A message that is expected: to a role, a contact (``customer.technical``) or ``reporter``."""

    at: Time
    case: str = "c1"
    to: str
    purpose: Purpose
    clauses: tuple[str, ...] | None = None
    soft: bool = False


class WrittenClock(Written):
    """A clock that is expected at the end; what is left out is not looked at."""

    case: str = "c1"
    clause: str
    target: str | None = None
    cycle: int = 1
    due: Time | None = None
    verdict: str | None = None
    met_at: Time | None = None
    soft: bool = False


class WrittenExpected(Written):
    """``messages``: all of them, and no other; left out, none is looked at. ``clocks``: these at least."""

    messages: tuple[WrittenMessage, ...] | None = None
    clocks: tuple[WrittenClock, ...] = ()


class WrittenDown(Written):
    """Nothing runs from the first instant until the second: facts are learned of then."""

    since: Time = Field(alias="from")
    until: Time


class WrittenScenario(Written):
    """A story: what happens, until when, and what is expected of the policy."""

    name: str = ""
    policy: str | None = None
    starts: Time | None = None
    zone: str | None = None
    customers: Mapping[str, WrittenCustomer] = Field(default_factory=dict)
    facts: tuple[dict[str, Any], ...] = Field(min_length=1)
    down: tuple[WrittenDown, ...] = ()
    until: Time
    expected: WrittenExpected | None = None
    note: str = ""


class WrittenFile(Written):
    """Several scenarios, and what they share."""

    policy: str | None = None
    zone: str | None = None
    customers: Mapping[str, WrittenCustomer] = Field(default_factory=dict)
    scenarios: tuple[WrittenScenario, ...] = Field(min_length=1)
    note: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedMessage:
    """``clauses`` None: any."""

    at: Instant
    case: str
    to: str
    purpose: Purpose
    clauses: frozenset[str] | None
    soft: bool


@dataclass(frozen=True, slots=True)
class ExpectedClock:
    """None: any."""

    case: str
    clause: str
    target: str | None
    cycle: int
    due: Instant | None
    verdict: str | None
    met_at: Instant | None
    soft: bool


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario read: facts by case, in the order in which they are learned of.

    ``messages`` None: they are not looked at. ``down`` are instants between which nothing runs.
    """

    name: str
    policy: str
    directory: Directory
    facts: Mapping[str, tuple[Event, ...]]
    down: tuple[tuple[Instant, Instant], ...]
    until: Instant
    messages: tuple[ExpectedMessage, ...] | None
    clocks: tuple[ExpectedClock, ...]
    compares: bool
