"""What a decider is given and what it answers. Data only; one shape for every kind of subject.

``decide(policy, subject, event) -> Decision`` is pure. The ledger is handed ``decide`` with the
policy already bound, carries out the decision in one transaction, and knows no policy itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from upheld.calendar.instant import Instant, Span
from upheld.case.events import CalendarApplied, Event, Migrated, Opened


@dataclass(frozen=True, slots=True)
class Subject:
    """A case, a referral, a monitor or a window as the ledger holds it.

    ``facts`` are in order of arrival; ``state`` is what the last decision left, None at first;
    ``policy`` is the version that the subject is pinned to.
    """

    id: str
    kind: str
    seq: int
    policy: str
    facts: tuple[Event, ...] = ()
    state: Mapping[str, Any] | None = None

    @property
    def calendar(self) -> str | None:
        """The calendar version that the subject is pinned to; None where it never was."""
        return pinned_calendar(self.facts)


def pinned_calendar(facts: Sequence[Event]) -> str | None:
    """The calendar version of facts in order of arrival: that of the opening, or applied since."""
    for fact in reversed(facts):
        if isinstance(fact.body, Opened | CalendarApplied | Migrated):
            return fact.body.calendar
    return None


class Purpose(StrEnum):
    """Why a message is sent; decides its channel, its urgency and who may read it.

    ``ask`` asks one of ours, ``question`` the customer; a ``comment`` is for our own people alone, on the
    case's items on trackers; an ``answer`` tells one of ours what their verb came to.
    """

    ACK = "ack"
    PAGE = "page"
    CALL = "call"
    TICKET_NUMBER = "ticket_number"
    STATUS = "status"
    NOTIFY = "notify"
    ASK = "ask"
    REPLY = "reply"
    MAIL = "mail"
    FORWARD = "forward"
    REFERRAL = "referral"
    QUESTION = "question"
    COMMENT = "comment"
    ANSWER = "answer"
    STAND_DOWN = "stand_down"


class Withdrawal(StrEnum):
    """Why a page is withdrawn: the first two acknowledge it at the provider, the others resolve it."""

    ACKNOWLEDGED = "acknowledged"
    WORKED = "worked"
    SUPERSEDED = "superseded"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Send:
    """Put a message in the outbox. ``to`` is a role, ``customer.<role>``, ``reporter``, ``assignee``
    or a person; who that is today is found at sending. ``late`` is how late the step came."""

    key: str
    purpose: Purpose
    to: tuple[str, ...]
    clauses: tuple[str, ...]
    due: Instant
    late: Span = 0
    template: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)  # what the template may say


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stand everybody down who was paged for this case; what has not gone out yet stays in."""

    key: str
    why: Withdrawal
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancel:
    """News came late: whatever of this step has not gone out yet must not."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class CreateItem:
    """Open an item for this case on the tracker ``connection``; ``key`` finds it after a lost reply."""

    key: str
    connection: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open a case for what this subject found: ``opened`` is what ``opening`` says, ``facts`` come with it.
    Whoever records the decision does so in the same transaction, and once."""

    opening: Event
    opened: Opened
    facts: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Tell:
    """Record ``event`` on another subject (a case), in the same transaction."""

    subject: str
    event: Event


Action: TypeAlias = Send | Withdraw | Cancel | CreateItem
#: What a subject does to another: carried out by whoever records the decision, never by the outbox.
Deed: TypeAlias = OpenCase | Tell


@dataclass(frozen=True, slots=True)
class Listing:
    """What lists and queues are sorted and searched by; a projection, never the truth. ``warned`` names
    the targets past their aim, with spaces between."""

    status: str = "open"
    severity: int | None = None
    queue: str | None = None
    assignee: str | None = None
    customer: str | None = None
    number: str | None = None
    title: str = ""
    opened: Instant = 0
    due: Instant | None = None
    worked: bool = False
    warned: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The new state, the events that follow, the actions to carry out, and when to look again."""

    state: Mapping[str, Any]
    follows: tuple[Event, ...] = ()
    actions: tuple[Action, ...] = ()
    deeds: tuple[Deed, ...] = ()
    wake_at: Instant | None = None
    listing: Listing = field(default_factory=Listing)


Decider: TypeAlias = Callable[[Subject, Event], Decision]
