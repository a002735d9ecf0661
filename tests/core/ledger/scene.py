"""A small cast for the ledger's tests: events, deciders, and a case with a page under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import text

from upheld.calendar.instant import HOUR, Instant
from upheld.case.decision import (
    Action,
    Cancel,
    CreateItem,
    Decision,
    Listing,
    Purpose,
    Send,
    Subject,
    Withdraw,
    Withdrawal,
)
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    Closed,
    Event,
    Noted,
    Opened,
    Side,
    StepResult,
    StepTaken,
    Ticked,
    Worked,
)
from upheld.ledger import LeasedDelivery, Ledger, NewDelivery

NOW: Instant = 1_800_000_000_000_000
ANNA = Actor("anna", Side.STAFF)
OPENED = Opened("mail", "Cluster down", "Nothing answers. Ümläut ✓")
BODY = Noted("looked at it")
_numbers = count(1)


def event(body: Body, *, at: Instant = NOW) -> Event:
    """An event by Anna (a tick by Upheld), with an id of its own."""
    actor = UPHELD if isinstance(body, Ticked) else ANNA
    return Event(f"e{next(_numbers)}", at, at, actor, body)


def page_of(subject: str) -> Send:
    """The page of a case."""
    return Send(f"{subject}/M-05/page", Purpose.PAGE, ("operations-manager",), ("M-05",), NOW)


def decide(subject: Subject, happened: Event) -> Decision:
    """Page at the opening, withdraw when worked, cancel when closed, count everything."""
    actions: tuple[Action, ...] = ()
    if isinstance(happened.body, Opened):
        actions = (page_of(subject.id),)
    if isinstance(happened.body, Worked):
        actions = (Withdraw(f"{subject.id}/stand-down", Withdrawal.WORKED),)
    if isinstance(happened.body, Closed):
        actions = (Cancel(f"{subject.id}/M-05/page", "it was closed before"),)
    return Decision(
        {"seen": (subject.state or {}).get("seen", 0) + 1, "facts": len(subject.facts)},
        actions=actions,
        wake_at=happened.at + HOUR,
        listing=Listing(title="Cluster down", severity=1, customer="northwind", opened=NOW),
    )


def deciding(
    *actions: Action, follows: tuple[Event, ...] = (), wake_at: Instant | None = None
) -> Any:
    """A decider that always answers the same."""
    return lambda _s, _e: Decision({}, actions=actions, follows=follows, wake_at=wake_at)


def step(event_id: str) -> Event:
    """A consequence."""
    body = StepTaken("k", "M-05", "page", NOW, StepResult.TAKEN)
    return Event(event_id, NOW, NOW, UPHELD, body)


def create(key: str) -> CreateItem:
    """A create on a tracker."""
    return CreateItem(key, "jira", {"title": "Cluster down"})


def new_case(ledger: Ledger, *, decider: Any = decide) -> str:
    """A case with its opening."""
    with ledger.transaction() as tx:
        case = tx.new_subject("case", policy="p1", now=NOW)
        tx.record(case, event(OPENED), decider, now=NOW)
    return case


def record(ledger: Ledger, case: str, body: Body, *, decider: Any = decide, now: int = NOW) -> Any:
    """Record one event in a transaction of its own."""
    happened = event(body, at=now)
    return ledger.retrying(lambda tx: tx.record(case, happened, decider, now=now))


def delivery(
    key: str, *, lane: str | None = None, connection: str = "pager", after: int = 0
) -> Any:
    """A page to Anna."""
    return NewDelivery(key, "anna", "page", connection, "anna@pager", "Anna", lane, after)


def plan(ledger: Ledger, case: str, *deliveries: NewDelivery) -> str:
    """Split the case's page into deliveries; its key."""
    key = page_of(case).key
    with ledger.transaction() as tx:
        tx.plan(key, deliveries or (delivery(f"{key}/anna"),))
    return key


def lease(ledger: Ledger, owner: str = "one", *, seconds: float = 60, limit: int = 10) -> Any:
    """Lease deliveries."""
    return ledger.lease(owner, limit=limit, seconds=seconds)


def leased(ledger: Ledger) -> LeasedDelivery:
    """A page of a new case, leased by ``one``."""
    plan(ledger, new_case(ledger))
    (found,) = lease(ledger)
    assert isinstance(found, LeasedDelivery)
    return found


def begin(ledger: Ledger, what: LeasedDelivery) -> bool:
    """The first transaction of a sending."""
    with ledger.transaction() as tx:
        return tx.attempting(what)


def end(ledger: Ledger, what: LeasedDelivery, *args: Any, **values: Any) -> None:
    """The second one."""
    with ledger.transaction() as tx:
        tx.outcome(what, *args, **values)


def expire(ledger: Ledger) -> None:
    """Let every lease run out, as if their owners had hung."""
    tamper(ledger, "UPDATE delivery SET lease_until = 1 WHERE lease_until IS NOT NULL")
    tamper(ledger, "UPDATE pull SET lease_until = 1 WHERE lease_until IS NOT NULL")


def tamper(ledger: Ledger, sql: str, **values: Any) -> None:
    """Write past the ledger, as somebody with the database's password could."""
    with ledger._engine.begin() as connection:
        connection.execute(text(sql), values)


def counts(ledger: Ledger, table: str) -> int:
    """Rows of a table."""
    with ledger.reading() as tx:
        return int(tx._connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@dataclass(frozen=True)
class Database:
    """A database of the tests: its URL, and a second ledger on it when asked."""

    url: str
    kind: str

    @contextmanager
    def another(self, **options: Any) -> Iterator[Ledger]:
        """Another daemon on the same database."""
        with Ledger.open(self.url, site="test", **options) as ledger:
            yield ledger
