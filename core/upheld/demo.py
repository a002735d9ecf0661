"""The demo's story: a Severity 1 from the first mail to the evidence, on the real daemon.

Far ends are stand-ins on this machine, time is stepped; everything between is what ``upheld run``
runs. The engineer stays in Jira. What the far ends got is held against what the policy promises: all of
it once, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from upheld.calendar.instant import MINUTE, Instant, parse
from upheld.case.events import Actor, Side
from upheld.ledger import FIELDS, Delivery, OutboxItem
from upheld.report.evidence import ClauseEvidence
from upheld.testing.on_jira import OnJira
from upheld.testing.stage import START, Got

PAT: Final = "pat@acme.example"
_KEY: Final = "SUP-1"
_ANN: Final = Actor("ann", Side.STAFF)
_BO_MAIL: Final = "bo@magnolia.example"
_PHONE: Final = "+12025550111"


@dataclass(frozen=True, slots=True)
class Beat:
    """Something that a person does, so many minutes into the story."""

    minute: int
    says: str
    act: Callable[[OnJira], object]


@dataclass(frozen=True, slots=True)
class Expected:
    """What must arrive, at exactly this minute; ``what`` is part of its subject. What says nothing goes
    with what was told before it."""

    minute: int
    channel: str
    to: str
    what: str
    says: str
    clauses: tuple[str, ...] = ()

    @property
    def at(self) -> Instant:
        """Its instant."""
        return parse(START) + self.minute * MINUTE

    def is_(self, got: Got) -> bool:
        """Whether this is what a far end got."""
        same = (got.at, got.channel, got.to) == (self.at, self.channel, self.to)
        return same and self.what in got.what


BEATS: Final = (
    Beat(
        0,
        'Pat at Acme Internet mails support: "Nobody can connect".',
        lambda stage: stage.mail.write(PAT, "Nobody can connect", "Nobody, since 18:20."),
    ),
    Beat(
        4,
        "Bo, the engineer on duty, comments in Jira: #triage 1",
        lambda stage: stage.jira.comment(_KEY, "#triage 1", by="bo", internal=True),
    ),
    Beat(
        6,
        "Ann, Operations Manager, answers her page. Nobody begins to work.",
        lambda stage: stage.site.verbs.acknowledge("C1", _ANN),
    ),
    Beat(
        140,
        "Bo moves the issue to Work in progress.",
        lambda stage: stage.jira.move(_KEY, "Work in progress", by="bo"),
    ),
    Beat(
        200,
        "Bo comments: #resolve A core router was replaced.",
        lambda stage: stage.jira.comment(
            _KEY, "#resolve A core router was replaced.", by="bo", internal=True
        ),
    ),
    Beat(
        250,
        "Acme agrees, Bo closes the issue.",
        lambda stage: stage.jira.move(_KEY, "Closed", by="bo"),
    ),
)
_END: Final = 400


def _page(minute: int, to: str, says: str, clause: str) -> Expected:
    return Expected(minute, "page", to, "trigger", says, (clause,))


def _stand_down(minute: int, how: str, *whom: str) -> Iterator[Expected]:
    why = "the pager stops ringing" if how == "acknowledge" else "stood down for good"
    for who in whom:
        yield Expected(minute, "page", who, how, f"{who.capitalize()}: {why}")


def _mail(minute: int, what: str, says: str, clause: str) -> Iterator[Expected]:
    """A mail to Pat, and the public comment that shows it in Jira."""
    yield Expected(minute, "mail", PAT, what, says, (clause,))
    yield Expected(minute, "public comment", _KEY, "sent to the customer", "")


def _statuses() -> Iterator[Expected]:
    for hour in range(1, 5):
        due = 4 + 60 * hour
        asks = "Bo is asked for a sentence for the customer"
        yield Expected(due - 15, "mail", _BO_MAIL, "A sentence for the customer", asks)
        yield from _mail(due, "Status:", f"Pat gets status {hour}, Jira shows it", "M-13")


EXPECTED: Final[Sequence[Expected]] = (
    *_mail(0, "Re: Nobody can connect", "Pat gets an acknowledgement", "M-02"),
    Expected(0, "issue", _KEY, "Nobody can connect", "SUP-1 is opened in Jira", ("M-01",)),
    _page(0, "bo", "Bo is paged to triage: it looks like a Severity 1", "M-04"),
    Expected(4, "internal comment", _KEY, "#triage: done", "Bo reads that it is done"),
    *_mail(4, "[SUP-1] Nobody", "Pat is told the number: SUP-1", "M-05"),
    _page(4, "ann", "Ann is paged, in the transaction that marked it", "M-11"),
    _page(4, "bo", "Bo is paged to work on it", "M-11"),
    *_stand_down(6, "acknowledge", "bo", "ann", "bo"),
    _page(36, "ann", "Ann is reminded: half an hour, and nobody works on it", "M-11"),
    _page(41, "bo", "Bo is paged again: Ann does not answer", "M-11"),
    *_statuses(),
    _page(124, "vera", "Vera, VP of Operations, is paged: two hours and no work", "M-14"),
    Expected(124, "voice", _PHONE, "", "Pat is called", ("M-14",)),
    *_stand_down(140, "acknowledge", "ann", "bo", "vera"),
    Expected(200, "internal comment", _KEY, "#resolve: done", "Bo finds the issue resolved"),
    *_stand_down(250, "resolve", "bo", "ann", "bo", "ann", "bo", "vera"),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went out, from the ledger."""

    at: Instant
    delivery: Delivery
    item: OutboxItem


@dataclass
class Result:
    """What the story came to."""

    clauses: Sequence[ClauseEvidence] = ()
    sent: list[Sent] = field(default_factory=list)
    received: list[Got] = field(default_factory=list)
    unexpected: list[Got] = field(default_factory=list)
    missing: list[Expected] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Everything expected came once, and nothing else."""
        return not self.unexpected and not self.missing


Show = Callable[[Instant, str, Expected | Got | None], None]


def play(folder: Path, show: Show, *, database: str | None = None) -> Result:
    """Play the story; ``show`` is told each thing as it happens."""
    with OnJira(folder, database=database) as stage:
        teller = _Teller(stage, show)
        for beat in BEATS:
            teller.until(parse(START) + beat.minute * MINUTE)
            show(stage.clock.now(), beat.says, None)
            beat.act(stage)
            stage.settle()
            teller.tell()
        teller.until(parse(START) + _END * MINUTE)
        return _result(stage)


class _Teller:
    """Steps the stage and tells what arrives, as it arrives."""

    def __init__(self, stage: OnJira, show: Show) -> None:
        self.stage, self.show = stage, show
        self.told = 0
        self.left = list(EXPECTED)

    def until(self, end: Instant) -> None:
        while (wake := self.stage.next()) is not None and wake <= end:
            self.stage.forward_to(max(wake, self.stage.clock.now()))
            self.tell()
        self.stage.forward_to(end)
        self.tell()

    def tell(self) -> None:
        got = _got(self.stage)
        for each in got[self.told :]:
            expected = next((other for other in self.left if other.is_(each)), None)
            if expected is not None:
                self.left.remove(expected)
            self.show(each.at, expected.says if expected else each.what, expected or each)
        self.told = len(got)


def _got(stage: OnJira) -> list[Got]:
    return sorted([*stage.got(), *stage.shown()], key=lambda got: got.at)


def _result(stage: OnJira) -> Result:
    from upheld.report.evidence import gather

    result = Result(received=_got(stage))
    left = list(result.received)
    for expected in EXPECTED:
        found = next((got for got in left if expected.is_(got)), None)
        if found is None:
            result.missing.append(expected)
        else:
            left.remove(found)
    result.unexpected = left
    with stage.site.ledger.reading() as tx:
        result.clauses = gather(tx, stage.site.policy)
        result.sent = list(_sent(tx.deliveries(), {i.key: i for i in tx.items()}))
    return result


def _sent(deliveries: Sequence[Delivery], items: dict[str, OutboxItem]) -> Iterator[Sent]:
    """Messages; the fields of an issue are kept as they are here, which is none."""
    for delivery in deliveries:
        item = items[delivery.outbox_key]
        if item.purpose != FIELDS:
            yield Sent(item.due + item.late, delivery, item)
