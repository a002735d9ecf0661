"""What the ledger hands out and takes in, apart from subjects, events and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from upheld.calendar.instant import Instant, Span
from upheld.case.events import Event, Origin
from upheld.ledger.states import DeliveryState, Fate, OutboxState

CREATE_ITEM = "create_item"
WITHDRAW = "withdraw"
FIELDS = "fields"
MIRROR = "mirror"


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A message as it was decided. ``purpose`` is a ``Purpose`` or one of the constants above.

    ``connection`` is set for what goes to a tracker, ``why`` for ``withdraw``; ``unwanted`` is the reason
    why what has not gone out yet must not; ``planned`` is policy time, None before it was.
    """

    key: str
    subject: str
    purpose: str
    to: tuple[str, ...]
    clauses: tuple[str, ...]
    due: Instant
    late: Span
    template: str | None
    facts: Mapping[str, Any]
    connection: str | None
    why: str | None
    state: OutboxState
    reason: str | None
    unwanted: str | None
    created: Instant
    urgency: int
    planned: Instant | None = None


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One sending to one person. ``key`` is what the provider is given to tell repeats apart.

    Deliveries of one ``lane`` go out one after the other; ``after`` delays it, in machine time.
    ``merged_into`` is the key of the delivery that tells this person the same at this moment. A ``lap``
    begins when an acknowledgement has expired. Deliveries of one ``bundle`` may go out in one message,
    of which case ever they are; ``waits`` is how long, in policy time, it is gathered with others.
    """

    key: str
    recipient: str
    channel: str
    connection: str
    address: str
    recipient_name: str = ""
    lane: str | None = None
    after: Span = 0
    merged_into: str | None = None
    lap: int = 1
    bundle: str | None = None
    waits: Span = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A sending as it stands. ``not_before``, ``lease_until`` and ``changed`` are machine time; ``since``
    is policy time: when it was meant to go, then first tried, then acknowledged. ``carrier`` is the key of
    the delivery in whose message it was sent last, where that told of others too."""

    number: int
    key: str
    outbox_key: str
    subject: str
    purpose: str
    urgency: int
    recipient: str
    recipient_name: str
    channel: str
    connection: str
    address: str
    lane: str | None
    state: DeliveryState
    detail: str | None
    handle: str | None
    not_before: Instant
    attempts: int
    owner: str | None
    lease_until: Instant | None
    token: int
    changed: Instant
    since: Instant = 0
    lap: int = 1
    bundle: str | None = None
    carrier: str | None = None

    @property
    def sent_as(self) -> str:
        """The key under which its provider knows it."""
        return self.carrier or self.key


@dataclass(frozen=True, slots=True)
class LeasedDelivery:
    """A delivery that is ours until ``delivery.lease_until``, with the message that it belongs to.

    Where its state is ``unknown``, look it up before sending again.
    """

    delivery: Delivery
    item: OutboxItem

    @property
    def key(self) -> str:
        """The key of the delivery."""
        return self.delivery.key

    @property
    def token(self) -> int:
        """The fencing token: higher with every new lease."""
        return self.delivery.token


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a delivery; without ``state`` nobody knows how it ended. Machine time."""

    delivery: str
    token: int
    owner: str
    began: Instant
    ended: Instant | None
    state: DeliveryState | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class PullLease:
    """The right to pull a connection until the lease runs out; ``cursor`` is where to go on.

    ``hinted``: somebody said that there is something to read again.
    """

    connection: str
    cursor: str | None
    token: int
    hinted: bool


@dataclass(frozen=True, slots=True)
class PullStatus:
    """How reading a connection goes. ``as_of``: all that happened before has been read."""

    connection: str
    as_of: Instant | None
    succeeded: Instant | None
    failed: Instant | None
    failures: int
    error: str | None
    reconciled: Instant | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Whose ledger this is; ``epoch`` grows with every restore."""

    name: str
    epoch: int


@dataclass(frozen=True, slots=True)
class StopState:
    """Everything outgoing is held since ``at``."""

    reason: str
    actor: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Node:
    """A daemon; ``beat`` is the machine's time of its last sign of life."""

    id: str
    version: str
    config: str
    beat: Instant


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that came in and belongs to no case; ``raw`` is as it came. ``settled``: when who
    released or dropped it, and why."""

    number: int
    connection: str
    item: str
    fate: Fate
    reason: str
    sender: str
    title: str
    at: Instant
    raw: bytes = field(repr=False)
    settled: Instant | None = None
    settled_by: str | None = None
    settled_why: str | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """An item of a connection that is to be read again; ``times`` is how often that was said since
    ``since`` (policy time)."""

    number: int
    connection: str
    scope: str
    remote_id: str
    remote_key: str
    url: str | None
    since: Instant
    times: int


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases to list; None means any. ``open`` False: only resolved and closed ones. Subjects of
    another ``kind`` are listed likewise: a monitor's status is its state."""

    open: bool | None = None
    status: str | None = None
    severity: int | None = None
    queue: str | None = None
    assignee: str | None = None
    customer: str | None = None
    number: str | None = None
    worked: bool | None = None
    warned: bool | None = None
    kind: str = "case"


@dataclass(frozen=True, slots=True)
class ListedCase:
    """A line of a list of cases: a projection, never the truth. ``warned`` names the targets that are
    past their aim, with spaces between."""

    id: str
    policy: str
    seq: int
    wake_at: Instant | None
    parked_until: Instant | None
    status: str
    severity: int | None
    queue: str | None
    assignee: str | None
    customer: str | None
    number: str | None
    title: str
    opened: Instant
    due: Instant | None
    worked: bool
    warned: str


@dataclass(frozen=True, slots=True)
class ParkedSubject:
    """A subject whose decider failed; ``events`` are the ids of those not yet decided."""

    id: str
    until: Instant
    times: int
    error: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its place in the chain; ``event`` is None where it was erased."""

    seq: int
    id: str
    kind: str
    origin: Origin
    at: Instant
    seen: Instant
    recorded: Instant
    undecided: bool
    erased: Instant | None
    digest: bytes
    link: bytes
    event: Event | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it was written, and its place in its subject's chain."""

    subject: str
    seq: int
    event: Event


@dataclass(frozen=True, slots=True)
class Seal:
    """The heads of all chains that had moved, under one Merkle root, and chained to the seal before.

    ``number`` counts from 1, ``at`` is policy time, ``leaves`` how many there are; the rest are
    SHA-256 digests of 32 bytes, ``previous`` b"" for the first. See ``merkle``.
    """

    number: int
    at: Instant
    previous: bytes
    root: bytes
    leaves: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where a subject's chain ended when it was sealed; ``place`` in the seal counts from 0."""

    seal: int
    place: int
    subject: str
    seq: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Period:
    """A scope and how long it stood: from ``since`` until ``until``, which is None while it stands."""

    name: str
    since: Instant
    until: Instant | None

    def holds(self, at: Instant) -> bool:
        """Whether it stood at an instant; the end is over."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is wrong with Upheld itself. ``told`` is when the operator heard that it came and
    ``told_to`` how, until they heard that it is over too; ``attempts`` counts how often that was tried.
    """

    key: str
    subject: str
    what: str
    since: Instant
    told: Instant | None
    told_to: str | None
    cleared: Instant | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Planned:
    """Messages of one purpose for the same people, and how many deliveries they make."""

    purpose: str
    to: tuple[str, ...]
    deliveries: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Deliveries over one connection that should have gone out, the oldest planned at ``since``;
    ``detail`` is what was said of one of them."""

    connection: str
    count: int
    since: Instant
    detail: str | None


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Something is not as it was written: in a subject's chain at ``seq``, or in the seals (None)."""

    subject: str | None
    seq: int | None
    what: str
