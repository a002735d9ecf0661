"""Why a case stands as it does: data only; tables and JSON are made of it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.calendar.instant import Instant, Span
from upheld.calendar.skipped import Skipped
from upheld.report.attempts import Word
from upheld.report.plain import Plain, as_plain
from upheld.report.turns import TurnStory


@dataclass(frozen=True, slots=True)
class SegmentStory:
    """A stretch of a clock; ``ends`` is None for the one that goes on. ``elapsed`` counts of ``within``,
    ``outside`` of the hours promised outside business hours. ``skipped`` are the holidays in it, up to
    the due time where it still runs; ``desk`` had the case, where the clock asks for that."""

    begins: Instant
    ends: Instant | None
    state: str
    began_by: str
    elapsed: Span
    outside: Span = 0
    skipped: tuple[Skipped, ...] = ()
    desk: str = ""


@dataclass(frozen=True, slots=True)
class ClockStory:
    """One cycle of a clock, with the sentence that it keeps and ``where`` that stands: in the policy's file,
    or in the customer's own agreement. ``verdict`` is met, missed or None.

    ``by`` are the words of an instant; ``outside`` is what is promised outside business hours, None
    where nothing is; ``carried`` was spent by the clock of another severity; ``aimed_at`` is when the
    aim is up, ``warned_at`` when that was told.
    """

    key: str
    clause: str
    says: str
    rule: str
    target: str
    cycle: int
    calendar: str
    state: str
    within: Span
    spent: Span
    due: Instant | None
    met_at: Instant | None
    verdict: str | None
    segments: tuple[SegmentStory, ...]
    by: str = ""
    outside: Span | None = None
    spent_outside: Span = 0
    carried: Span = 0
    aimed_at: Instant | None = None
    warned_at: Instant | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryStory:
    """A sending to one person. ``at`` and ``detail``: when a provider last spoke of it, and what it said
    (a receipt, or why it did not go out). ``because``: why it followed another sending, empty for the
    first; ``words`` is all that was told of it, oldest first."""

    person: str
    name: str
    channel: str
    connection: str
    state: str
    at: Instant | None
    detail: str
    because: str = ""
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageStory:
    """A message: what for, to whom it was meant, and what came of it. ``why`` it went to nobody."""

    key: str
    purpose: str
    clauses: tuple[str, ...]
    to: tuple[str, ...]
    due: Instant
    state: str
    outcome: str
    why: str
    deliveries: tuple[DeliveryStory, ...]


@dataclass(frozen=True, slots=True)
class StepStory:
    """What a clause did. ``taken_back`` is the reason where late news proved it wrong."""

    key: str
    clause: str
    says: str
    rule: str
    due: Instant
    result: str
    late: Span
    taken_back: str
    messages: tuple[MessageStory, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """What a clause does next, if nothing happens before."""

    at: Instant
    clause: str
    says: str
    rule: str
    what: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A case as of an instant.

    ``severity_from`` tells who set the severity, or why it is proposed, ``plan_from`` whose the plan is;
    ``others`` are messages that belong to no clause's step (questions to engineers, replies, withdrawn
    pages, tracker items).
    ``proposals`` are all that was ever proposed, with the rule and what matched, whoever overrode it.
    """

    case: str
    number: str | None
    title: str
    customer: str | None
    status: str
    severity: int | None
    severity_name: str
    severity_from: str
    plan: str | None
    plan_from: str
    outcome: str | None
    outcome_from: str
    kind: str | None
    product: str | None
    system: str
    proposals: tuple[str, ...]
    policy: str
    policy_version: str
    opened: Instant
    enforced_from: Instant | None
    as_of: Instant
    clocks: tuple[ClockStory, ...]
    why_no_clock: str | None
    steps: tuple[StepStory, ...]
    others: tuple[MessageStory, ...]
    coming: tuple[Coming, ...]
    turns: tuple[TurnStory, ...]
    wake_at: Instant | None

    def as_dict(self) -> Plain:
        """Plain values: instants in ISO 8601, spans in seconds."""
        return as_plain(self)
