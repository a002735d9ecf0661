"""A desk without a daemon: Magnolia's people and customers, messages as a connection brings them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Any, Final

import pluggy
import pytest

from upheld import hookspecs
from upheld.calendar.instant import Instant, moment, parse
from upheld.case.events import Actor, Event, Opened, Side
from upheld.case.state import CaseState
from upheld.config import Config, config_from
from upheld.desk.book import Book
from upheld.desk.intake import Intake, Source
from upheld.desk.records import Records
from upheld.desk.verbs import Verbs
from upheld.directory import Directory
from upheld.errors import Refusal
from upheld.ledger import DeliveryState, Kept, Ledger, ListedCase, NewDelivery
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Inbound, Message, Nature, hookimpl
from upheld.policy import Policy, load_shipped
from upheld.registry import Registry
from upheld.source import Document
from upheld.sync.colleagues import Colleagues
from upheld.sync.terms import Tracking
from upheld.sync.tracked import Tracked
from upheld.testing import SteppedClock
from upheld.testing.stage import SITE

NOW: Final = parse("2026-12-07T12:00:00Z")
PAT, RAY, BO = "pat@acme.example", "ray@acme.example", "bo@magnolia.example"
UTA, NOBODY = "uta@borealis.example", "someone@nowhere.example"
ANN = Actor("ann", Side.STAFF)
MAILBOX = Source("mailbox", "email")
#: A second customer, with an agreement of its own while it lasts.
BOREALIS: Final = {
    "name": "Borealis AG",
    "kind": "solution-partner",
    "domains": ["borealis.example"],
    "agreement": {"policy": "borealis.yaml", "until": "2027-12-31"},
}
_numbers = count(1)


@cache
def config() -> Config:
    written = {key: SITE[key] for key in ("site", "policy", "zone", "people", "roles", "links")}
    written["customers"] = {**SITE["customers"], "borealis": BOREALIS}
    return config_from(Document(written, "upheld.yaml", "", {}), Path())


@cache
def magnolia() -> Policy:
    return load_shipped("magnolia")


def plugged(**hooks: Any) -> Registry:
    """A registry of plugins that were never installed: ``acme_classify=…``, ``acme_event=…``."""
    manager = pluggy.PluginManager("upheld")
    manager.add_hookspecs(hookspecs)
    for name, function in hooks.items():
        plugin, _, hook = name.partition("_")
        holder = type(plugin, (), {f"upheld_{hook}": staticmethod(_HOOKS[hook](function))})
        manager.register(holder, plugin)
    return Registry({}, (), manager)


def _classifier(function: Any) -> Any:
    def upheld_classify(case: Any) -> Any:
        return function(case)

    return hookimpl(upheld_classify)


def _observer(function: Any) -> Any:
    def upheld_event(event: Any) -> Any:
        return function(event)

    return hookimpl(upheld_event)


_HOOKS: Final[dict[str, Any]] = {"classify": _classifier, "event": _observer}


@dataclass
class Desk:
    """Intake, verbs and records over one ledger, at noon of a Monday."""

    ledger: Ledger
    registry: Registry | None = None
    policy: Policy = field(default_factory=magnolia)
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(NOW))
    trackings: dict[str, Tracking] = field(default_factory=dict)

    @cached_property
    def directory(self) -> Directory:
        return config().directory()

    @cached_property
    def book(self) -> Book:
        return Book(self.policy, self.directory)

    @cached_property
    def records(self) -> Records:
        return Records(self.ledger, self.book, self.clock, self.registry)

    @cached_property
    def verbs(self) -> Verbs:
        return Verbs(self.records)

    @cached_property
    def tracked(self) -> Tracked:
        return Tracked(self.records, self.directory, self.trackings)

    @cached_property
    def intake(self) -> Intake:
        colleagues = Colleagues(self.records, self.directory)
        return Intake(self.records, self.directory, self.tracked, colleagues)

    # --- what happens ---

    def take(self, *items: Inbound, source: Source = MAILBOX) -> list[bool]:
        """Items come in, as one page does: in one transaction."""
        return self.ledger.retrying(
            lambda tx: [self.intake.take(tx, source, item) for item in items]
        )

    def opened(self, sender: str = PAT, **values: Any) -> str:
        """A case by mail; its handle."""
        self.take(message(sender, **values))
        return max((case.id for case in self.cases()), key=lambda handle: int(handle[1:]))

    def entered(self, at: Instant | None = None) -> str:
        """A case by hand; its handle."""
        opening = Opened("phone", "Slow", "…", reporter=PAT, customer="acme", enforced_from=NOW)
        return self.verbs.open(opening, ANN, at=at)

    def closed(self, case: str) -> None:
        """It is solved, and over."""
        self.verbs.resolve(case, ANN, "A router was replaced.")
        self.verbs.close(case, ANN)

    def add(self, case: str, event: Event) -> Any:
        return self.ledger.retrying(lambda tx: self.records.add(tx, case, event))

    def sent(self, case: str, purpose: str, connection: str = "pager") -> str:
        """The case's first message of this purpose went out to Bo; the delivery's key."""
        with self.ledger.transaction() as tx:
            item = next(item for item in tx.items(subject=case) if item.purpose == purpose)
            key = f"{item.key}>bo"
            tx.plan(item.key, [NewDelivery(key, "bo", "page", connection, "PBO", "Bo Lindt")])
            leased = next(
                each for each in tx.lease("test", limit=99, seconds=60) if each.key == key
            )
            tx.attempting(leased)
            tx.outcome(leased, DeliveryState.ACCEPTED, handle="handle-1")
        return key

    # --- what is on record ---

    def cases(self) -> list[ListedCase]:
        with self.ledger.reading() as tx:
            return tx.cases()

    def case(self, handle: str = "C1") -> ListedCase:
        with self.ledger.reading() as tx:
            return tx.case(handle)

    def events(self, subject: str = "C1") -> list[Event]:
        with self.ledger.reading() as tx:
            return [stored.event for stored in tx.events(subject) if stored.event]

    def kinds(self, subject: str = "C1") -> list[str]:
        """The facts by kind, in the order of arrival."""
        return [event.body.kind for event in self.events(subject) if event.origin == "fact"]

    def last(self, kind: str, subject: str = "C1") -> Any:
        return [event for event in self.events(subject) if event.body.kind == kind][-1]

    def state(self, case: str = "C1") -> CaseState:
        with self.ledger.reading() as tx:
            return self.records.life(tx.subject(case)).state

    def kept(self) -> list[Kept]:
        with self.ledger.reading() as tx:
            return tx.kept()


def message(sender: str, subject: str = "One server is slow", **values: Any) -> Message:
    """A mail from somebody, at noon, proven."""
    number = next(_numbers)
    given: dict[str, Any] = {
        "id": f"<m{number}@test>",
        "at": moment(NOW),
        "by": RemoteActor(sender),
        "verified": True,
        "nature": Nature.NORMAL,
        "to": (),
        "thread": (),
        "subject": subject,
        "text": "Since this morning.",
        "raw": f"raw {number}".encode(),
    }
    return Message(**(given | values))


@contextmanager
def broken(desk: Desk, *cases: str) -> Iterator[None]:
    """Meanwhile the decider raises for these cases."""
    decide = desk.book.decide

    def raising(subject: Any, event: Any) -> Any:
        if subject.id in cases:
            raise ZeroDivisionError(f"at {event.id}")
        return decide(subject, event)

    desk.book.decide = raising  # type: ignore[method-assign]
    try:
        yield
    finally:
        desk.book.decide = decide  # type: ignore[method-assign]


def refused(desk: Desk, do: Callable[[Verbs], None]) -> str:
    """Why a verb is not done, and what to do next; it leaves nothing behind."""
    before = desk.events()
    with pytest.raises(Refusal) as error:
        do(desk.verbs)
    assert desk.events() == before
    return f"{error.value.what}; {error.value.do_next}"
