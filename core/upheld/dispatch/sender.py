"""Sending: transaction 1 "attempting", the call, transaction 2 its outcome.

A process that dies between the two leaves an *unknown*: it is looked up where the plugin can find,
repeated where the key makes that safe, repeated for what wakes people, and else shown to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from upheld.calendar.instant import HOUR, MINUTE, SECOND, Span, moment, span
from upheld.case.decision import Purpose
from upheld.case.events import Actor, Event, Linked, Opened, Receipted, Side
from upheld.desk.records import Records
from upheld.dispatch.letters import Letters
from upheld.ledger import (
    CREATE_ITEM,
    WITHDRAW,
    DeliveryState,
    LeasedDelivery,
    Transaction,
)
from upheld.plugin import (
    Ability,
    Address,
    Auth,
    Channel,
    Draft,
    Logger,
    Lookup,
    Notifier,
    PluginError,
    Receipt,
    RemoteCase,
    Retry,
    Tracker,
    Unknown,
    Withdrawal,
)
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import (
    Side as RemoteSide,
)
from upheld.seam import Live

#: A send that hangs longer is written off as unknown; the lease outlives it.
HARD_STOP: Final[Span] = 20 * SECOND
LEASE_SECONDS: Final = 60.0
#: After this many tries a delivery is a dead letter: five seconds, doubling, at most 15 minutes.
TRIES: Final = 14
_FIRST_WAIT: Final[Span] = 5 * SECOND
_LONGEST_WAIT: Final[Span] = 15 * MINUTE
_UNKNOWN_WAIT: Final[Span] = 10 * SECOND
_WAKING: Final = frozenset({Purpose.PAGE.value, Purpose.CALL.value, WITHDRAW})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt."""

    state: DeliveryState
    detail: str = ""
    handle: str | None = None
    retry_in: Span | None = None
    item: RemoteCase | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends what is leased to it. ``owner`` names this worker in leases and attempts."""

    records: Records
    letters: Letters
    lives: Mapping[str, Live]
    owner: str
    log: Logger

    def send(self, limit: int = 10) -> int:
        """Lease what may go out now and send it; answers how many were taken in hand."""
        ledger = self.records.ledger
        if ledger.foreign or ledger.stopped() is not None:
            return 0
        leased = ledger.retrying(
            lambda tx: tx.lease(
                self.owner, limit=limit, seconds=LEASE_SECONDS, connections=list(self.lives)
            )
        )
        for each in leased:
            self._deliver(each)
        return len(leased)

    def _deliver(self, leased: LeasedDelivery) -> None:
        live = self.lives[leased.delivery.connection]
        try:
            call = self._call(leased, live)
        except PluginError as error:
            self._settle(leased, _failed(leased, error))
            return
        known = self._look_up(leased, live)
        if known is not None:
            self._settle(leased, known)
            return
        ledger = self.records.ledger
        if ledger.retrying(lambda tx: tx.attempting(leased, seconds=LEASE_SECONDS)):
            self._settle(leased, self._attempt(leased, live, call))

    def _attempt(self, leased: LeasedDelivery, live: Live, call: Callable[[], Outcome]) -> Outcome:
        try:
            return live.call(call, hard_stop=HARD_STOP)
        except PluginError as error:
            return _failed(leased, error)

    def _call(self, leased: LeasedDelivery, live: Live) -> Callable[[], Outcome]:
        """The one call to be made for this delivery, with all that it needs at hand."""
        plugin, key = live.plugin, leased.key
        if leased.item.purpose == CREATE_ITEM and isinstance(plugin, Tracker):
            draft = self._draft(leased)
            return lambda: _created(plugin.create(draft, key))
        assert isinstance(plugin, Notifier)
        if leased.item.purpose == WITHDRAW and live.can(Ability.WITHDRAW):
            why, thread = Withdrawal(leased.item.why or "closed"), key.split(">", 1)[1]
            return lambda: _withdrawn(plugin, thread, why, key)
        letter = self.letters.write(leased)
        return lambda: _receipted(plugin.send(letter, _address(leased), key))

    def _look_up(self, leased: LeasedDelivery, live: Live) -> Outcome | None:
        """For an unknown: its outcome, or None where it may (or must) be done again."""
        if leased.delivery.state is not DeliveryState.UNKNOWN:
            return None
        found = self._find(leased, live) if live.can(Ability.FIND) else Lookup(None, False)
        if found.found is not None:
            there = found.found
            return _created(there) if isinstance(there, RemoteCase) else _receipted(there)
        again = live.can(Ability.REPEAT) or leased.item.purpose in _WAKING
        return None if found.conclusive or again else _still_unknown(leased, live)

    def _find(self, leased: LeasedDelivery, live: Live) -> Lookup[RemoteCase] | Lookup[Receipt]:
        plugin, key = live.plugin, leased.key
        since = moment(leased.item.created - HOUR)
        try:
            if isinstance(plugin, Tracker):
                return live.call(lambda: plugin.find(key, since), hard_stop=HARD_STOP)
            assert isinstance(plugin, Notifier)
            to = _address(leased)
            return live.call(lambda: plugin.find(key, to, since), hard_stop=HARD_STOP)
        except PluginError as error:
            self.log.warning("lookup_failed", connection=live.name, key=key, error=str(error))
            return Lookup[Receipt](None, conclusive=False)

    def _settle(self, leased: LeasedDelivery, outcome: Outcome) -> None:
        """Transaction 2: the outcome, its evidence on the case, and what it links."""
        self.records.ledger.retrying(lambda tx: self._write(tx, leased, outcome))
        say = self.log.info if outcome.state is DeliveryState.ACCEPTED else self.log.warning
        say(
            "delivery",
            case=leased.item.subject,
            connection=leased.delivery.connection,
            key=leased.key,
            state=outcome.state.value,
            purpose=leased.item.purpose,
            detail=outcome.detail,
        )

    def _write(self, tx: Transaction, leased: LeasedDelivery, outcome: Outcome) -> None:
        tx.outcome(
            leased,
            outcome.state,
            handle=outcome.handle,
            detail=outcome.detail or None,
            retry_in=outcome.retry_in,
        )
        case, connection = leased.item.subject, leased.delivery.connection
        if outcome.handle and leased.item.purpose not in {CREATE_ITEM, WITHDRAW}:
            tx.bind_thread(connection, outcome.handle, case)
        if outcome.item is not None:
            self._link(tx, leased, outcome.item)
        elif outcome.state in {DeliveryState.ACCEPTED, DeliveryState.DEAD}:
            self._evidence(tx, leased, outcome)

    def _link(self, tx: Transaction, leased: LeasedDelivery, item: RemoteCase) -> None:
        case, connection = leased.item.subject, leased.delivery.connection
        tx.link(case, connection, remote_id=item.ref.id, key=item.ref.key, url=item.ref.url)
        now = self.records.clock.now()
        linked = Linked(connection, item.ref.id, item.ref.key, item.ref.url)
        actor = Actor(connection, Side.PROVIDER)
        self.records.add(tx, case, Event(f"linked:{leased.key}", now, now, actor, linked))

    def _evidence(self, tx: Transaction, leased: LeasedDelivery, outcome: Outcome) -> None:
        now, delivery = self.records.clock.now(), leased.delivery
        state = "accepted" if outcome.state is DeliveryState.ACCEPTED else "failed"
        body = Receipted(
            key=leased.key,
            state=state,
            channel=delivery.channel,
            connection=delivery.connection,
            recipient=delivery.recipient,
            purpose=leased.item.purpose,
            clauses=leased.item.clauses,
            detail=outcome.detail,
        )
        event_id = f"receipt:{leased.key}:{state}:{delivery.attempts}"
        actor = Actor(delivery.connection, Side.PROVIDER)
        self.records.add(tx, leased.item.subject, Event(event_id, now, now, actor, body))

    def _draft(self, leased: LeasedDelivery) -> Draft:
        subject = self.records.read(lambda tx: tx.subject(leased.item.subject))
        opened = subject.facts[0].body
        assert isinstance(opened, Opened)
        severity = self.records.life(subject).state.acting_severity
        reporter = RemoteActor(opened.reporter, opened.reporter_name, side=RemoteSide.CUSTOMER)
        fields = {"title": opened.subject, "severity": severity, "customer": opened.customer}
        return Draft(scope="", text=opened.text, reporter=reporter, fields=fields)


def _address(leased: LeasedDelivery) -> Address:
    delivery = leased.delivery
    return Address(Channel(delivery.channel), delivery.address, delivery.recipient_name)


def _receipted(receipt: Receipt) -> Outcome:
    return Outcome(DeliveryState(receipt.state.value), receipt.detail, receipt.handle)


def _created(item: RemoteCase) -> Outcome:
    return Outcome(DeliveryState.ACCEPTED, item.ref.key, item.ref.id, item=item)


def _withdrawn(plugin: Notifier[Any], thread: str, why: Withdrawal, key: str) -> Outcome:
    plugin.withdraw(thread, why, key)
    return Outcome(DeliveryState.ACCEPTED, "withdrawn")


def _still_unknown(leased: LeasedDelivery, live: Live) -> Outcome:
    if live.can(Ability.FIND) and leased.delivery.attempts < TRIES:
        return Outcome(DeliveryState.UNKNOWN, "looked up, not found yet", retry_in=MINUTE)
    detail = "it may have gone out and may not; nobody can tell but the recipient"
    return Outcome(DeliveryState.DEAD, detail)


def _failed(leased: LeasedDelivery, error: PluginError) -> Outcome:
    """What a plugin's error means for the delivery; the core alone retries and gives up."""
    wait = min(_FIRST_WAIT * 2**leased.delivery.attempts, _LONGEST_WAIT)
    if isinstance(error, Unknown):
        return Outcome(DeliveryState.UNKNOWN, str(error), retry_in=_UNKNOWN_WAIT)
    if isinstance(error, Auth):
        # The connection waits for a person; its messages wait with it and are not lost.
        return Outcome(DeliveryState.PENDING, str(error), retry_in=_LONGEST_WAIT)
    if isinstance(error, Retry) and leased.delivery.attempts < TRIES:
        asked = span(error.after) if error.after is not None else 0
        return Outcome(DeliveryState.PENDING, str(error), retry_in=max(wait, asked))
    return Outcome(DeliveryState.DEAD, str(error))
