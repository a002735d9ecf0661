"""A case as it stands at one instant: what its facts so far add up to. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from upheld.calendar.instant import Instant
from upheld.case.events import Entitled, Opened, OutcomeSet, Proposed, Watched
from upheld.case.turn import Turn


class Status(StrEnum):
    """Where a case stands. ``waiting`` names the party where it is ``waiting_…``."""

    OPEN = "open"
    WORKED = "worked"
    WAITING_CUSTOMER = "waiting_customer"
    WAITING_VENDOR = "waiting_vendor"
    RESOLVED = "resolved"
    CLOSED = "closed"


@dataclass(frozen=True)
class CaseState:
    """``severity`` is the marked one (by triage, a person, or a rule); until then the proposed one acts.

    ``marked_by_person``, ``judged_by_person`` and ``decided_flags`` tell what people have decided: no rule
    and no later proposal undoes that. Instants are of what happened last, except ``opened_at`` and
    ``responded_at`` (the first).
    ``product_id`` and ``standing`` are what the policy's list of products says of the product.
    ``default_plan`` is the policy's, for who has none.
    ``turns`` are those of the desks that had the case; the last one's is it (``held_by``).
    ``entitlement`` tells which system it is about, and whether an agreement covers that.
    ``parent_customer`` is set where the parent is another customer's.
    ``watched`` is what the monitor that opened it said last; ``monitor`` how that stands, for all that is
    known: while readings are inconclusive, what they showed before them too.
    """

    opened: Opened
    opened_at: Instant
    status: Status = Status.OPEN
    severity: int | None = None
    product_id: str | None = None
    standing: str | None = None
    marked_by_person: bool = False
    judged: OutcomeSet | None = None
    judged_by_person: bool = False
    given_kind: str | None = None
    proposed: Proposed | None = None
    triaged: bool = False
    rejected: bool = False
    given_number: str | None = None
    tracker_key: str | None = None
    queue: str | None = None
    assignee: str | None = None
    assigned_by_person: bool = False
    plan: str | None = None
    default_plan: str | None = None
    flags: frozenset[str] = frozenset()
    decided_flags: frozenset[str] = frozenset()
    provided: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)
    missed: frozenset[str] = frozenset()
    warned: frozenset[str] = frozenset()
    worked_at: Instant | None = None
    responded_at: Instant | None = None
    customer_spoke_at: Instant | None = None
    updated_at: Instant | None = None
    acknowledged_at: Instant | None = None
    mobilised_at: Instant | None = None
    resolved_at: Instant | None = None
    closed_at: Instant | None = None
    reopened_at: Instant | None = None
    held: str | None = None
    held_until: Instant | None = None
    escalated_by: str | None = None
    escalated_to: str | None = None
    turns: tuple[Turn, ...] = ()
    entitlement: Entitled | None = None
    parent: str | None = None
    parent_customer: str | None = None
    enforced_from: Instant | None = None
    watched: Watched | None = None
    monitor: frozenset[str] = frozenset()

    def but(self, **changes: Any) -> CaseState:
        """The same state but for these fields.

        ``dataclasses.replace`` hands all fields to ``__init__``, at twenty times the price; a case
        is lived through again for each event, so this is where the engine's time goes.
        """
        other = object.__new__(CaseState)
        other.__dict__.update(self.__dict__, **changes)
        return other

    def __eq__(self, other: object) -> bool:
        """By all fields. As dictionaries they are compared four times as fast as one by one."""
        if not isinstance(other, CaseState):
            return NotImplemented
        return self.__dict__ == other.__dict__

    @property
    def acting_severity(self) -> int | None:
        """The marked severity, and until there is one the proposed."""
        if self.severity is not None:
            return self.severity
        return self.proposed.severity if self.proposed else None

    @property
    def acting_plan(self) -> str | None:
        """The customer's plan, and the policy's default where they have none."""
        return self.plan if self.plan is not None else self.default_plan

    @property
    def held_by(self) -> str | None:
        """The desk whose turn it is; None where the policy has no desks."""
        return self.turns[-1].desk if self.turns else None

    @property
    def tier(self) -> str | None:
        """The tier of that desk."""
        return self.turns[-1].tier if self.turns else None

    @property
    def number(self) -> str | None:
        """The number the customer is told: given at triage, or the tracker's own key once triaged."""
        if self.given_number is not None:
            return self.given_number
        return self.tracker_key if self.triaged else None

    @property
    def outcome(self) -> str | None:
        """What it turned out to be, where that is not a problem to solve; until somebody judges, what
        it is taken for."""
        if self.judged is not None:
            return self.judged.outcome
        return self.proposed.outcome if self.proposed else None

    @property
    def case_kind(self) -> str | None:
        """What kind of request it is; until somebody says so, what it is taken for."""
        return self.given_kind or (self.proposed.case_kind if self.proposed else None)

    @property
    def product(self) -> str | None:
        """What it is about: as recorded, as it came in, as it was recognised."""
        said = self.fields.get("product") or self.opened.product
        return said or (self.proposed.product if self.proposed else None)

    @property
    def version(self) -> str | None:
        """The version of that, likewise."""
        said = self.fields.get("version") or self.opened.version
        return said or (self.proposed.version if self.proposed else None)

    @property
    def waiting(self) -> str | None:
        """The party the case waits for."""
        prefix, _, party = self.status.partition("_")
        return party if prefix == "waiting" else None
