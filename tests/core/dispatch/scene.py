"""A small site with scripted far ends: a pager, a mailbox, a phone that can do nothing but send."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import text

from upheld.calendar.instant import SECOND, Instant, parse
from upheld.case.decision import Action, Decision, Purpose, Send, Withdraw, Withdrawal
from upheld.case.events import Actor, Body, Event, Linked, Noted, Opened, Receipted, Side
from upheld.config.model import SolutionEntry
from upheld.desk.book import Book
from upheld.desk.intake import Intake, Source
from upheld.desk.records import Records
from upheld.directory import Directory
from upheld.directory.build import Written, WrittenCustomer, build_directory
from upheld.directory.written import CustomerEntry, PersonEntry, RotationEntry
from upheld.dispatch.compose import Composer
from upheld.dispatch.fields import Fields
from upheld.dispatch.letters import Letters
from upheld.dispatch.planner import Planner
from upheld.dispatch.routes import Mode, SafetyCatch, Way, Ways
from upheld.dispatch.sender import Sender
from upheld.ledger import (
    Delivery,
    DeliveryState,
    LeasedDelivery,
    Ledger,
    NewDelivery,
    OutboxItem,
)
from upheld.plugin import Ability, Address, Channel, Connection, Outgoing, Receipt
from upheld.policy import load_policy
from upheld.seam import Live
from upheld.sync.colleagues import Colleagues
from upheld.sync.pusher import Pusher
from upheld.sync.terms import Tracking
from upheld.sync.tracked import Tracked
from upheld.sync.trackers import Trackers
from upheld.testing import (
    RecordingLog,
    ScratchContext,
    ScriptedConfig,
    ScriptedNotifier,
    ScriptedTracker,
    SteppedClock,
    make_context,
)

NOW: Final = parse("2026-12-07T12:00:00Z")
POLICY: Final = """
policy: House
published_by: House Software
severities:
  1: {name: Urgent, means: Everything is down.}
  2: {name: Low, means: Questions.}
roles: {chief: Chief, engineer: Engineer}
document:
- heading: What we promise
  clauses:
  - {id: H-1, says: The chief is paged at once., statement: true}
  - {id: H-2, says: You hear from us every hour., statement: true}
"""
OPENED: Final = Opened(
    "email",
    "Nobody can connect",
    "Since noon.",
    reporter="pat@acme.example",
    reporter_name="Pat Lin",
    customer="acme",
)
STAFF: Final = Actor("bo", Side.STAFF)
_PEOPLE: Final[dict[str, Any]] = {
    "ann": {"name": "Ann Reyes", "mail": "ann@house.example", "phone": "+12025550101"},
    "bo": {"name": "Bo Lindt", "mail": "bo@house.example", "zone": "Europe/Berlin"},
    "cy": {"name": "Cy Mora", "mail": "cy@house.example", "scripted-notifier": "PCYM003"},
}
_ROLES: Final = {
    "chief": ("ann",),
    "engineer": ("bo",),
    "team": ("ann", "bo"),
    "vacant": (),
    "on-duty": ("turns",),
    "operator": ("cy",),
}
ACME: Final[dict[str, Any]] = {
    "name": "Acme Internet",
    "kind": "isp",
    "zone": "America/New_York",
    "domains": ["acme.example"],
    "contacts": [
        {
            "name": "Pat Lin",
            "mail": "pat@acme.example",
            "phone": "+12025550111",
            "is": ["contact", "technical"],
        },
        {"name": "Ray Ode", "mail": "ray@acme.example", "is": "escalation-manager"},
    ],
}
PAT, RAY = "acme/pat@acme.example", "acme/ray@acme.example"
WAYS: Final = Ways(
    page=(Way(Channel.PAGE, "pager"),),
    call=(Way(Channel.VOICE, "phone"),),
    notify=(Way(Channel.MAIL, "mail"), Way(Channel.SMS, "phone")),
    customer=(Way(Channel.MAIL, "mail"),),
)
LIVE: Final = SafetyCatch(Mode.LIVE, live_for=frozenset({"all"}))
_numbers = count(1)


class Far(ScriptedNotifier):
    """A scripted notifier that something can happen to while it sends."""

    def __init__(self, config: ScriptedConfig, context: Any) -> None:
        super().__init__(config, context)
        self.during: deque[Callable[[], object]] = deque()
        self.receipt: Receipt | None = None
        self.lookups = 0

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        if self.during:
            self.during.popleft()()
        found = super().send(message, to, key)
        return replace(self.receipt, key=key) if self.receipt else found

    def find(self, key: str, to: Address, since: datetime) -> Any:
        self.lookups += 1
        found = super().find(key, to, since)
        return replace(found, found=self.receipt) if self.receipt and found.found else found


class Phone(Far):
    """It sends, and that is all: a repeat calls again."""

    name = "phone"
    abilities: ClassVar[frozenset[Ability]] = frozenset()

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        return super().send(message, to, f"{key}#{len(self.sent)}")


class Forgetful(Far):
    """It finds what it sent, but what it doesn't find proves nothing; a repeat sends again."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND})

    def find(self, key: str, to: Address, since: datetime) -> Any:
        return replace(super().find(key, to, since), conclusive=False)


class Site:
    """Everything that dispatch needs around a ledger."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger, self.folder = ledger, folder
        self.clock = SteppedClock(NOW)
        self.log = RecordingLog()
        self.directory = directory()
        book = Book(load_policy(POLICY), self.directory)
        self.records = Records(ledger, book, self.clock)
        self.lives: dict[str, Live] = {}
        self.trackings: dict[str, Tracking] = {}
        self.trackers = Trackers(self.lives, hears_by="mail")
        self.pager = self.connect("pager", Far)
        self.mail = self.connect("mail", Far)
        self.phone = self.connect("phone", Phone)
        self.tracker = self.connect("jira", ScriptedTracker)
        self.templates: Path | None = None
        self.solutions: Mapping[str, SolutionEntry] = {}
        self.links: Mapping[str, str] = {"help": "https://house.example/help"}

    def connect(self, name: str, plugin: type[Any]) -> Any:
        """Add a connection, or put another plugin in its place."""
        context: ScratchContext = make_context(self.folder, self.clock.as_datetime, name)
        made: Connection[Any] = plugin(ScriptedConfig(), context)
        self.lives[name] = Live(name, made)
        return made

    # --- what happens -----------------------------------------------------------------------------

    def case(self, *actions: Action, opened: Opened = OPENED, kind: str = "case") -> str:
        """A case that decided these actions at its opening."""
        with self.ledger.transaction() as tx:
            policy = self.records.book.policy.version
            case = tx.new_subject(kind, policy=policy, now=self.clock.now())
        self.decide(case, *actions, body=opened)
        return case

    def decide(self, case: str, *actions: Action, body: Body | None = None) -> None:
        """The case decides these actions, on some news."""
        now = self.clock.now()
        event = Event(f"e{next(_numbers)}", now, now, STAFF, body or Noted("news"))
        self.ledger.retrying(
            lambda tx: tx.record(case, event, lambda _s, _e: Decision({}, actions=actions), now=now)
        )

    def fact(self, case: str, body: Body, *, at: Instant | None = None) -> None:
        """Something happens to the case, and is decided by the policy."""
        when = self.clock.now() if at is None else at
        event = Event(f"e{next(_numbers)}", when, when, STAFF, body)
        self.ledger.retrying(lambda tx: self.records.add(tx, case, event))

    def plan(self, catch: SafetyCatch = LIVE, ways: Ways = WAYS, *, limit: int = 100) -> int:
        planner = Planner(self.records, self.directory, ways, catch, self.lives, self.log)
        return planner.plan(limit)

    def send(self, owner: str = "one", *, limit: int = 10) -> int:
        return self.sender(owner).send(limit)

    def sender(self, owner: str = "one") -> Sender:
        return Sender(self.records, self.letters(), self.lives, owner, self.log, self.fields())

    def fields(self) -> Fields:
        cases = Tracked(self.records, self.directory, self.trackings)
        colleagues = Colleagues(self.records, self.directory)
        intake = Intake(self.records, self.directory, cases, colleagues)
        sources = {name: Source(name, live.plugin.name) for name, live in self.lives.items()}
        return Fields(intake, self.trackers, sources)

    def look(self) -> int:
        """Sync looks at what moved."""
        return Pusher(self.records, self.trackers, self.log).look()

    def another(self, owner: str) -> Sender:
        """The sender of another daemon, to the same far ends."""
        lives = {name: Live(name, live.plugin) for name, live in self.lives.items()}
        return replace(self.sender(owner), lives=lives)

    def letters(self) -> Letters:
        composer = Composer(self.templates)
        own = (self.records, self.directory, composer, "test", "UTC", self.links, self.solutions)
        return Letters(*own)

    def go(self) -> None:
        """Plan and send what is there now."""
        self.plan()
        self.send()

    def later(self) -> None:
        """Machine time passes: whatever waits for its time has waited long enough."""
        self._tamper("UPDATE delivery SET not_before = 1")

    def expire(self) -> None:
        """Every lease runs out, as if its owner had been killed."""
        self._tamper("UPDATE delivery SET lease_until = 1 WHERE lease_until IS NOT NULL")

    def _tamper(self, sql: str) -> None:
        with self.ledger._engine.begin() as connection:
            connection.execute(text(sql))

    # --- what came of it --------------------------------------------------------------------------

    def item(self, key: str) -> OutboxItem:
        with self.ledger.reading() as tx:
            return tx.item(key)

    def deliveries(self, item: str | None = None) -> list[Delivery]:
        with self.ledger.reading() as tx:
            return tx.deliveries(outbox_key=item)

    def delivery(self, item: str) -> Delivery:
        (found,) = self.deliveries(item)
        return found

    def state(self, item: str) -> DeliveryState:
        return self.delivery(item).state

    def told(self, item: str) -> list[tuple[str, str, str]]:
        """Who is told by a message, over which connection, where."""
        return [(d.recipient, d.connection, d.address) for d in self.deliveries(item)]

    def waits(self, item: str) -> int:
        """Seconds of machine time until a delivery may be tried again."""
        found = self.delivery(item)
        return round((found.not_before - found.changed) / SECOND)

    def proofs(self, case: str) -> list[Receipted]:
        """What the case was told of its messages."""
        return [body for body in self._bodies(case) if isinstance(body, Receipted)]

    def links_of(self, case: str) -> list[Linked]:
        return [body for body in self._bodies(case) if isinstance(body, Linked)]

    def _bodies(self, case: str) -> list[Body]:
        with self.ledger.reading() as tx:
            return [stored.event.body for stored in tx.events(case) if stored.event]

    def leased(self) -> LeasedDelivery:
        """The one delivery that may go out now, leased."""
        (found,) = self.ledger.lease("one", limit=10, seconds=60)
        return found

    def logged(self, event: str) -> list[Mapping[str, object]]:
        return [values for _level, name, values in self.log.lines if name == event]


def directory() -> Directory:
    """Three of ours, one customer."""
    turns = RotationEntry.model_validate({"people": ["ann", "bo"], "daily": "12:00"})
    acme = WrittenCustomer("acme", CustomerEntry.model_validate(ACME))
    return build_directory(
        Written(
            people={name: PersonEntry.model_validate(each) for name, each in _PEOPLE.items()},
            roles=_ROLES,
            rotations={"turns": turns},
            customers=(acme,),
        )
    )


def page(key: str = "p", *to: str, **values: Any) -> Send:
    return send(key, Purpose.PAGE, *(to or ("chief",)), **values)


def mail(key: str = "m", *to: str, **values: Any) -> Send:
    return send(key, Purpose.STATUS, *(to or ("reporter",)), **values)


def reply(key: str) -> Send:
    """What a person wrote: it stands for itself."""
    return send(key, Purpose.REPLY, "reporter")


def send(key: str, purpose: Purpose, *to: str, **values: Any) -> Send:
    return Send(key, purpose, to, ("H-1",), NOW, **values)


def withdraw(why: Withdrawal = Withdrawal.CLOSED, number: int = 1) -> Withdraw:
    """As the engine writes it: the reason stands in the key."""
    return Withdraw(f"C/stand-down/{why}/{number}/1", why)


def new_delivery(connection: str, channel: str = "mail", name: str = "Pat") -> NewDelivery:
    return NewDelivery("k", "pat", channel, connection, "pat@acme.example", name)
