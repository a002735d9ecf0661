"""What can happen to a case: one small record a kind, in our words, never a tracker's.

An event has ``at`` (when it happened), ``seen`` (when we learned of it) and an ``origin``. Facts are
what the world did; consequences are what the engine concluded. Clocks are derived from facts alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final, TypeAlias

from upheld.calendar.instant import Instant, Span


class Side(StrEnum):
    """On whose behalf somebody acts. Only ``staff`` can work a case."""

    STAFF = "staff"
    CUSTOMER = "customer"
    PROVIDER = "provider"
    BOT = "bot"
    UPHELD = "upheld"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person's id (or an address, where we know no person) and their side."""

    id: str
    side: Side


UPHELD: Final = Actor("upheld", Side.UPHELD)


class Origin(StrEnum):
    """A fact of the world, or a consequence of our own."""

    FACT = "fact"
    CONSEQUENCE = "consequence"


# --- facts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """The case exists: what came in, from whom, and what the directory knew of them then.

    ``nature`` tells what a machine wrote: nobody answers that by itself.
    ``create_on`` names the tracker connection where an item is to be opened for it.
    ``enforced_from`` None means: read and reported, but not enforced until a person takes it in.
    ``calendar`` is the calendar version in force then; None where the days are those of the policy.
    ``desk`` is the customer's own, None where it has none.
    """

    kind: ClassVar[str] = "opened"
    rank: ClassVar[int] = 0
    source: str
    subject: str
    text: str
    reporter: str = ""
    reporter_name: str = ""
    customer: str | None = None
    customer_kind: str | None = None
    plan: str | None = None
    language: str | None = None
    product: str | None = None
    version: str | None = None
    nature: str = "normal"
    connection: str | None = None
    create_on: str | None = None
    enforced_from: Instant | None = None
    calendar: str | None = None
    desk: str | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """The classifier's proposal, with the rule that made it and what matched."""

    kind: ClassVar[str] = "proposed"
    rank: ClassVar[int] = 1
    severity: int | None = None
    flags: tuple[str, ...] = ()
    outcome: str | None = None
    rule: str = ""
    reason: str = ""
    case_kind: str | None = None
    product: str | None = None
    version: str | None = None


class Entitlement(StrEnum):
    """Whether what a case is about is under an agreement on the day on which it opened."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_BEGUN = "not_begun"
    UNLISTED = "unlisted"  # the customer has systems, and this is none of them
    UNKNOWN = "unknown"  # the customer has systems, and nobody said which


@dataclass(frozen=True, slots=True)
class Entitled:
    """Which system of the customer's the case is about, and whether an agreement covers it.

    ``day`` is the last day of that, or the first where it has not begun; ``plan`` the system's own;
    ``how`` tells what named it.
    """

    kind: ClassVar[str] = "entitled"
    rank: ClassVar[int] = 1
    standing: Entitlement
    system: str = ""
    plan: str | None = None
    day: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Enforced:
    """From ``since`` on the policy is enforced (taken in, left shadow, migrated, restored)."""

    kind: ClassVar[str] = "enforced"
    rank: ClassVar[int] = 1
    since: Instant
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CalendarApplied:
    """Days to come changed: from here on ``calendar`` counts, a calendar version; ``what`` changed."""

    kind: ClassVar[str] = "calendar_applied"
    rank: ClassVar[int] = 1
    calendar: str
    before: str | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Migrated:
    """From here on the case is judged by ``policy``, a policy version; ``calendar`` are its days.

    ``judged`` holds the verdicts that were given before, by the key of their clock: they stand. What
    the new policy would have wanted earlier is before enforcement.
    """

    kind: ClassVar[str] = "migrated"
    rank: ClassVar[int] = 1
    policy: str
    before: str
    calendar: str | None = None
    judged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Linked:
    """The case has an item on a tracker; ``key`` is what people say (and the number, once triaged)."""

    kind: ClassVar[str] = "linked"
    rank: ClassVar[int] = 1
    connection: str
    id: str
    key: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Restated:
    """What the opening said is another from here on: what it is about, who reported it, whose it is.

    None leaves a thing as it was, "" means nobody. What the directory knows of a customer comes with
    them: kind, plan and language are read where ``customer`` is given.
    """

    kind: ClassVar[str] = "restated"
    rank: ClassVar[int] = 1
    title: str | None = None
    reporter: str | None = None
    reporter_name: str = ""
    customer: str | None = None
    customer_kind: str | None = None
    plan: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Triaged:
    """A person has reviewed the case: its severity, and its number where they gave one."""

    kind: ClassVar[str] = "triaged"
    rank: ClassVar[int] = 2
    severity: int
    number: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Triage found that this needs no number; it closes with the reason."""

    kind: ClassVar[str] = "rejected"
    rank: ClassVar[int] = 2
    reason: str


@dataclass(frozen=True, slots=True)
class SeveritySet:
    """A person changed the severity after triage (or in the tracker, before it)."""

    kind: ClassVar[str] = "severity_set"
    rank: ClassVar[int] = 3
    severity: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag of the policy was set or cleared, for example ``customer_system``."""

    kind: ClassVar[str] = "flagged"
    rank: ClassVar[int] = 3
    flag: str
    on: bool = True


@dataclass(frozen=True, slots=True)
class OutcomeSet:
    """A person says what the case turned out to be, or takes that back (None), and why. ``about``
    names what is meant: the other vendor's product, the alteration."""

    kind: ClassVar[str] = "outcome_set"
    rank: ClassVar[int] = 3
    outcome: str | None
    reason: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class KindSet:
    """A person says what kind of request it is: a question of use, a defect, an installation …"""

    kind: ClassVar[str] = "kind_set"
    rank: ClassVar[int] = 3
    case_kind: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The case was moved to a queue."""

    kind: ClassVar[str] = "queued"
    rank: ClassVar[int] = 3
    queue: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """Somebody is to work the case. Not work by itself."""

    kind: ClassVar[str] = "assigned"
    rank: ClassVar[int] = 3
    to: str


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """The customer's plan is another one from now on."""

    kind: ClassVar[str] = "plan_changed"
    rank: ClassVar[int] = 3
    plan: str | None


@dataclass(frozen=True, slots=True)
class Mobilised:
    """A person called in the whole support team."""

    kind: ClassVar[str] = "mobilised"
    rank: ClassVar[int] = 4
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Escalated:
    """A customer or an engineer escalated, to a role or a queue. ``asked_by`` is the side for which it was
    recorded, where that is not the actor's: a customer on the phone."""

    kind: ClassVar[str] = "escalated"
    rank: ClassVar[int] = 4
    to: str
    reason: str = ""
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Whoever the case was escalated to has done what was asked of them: it is ours again."""

    kind: ClassVar[str] = "taken_back"
    rank: ClassVar[int] = 5
    note: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The case is another desk's now, of this tier; where it was is told by the facts before. ``override``
    is why a gate was passed without what it asks for."""

    kind: ClassVar[str] = "handed_over"
    rank: ClassVar[int] = 4
    desk: str
    tier: str = ""
    reason: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True)
class PageAcknowledged:
    """Somebody answered a page: it stops the delivery, never the step."""

    kind: ClassVar[str] = "page_acknowledged"
    rank: ClassVar[int] = 4
    key: str = ""


@dataclass(frozen=True, slots=True)
class CustomerMessage:
    """The customer wrote. Ends a wait for them.

    ``text`` is what was new, ``whole`` all that came, with what it quotes, where that is more.
    ``customer`` is whose people wrote; it counts for nothing while the case is another one's. None
    where nobody told.
    """

    kind: ClassVar[str] = "customer_message"
    rank: ClassVar[int] = 5
    text: str
    sender: str = ""
    customer: str | None = None
    whole: str = ""


@dataclass(frozen=True, slots=True)
class PublicReply:
    """A person answered the customer. ``send`` is set where it is still to be sent: it was typed at our
    own door, or written to us alone. ``whole`` is all of their mail, where that is more."""

    kind: ClassVar[str] = "public_reply"
    rank: ClassVar[int] = 6
    text: str
    send: bool = False
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """An internal note. Never work, never sent to a customer."""

    kind: ClassVar[str] = "noted"
    rank: ClassVar[int] = 6
    text: str


@dataclass(frozen=True, slots=True)
class CallLogged:
    """A person spoke with the customer."""

    kind: ClassVar[str] = "call_logged"
    rank: ClassVar[int] = 6
    text: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Worked:
    """A person has begun: ``command``, ``worklog`` or ``in_progress``; ``override`` is why a gate was
    passed without what it asks for."""

    kind: ClassVar[str] = "worked"
    rank: ClassVar[int] = 6
    how: str = "command"
    override: str = ""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """This case was begun while more severe ones of its queue stood unworked."""

    kind: ClassVar[str] = "passed_over"
    rank: ClassVar[int] = 6
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitingOn:
    """The case waits for somebody: ``customer`` or ``vendor``."""

    kind: ClassVar[str] = "waiting_on"
    rank: ClassVar[int] = 7
    party: str


@dataclass(frozen=True, slots=True)
class Held:
    """Arranged to wait, until an instant or until released."""

    kind: ClassVar[str] = "held"
    rank: ClassVar[int] = 7
    reason: str
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """The hold is over."""

    kind: ClassVar[str] = "released"
    rank: ClassVar[int] = 7


@dataclass(frozen=True, slots=True)
class Provided:
    """Something a ``require`` rule asks for is there: a waiver, a version, an agreement; or what stands
    behind a gate itself (``customer_access``), with the ``override`` where it was passed by one."""

    kind: ClassVar[str] = "provided"
    rank: ClassVar[int] = 7
    item: str
    value: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """The case belongs to another one: its pages and statuses fold into the parent's.

    ``customer`` is the parent's where that is another one ("" where it has none): then the case
    goes on to speak to its own customer itself.
    """

    kind: ClassVar[str] = "attached"
    rank: ClassVar[int] = 7
    parent: str
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Detached:
    """The case stands for itself again; ``reason`` is given where Upheld found that it must.

    It ranks behind ``Attached``: of one instant, rather twice than never.
    """

    kind: ClassVar[str] = "detached"
    rank: ClassVar[int] = 8
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """``fix``, ``workaround`` or ``plan``, and what was done; ``override`` is why a gate was passed
    without what it asks for."""

    kind: ClassVar[str] = "resolved"
    rank: ClassVar[int] = 8
    how: str = "fix"
    text: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """The case is over; ``override`` as for ``Resolved``."""

    kind: ClassVar[str] = "closed"
    rank: ClassVar[int] = 9
    reason: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True)
class Reopened:
    """The case is open again."""

    kind: ClassVar[str] = "reopened"
    rank: ClassVar[int] = 10
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """The case was due, and its tracker could not be read; it was read last at ``since`` (None: never)."""

    kind: ClassVar[str] = "unread"
    rank: ClassVar[int] = 11
    connection: str
    since: Instant | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """A monitor is in another state, as its readings were counted.

    ``since`` is when that began (the first failed request of an outage), ``failed`` how many failed in a row,
    ``recent`` the last readings in a line each. ``excuse`` tells why a failure is no outage of its own
    (a window, what stands before it); ``open_case`` is the case of this monitor that was not closed then,
    ``resolved`` whether it was resolved. ``backups`` tells how what stands in for it does, by name;
    ``backs`` is the open case of the monitor for which it stands in itself.
    ``unseen``: nothing was read of it from then until ``at``, though it should have been; so a fact may leave
    the state as it was.
    """

    kind: ClassVar[str] = "turned"
    rank: ClassVar[int] = 2
    state: str
    before: str
    since: Instant
    failed: int = 0
    detail: str = ""
    recent: tuple[str, ...] = ()
    excuse: str = ""
    open_case: str | None = None
    resolved: bool = False
    version: str = ""
    unseen: Instant | None = None
    backups: Mapping[str, str] = field(default_factory=dict)
    backs: str | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """A monitor opened ``case``."""

    kind: ClassVar[str] = "raised"
    rank: ClassVar[int] = 3
    case: str


@dataclass(frozen=True, slots=True)
class Watched:
    """What a monitor says of a case: ``monitor``, one of those that are watched as ``of``, is ``state`` since
    ``since``.

    The first that speaks is the one that opened the case; another one stands in for that. ``backups`` tells
    how those do, by name (M-20).
    """

    kind: ClassVar[str] = "watched"
    rank: ClassVar[int] = 2
    monitor: str
    state: str
    since: Instant
    of: str = ""
    detail: str = ""
    version: str = ""
    backups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reported:
    """A system that an advisory may concern tells which ``version`` it runs; ``monitor`` reads it."""

    kind: ClassVar[str] = "reported"
    rank: ClassVar[int] = 2
    monitor: str
    version: str
    customer: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class WindowPlanned:
    """Maintenance of ``monitors`` from ``begins`` to ``ends``, again and again where ``recurs`` (an RRULE)
    says so, by the wall time of ``zone``."""

    kind: ClassVar[str] = "window_planned"
    rank: ClassVar[int] = 1
    monitors: tuple[str, ...]
    begins: Instant
    ends: Instant
    zone: str
    recurs: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShiftChanged:
    """``person`` is on duty for a rotation ("" is nobody) until ``until`` (None: for good). ``cases`` are
    the open Severity 1 that wait for them, where they came after somebody."""

    kind: ClassVar[str] = "shift_changed"
    rank: ClassVar[int] = 3
    rotation: str
    person: str
    until: Instant | None
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowCancelled:
    """The window is off, from here on; of one that comes again only the time that begins at ``time``, where
    that is given."""

    kind: ClassVar[str] = "window_cancelled"
    rank: ClassVar[int] = 2
    reason: str = ""
    time: Instant | None = None


@dataclass(frozen=True, slots=True)
class Annulled:
    """A named person annuls a verdict, with a reason; both stay, reports count it as annulled."""

    kind: ClassVar[str] = "annulled"
    rank: ClassVar[int] = 11
    key: str
    reason: str


# --- consequences -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receipted:
    """What came of a sending: the proof that a message went out, or that it did not.

    ``state`` is accepted, delivered, acknowledged, resolved or failed; ``clauses`` are the
    promises for which it was sent, ``recipient`` the person or contact who was meant.
    """

    kind: ClassVar[str] = "receipted"
    rank: ClassVar[int] = 12
    key: str
    state: str
    channel: str
    connection: str
    recipient: str
    purpose: str = ""
    clauses: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FailedOver:
    """A sending of the message ``key`` did not do, and ``why``: the next one went to ``to_person``, and to
    nobody where that is empty."""

    kind: ClassVar[str] = "failed_over"
    rank: ClassVar[int] = 12
    key: str
    person: str
    channel: str
    connection: str
    why: str
    to_person: str = ""
    to_channel: str = ""
    to_connection: str = ""


@dataclass(frozen=True, slots=True)
class Ticked:
    """The clock struck a ``wake_at``: the case was looked at."""

    kind: ClassVar[str] = "ticked"
    rank: ClassVar[int] = 13


class StepResult(StrEnum):
    """What became of a step at its instant."""

    TAKEN = "taken"  # its actions were put in the outbox
    FILLED = "filled"  # a person had already done what it promises
    COLLAPSED = "collapsed"  # missed while nothing ran; a later one speaks for it
    BEFORE_ENFORCEMENT = "before enforcement"
    FOLDED = "folded"  # the case is attached: its parent speaks for it
    TO_NOBODY = "to nobody"  # it is promised to the customer, and what failed is no customer's


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A clause did something at ``due``: ``late`` is how much later that was than promised."""

    kind: ClassVar[str] = "step_taken"
    rank: ClassVar[int] = 14
    key: str
    clause: str
    rule: str
    due: Instant
    result: StepResult
    late: Span = 0


@dataclass(frozen=True, slots=True)
class StepWithdrawn:
    """News came late: the step at ``due`` should not have been taken. Both stay."""

    kind: ClassVar[str] = "step_withdrawn"
    rank: ClassVar[int] = 14
    key: str
    clause: str
    reason: str


@dataclass(frozen=True, slots=True)
class VerdictGiven:
    """A clock was met or missed (or, after late news, is so now: ``corrects`` is the old verdict).

    ``verdict`` is met, missed, or withdrawn where neither holds any more.
    """

    kind: ClassVar[str] = "verdict_given"
    rank: ClassVar[int] = 14
    key: str
    clause: str
    rule: str
    verdict: str
    due: Instant
    met_at: Instant | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """The aim of a clock was up at ``due`` and it was not met; ``key`` is the clock's.

    ``taken_back``: news came late that it was met, or paused, by then. Both stay.
    """

    kind: ClassVar[str] = "warned"
    rank: ClassVar[int] = 14
    key: str
    clause: str
    rule: str
    due: Instant
    taken_back: bool = False


@dataclass(frozen=True, slots=True)
class Undecided:
    """The decider raised: the event is kept, the case is parked, a person is told."""

    kind: ClassVar[str] = "undecided"
    rank: ClassVar[int] = 15
    error: str


Fact: TypeAlias = (
    Opened
    | Proposed
    | Entitled
    | Enforced
    | CalendarApplied
    | Migrated
    | Linked
    | Restated
    | Triaged
    | Rejected
    | SeveritySet
    | Flagged
    | OutcomeSet
    | KindSet
    | Queued
    | Assigned
    | PlanChanged
    | Mobilised
    | Escalated
    | TakenBack
    | HandedOver
    | PageAcknowledged
    | CustomerMessage
    | PublicReply
    | Noted
    | CallLogged
    | Worked
    | PassedOver
    | WaitingOn
    | Held
    | Released
    | Provided
    | Attached
    | Detached
    | Resolved
    | Closed
    | Reopened
    | Unread
    | Turned
    | Raised
    | Watched
    | Reported
    | ShiftChanged
    | WindowPlanned
    | WindowCancelled
    | Annulled
)
Consequence: TypeAlias = (
    Receipted | FailedOver | Ticked | StepTaken | StepWithdrawn | VerdictGiven | Warned | Undecided
)
Body: TypeAlias = Fact | Consequence


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one case.

    ``id`` is unique within the case and the same when the same news arrives again, so that
    recording it twice changes nothing.
    """

    id: str
    at: Instant
    seen: Instant
    actor: Actor
    body: Body

    @property
    def origin(self) -> Origin:
        """A fact of the world, or a consequence of our own."""
        return _ORIGINS[self.body.kind]

    @property
    def order(self) -> tuple[Instant, int, str]:
        """The one order in which a case's facts are read, however they arrived."""
        return (self.at, self.body.rank, self.id)


_ORIGINS: Final[Mapping[str, Origin]] = {
    cls.kind: Origin.FACT if cls in Fact.__args__ else Origin.CONSEQUENCE
    for cls in (*Fact.__args__, *Consequence.__args__)
}
BODIES: Final[Mapping[str, type[Body]]] = {
    cls.kind: cls for cls in (*Fact.__args__, *Consequence.__args__)
}
