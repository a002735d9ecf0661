"""A small policy, a case under it, and somebody who sends (or fails to send) what it decides."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from upheld.calendar.instant import Instant, parse
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    Enforced,
    Event,
    Opened,
    Receipted,
    Side,
    Ticked,
)
from upheld.desk.book import Book
from upheld.desk.records import Records
from upheld.directory import Directory
from upheld.ledger import (
    DeliveryState,
    LeasedDelivery,
    Ledger,
    NewDelivery,
    OutboxItem,
    OutboxState,
)
from upheld.policy.load import load_policy
from upheld.policy.model import Policy
from upheld.report.evidence import ClauseEvidence, EvidenceLine, gather
from upheld.report.explain import explain
from upheld.report.explanation import Explanation
from upheld.testing.clock import SteppedClock

START: Instant = parse("2026-03-28T22:30:00Z")
BO, ANN = Actor("bo", Side.STAFF), Actor("ann", Side.STAFF)
PAT = Actor("pat@acme.example", Side.CUSTOMER)

POLICY = """
policy: Small
severities: {1: {name: Urgent, means: down}, 2: {name: Medium, means: slow}}
roles: {boss: Boss, on-duty: On duty}
needs: {queues: [desk], templates: [end-user-referral]}
document:
- heading: All of it
  clauses:
  - {id: S-01, says: Mail opens a case., intake: {from: partner, do: [open: case]}}
  - {id: S-02, says: Others are referred., intake: {from: unknown, do: [refer: end-user-referral]}}
  - {id: S-03, says: It stands in the desk's queue., when: opened, do: [assign: {queue: desk}]}
  - id: S-04
    says: It is reviewed.
    rules:
    - {name: triage, require: {before: number, needs: triage}}
    - name: untriaged
      when: {proposed: {severity: 1}}
      after: 15 minutes
      unless: triaged
      do: [set: {severity: 1}]
  - id: S-05
    says: A 2 is answered within 4 hours.
    target: first_response
    for: {severity: 2}
    within: 4 hours
    pause_while: {waiting: customer}
  - {id: S-06, says: A 1 pages., when: {severity: 1}, do: [page: on-duty]}
  - id: S-07
    says: A 1 that waits pages the boss, and the customer is called.
    when: {severity: 1}
    after: 2 hours
    unless: worked
    do: [page: boss, call: customer.contact]
  - id: S-08
    says: A 1 has an hourly status.
    every: 1 hour
    while: {severity: 1, status: [open, worked, resolved]}
    do: [update: customer]
    filled_by: [public_reply]
  - id: S-09
    says: An outage has one too.
    every: 1 hour
    while: {severity: 1, status: open}
    do: [update: customer]
  - {id: S-10, says: More severe ones come first., when: {queue: desk}, do: [order: [severity]]}
  - id: S-11
    says: Reach decides.
    classify: [{severity: 1, when: {words: [down]}}, {severity: 2, otherwise: true}]
  - id: S-12
    says: A 2 is worked until it is resolved.
    require: {before: close, needs: resolved, for: {severity: 2}, override: exception}
  - {id: S-13, says: We advise a second server., statement: true}
  - {id: S-14, says: Somebody always looks., kept_by: [S-05, S-06, S-07]}
  - {id: S-15, says: Cases are entered online., offers: [enter]}
"""


class Scene:
    """Facts go in at the clock's time; ``forward`` sweeps what falls due, ``send`` sends it."""

    def __init__(self, ledger: Ledger, policy: Policy | None = None) -> None:
        self.ledger, self.policy = ledger, policy or load_policy(POLICY)
        self.clock = SteppedClock(START)
        book = Book(self.policy, Directory())
        self.records = Records(ledger, book, self.clock)
        self._numbers = count(1)

    @property
    def now(self) -> Instant:
        return self.clock.now()

    # --- what happens ---------------------------------------------------------------------------

    def open(
        self,
        text: str = "it is slow",
        *,
        customer: str | None = "acme",
        source: str = "email",
        enforced: bool = True,
    ) -> str:
        opened = Opened(
            source,
            text,
            text,
            reporter=PAT.id,
            customer=customer,
            enforced_from=self.now if enforced else None,
        )
        return self.ledger.retrying(
            lambda tx: self.records.open(tx, opened, actor=PAT, event_id=self._name(), at=self.now)
        )

    def refer(self, *, version: str | None = None) -> str:
        """Somebody writes who is no partner's contact."""
        opened = Opened(
            "email",
            "help",
            "help",
            reporter="joe@home.example",
            customer_kind="unknown",
            enforced_from=self.now,
        )
        who = Actor("joe@home.example", Side.UNKNOWN)
        with self.ledger.transaction() as tx:
            found = tx.new_subject("referral", policy=version or self.policy.version, now=self.now)
            self.records.add(tx, found, Event(self._name(), self.now, self.now, who, opened))
        return found

    def fact(
        self, case: str, body: Body, *, by: Actor = BO, at: Instant | None = None, name: str = ""
    ) -> str:
        """Record something that happened ``at`` (now); answers its id."""
        name = name or self._name()
        happened = Event(name, self.now if at is None else at, self.now, by, body)
        self.ledger.retrying(lambda tx: self.records.add(tx, case, happened))
        return name

    def take_in(self, case: str) -> None:
        self.fact(case, Enforced(self.now, "taken in"))

    def forward(self, **by: float) -> None:
        """Let time pass; each case is looked at when it is due."""
        end = self.clock.now() + SteppedClock(0).forward(**by)
        while (wake := self._next()) is not None and wake <= end:
            self.clock.forward_to(max(wake, self.now))
            self.sweep()
        self.clock.forward_to(end)

    def sleep(self, **by: float) -> None:
        """Let time pass while nothing runs; then everything that is due is looked at."""
        self.clock.forward(**by)
        while (wake := self._next()) is not None and wake <= self.now:
            self.sweep()

    def _next(self) -> Instant | None:
        """When the next case is due. Nobody here looks at messages again, so these would stay due."""
        with self.ledger.reading() as tx:
            return tx.next_wake()

    def sweep(self) -> None:
        for case in self.ledger.due(self.now, 100):
            self.fact(case, Ticked(), by=UPHELD)

    # --- what is sent ---------------------------------------------------------------------------

    def plan(self) -> None:
        """One delivery a message, to whom it is meant for by role."""
        with self.ledger.transaction() as tx:
            for item in tx.pending(1000):
                tx.plan(item.key, _deliveries(item))

    def send(self, fails: Collection[str] = ()) -> None:
        """Send all that waits; what is for a purpose of ``fails`` becomes a dead letter."""
        self.plan()
        for leased in self.ledger.lease("worker", limit=1000, seconds=60):
            state = DeliveryState.DEAD if leased.item.purpose in fails else DeliveryState.ACCEPTED
            with self.ledger.transaction() as tx:
                tx.attempting(leased, seconds=60)
                tx.outcome(leased, state, detail="550 no such user" if fails else None)
            self._receipt(leased, "failed" if state is DeliveryState.DEAD else "accepted")

    def settle(self, state: OutboxState, reason: str) -> None:
        """Hold, shadow or drop everything that waits."""
        with self.ledger.transaction() as tx:
            for item in tx.pending(1000):
                tx.settle(item.key, state, reason)

    def _receipt(self, leased: LeasedDelivery, state: str) -> None:
        delivery, item = leased.delivery, leased.item
        body = Receipted(
            leased.key,
            state,
            delivery.channel,
            delivery.connection,
            delivery.recipient,
            item.purpose,
            item.clauses,
        )
        self.fact(item.subject, body, by=Actor("mailbox", Side.PROVIDER))

    # --- what is reported -----------------------------------------------------------------------

    def report(
        self,
        policy: Policy | None = None,
        *,
        customer: str | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
    ) -> dict[str, ClauseEvidence]:
        with self.ledger.reading() as tx:
            found = gather(tx, policy or self.policy, customer=customer, since=since, until=until)
        return {clause.id: clause for clause in found}

    def line(self, clause: str) -> EvidenceLine:
        """The only line of a clause."""
        (line,) = self.report()[clause].evidence
        return line

    def explain(self, case: str) -> Explanation:
        return explain(self.records, case)

    def _name(self) -> str:
        return f"e{next(self._numbers)}"


def _deliveries(item: OutboxItem) -> list[NewDelivery]:
    return [
        NewDelivery(f"{item.key}>{who}", who, "mail", "mailbox", f"{who}@x.example", who.title())
        for who in item.to
    ]
