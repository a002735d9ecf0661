"""From a message to deliveries: who that is today, over which connection, and whether it may leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeAlias

from upheld.calendar.instant import Instant, Span
from upheld.case.decision import Purpose, Subject
from upheld.case.events import UPHELD, Event, Receipted
from upheld.case.opening import opening
from upheld.desk.records import Records
from upheld.directory import Directory, Recipient
from upheld.dispatch.brake import Brake, Lately, hold
from upheld.dispatch.comments import NOWHERE, commented
from upheld.dispatch.compose import purpose_of
from upheld.dispatch.gathering import Gathering
from upheld.dispatch.gravest import first_of_the_gravest
from upheld.dispatch.merging import Addressed, merged
from upheld.dispatch.recipients import Recipients
from upheld.dispatch.routes import (
    Mode,
    SafetyCatch,
    Way,
    Ways,
    redirected,
    route,
    tracked,
    ways_for,
)
from upheld.dispatch.withdrawals import withdrawals
from upheld.errors import LedgerError
from upheld.ledger import (
    CREATE_ITEM,
    FIELDS,
    MIRROR,
    WITHDRAW,
    NewDelivery,
    OutboxItem,
    OutboxState,
    Transaction,
)
from upheld.plugin import Channel, Logger
from upheld.seam import Live

#: What is for no person.
TO_TRACKERS: Final = frozenset({CREATE_ITEM, FIELDS, MIRROR, Purpose.COMMENT.value})
#: What is not heard in quiet hours.
_CAN_WAIT: Final = frozenset({Purpose.NOTIFY, Purpose.FORWARD})
_WAKING: Final = frozenset({Purpose.PAGE, Purpose.CALL})
#: What was planned lately: against the brake, and into bundles.
_Lately: TypeAlias = tuple[Lately, Gathering]


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans what the ledger holds as pending. Nothing is sent here."""

    records: Records
    directory: Directory
    ways: Ways
    catch: SafetyCatch
    lives: Mapping[str, Live]
    log: Logger
    brake: Brake = field(default_factory=Brake)
    own_ways: Mapping[str, Ways] = field(default_factory=dict)
    bundle: Span = 0

    def plan(self, limit: int = 100) -> int:
        """Plan the most urgent pending messages; answers how many.

        One that can't be planned is held with the reason, and the others go on.
        """
        try:
            return self.records.ledger.retrying(lambda tx: self.plan_in(tx, limit))
        except LedgerError:
            raise
        except Exception:  # noqa: BLE001  one of them is at fault: each by itself tells which
            return self._plan_apart(limit)

    def plan_in(self, tx: Transaction, limit: int = 100) -> int:
        """The same in a transaction of the caller's; raises where one can't be planned."""
        items = tx.pending(limit)
        lately = self._lately(tx)
        for case in dict.fromkeys(item.subject for item in items):
            # All that a decision says is planned together, also where it does not fit in ``limit``.
            of_case = (
                [item for item in items if item.subject == case]
                if len(items) < limit
                else tx.items(subject=case, states=(OutboxState.PENDING,))
            )
            self._plan_together(tx, case, of_case, lately)
        return len(items)

    def gathering(self, tx: Transaction) -> Gathering:
        """Finds what may go out with messages of other cases."""
        records, ours = self.records, self.directory.people
        return Gathering(tx, records, self.lives, ours, self.bundle, records.clock.now())

    def _lately(self, tx: Transaction) -> _Lately:
        return Lately(tx, self.records.clock.now()), self.gathering(tx)

    def _plan_apart(self, limit: int) -> int:
        items = self.records.read(lambda tx: tx.pending(limit))
        for item in items:
            try:
                self.records.ledger.retrying(partial(self._plan_still, item.key))
            except LedgerError:
                raise
            except Exception as error:  # noqa: BLE001  what is wrong with it is told with it
                self._hold(item, error)
        return len(items)

    def _plan_still(self, key: str, tx: Transaction) -> None:
        item = tx.item(key)
        if item.state is OutboxState.PENDING:
            self._plan_together(tx, item.subject, [item], self._lately(tx))

    def _hold(self, item: OutboxItem, error: Exception) -> None:
        why = f"can't be planned: {type(error).__name__}: {error}"
        self.log.error("message_held", case=item.subject, key=item.key, why=why)
        now = self.records.clock.now()
        self.records.ledger.retrying(lambda tx: hold(tx, item.key, why, now))

    def _plan_together(
        self, tx: Transaction, case: str, items: Sequence[OutboxItem], before: _Lately
    ) -> None:
        subject, (lately, gathering) = tx.subject(case), before
        addressed = [each for item in items if (each := self._addressed(tx, item, subject))]
        now, held = self.records.clock.now(), dict[str | None, str]()
        for message in merged(addressed, self.records.ledger.restored()):
            # What would have told these people waits for somebody: so does this.
            into = (held[d.merged_into] for d in message.deliveries if d.merged_into in held)
            why = next(into, None)
            why = why or self._braked(tx, message, subject, lately)
            if why is None:
                item = message.item
                deliveries = gathering.gathered(item, subject, message.deliveries)
                tx.plan(item.key, deliveries, now=now, wake_at=_look_at(item, deliveries, now))
                lately.planned(item, deliveries)
            else:
                hold(tx, message.item.key, why, now)
                held |= {delivery.key: why for delivery in message.deliveries}

    def _braked(
        self, tx: Transaction, message: Addressed, subject: Subject, lately: Lately
    ) -> str | None:
        """Why it is held back: never somebody's first page for a case that is Severity 1."""
        why = self.brake.holds(tx, message.item, message.deliveries, lately)
        item, deliveries = message.item, message.deliveries
        if why and first_of_the_gravest(tx, self.records, item, subject, deliveries):
            return None
        return why

    def _addressed(self, tx: Transaction, item: OutboxItem, subject: Subject) -> Addressed | None:
        """The message with what may leave of it; None where it is settled: nothing leaves."""
        deliveries = self._deliveries(tx, item, subject)
        if deliveries is None:
            self._nobody(tx, item)
            return None
        leaving = tuple(self.leaving(item, subject, deliveries))
        if deliveries and not leaving:
            tx.settle(item.key, OutboxState.SHADOW, self.catch.why)
            return None
        if len(leaving) < len(deliveries):
            kept = len(deliveries) - len(leaving)
            self.log.warning("kept_in", key=item.key, deliveries=kept, why=self.catch.why)
        return Addressed(item, leaving)

    def leaving(
        self, item: OutboxItem, subject: Subject, deliveries: Sequence[NewDelivery]
    ) -> Sequence[NewDelivery]:
        """What the safety catch lets go, and to whom."""
        opened, catch = opening(subject.facts), self.catch
        customer = opened.customer if opened else None
        leaving = tuple(each for each in deliveries if catch.lets(each, customer))
        if catch.mode is not Mode.REDIRECT or catch.redirect is None:
            return leaving
        return redirected(leaving, catch.redirect, self.ways_of(item), self.plugins)

    def _deliveries(
        self, tx: Transaction, item: OutboxItem, subject: Subject
    ) -> tuple[NewDelivery, ...] | None:
        """None where the message is for nobody that could be found."""
        if item.purpose in {CREATE_ITEM, FIELDS, MIRROR}:
            return tracked(item)
        if item.purpose == Purpose.COMMENT:
            return commented(tx, item, subject, self.lives) or None
        if item.purpose == WITHDRAW:
            return withdrawals(tx, item, self.lives)
        meant = self.recipients.of(subject, item)
        found = self._route(item, meant)
        if not found and purpose_of(item) in _WAKING:
            # A step that reaches nobody must still wake somebody.
            self.log.error("nobody_to_page", case=item.subject, to=", ".join(item.to))
            found = self._route(item, self.recipients.operators(), *self.ways.page)
        return found or None

    def _route(
        self, item: OutboxItem, people: Sequence[Recipient], *more: Way
    ) -> tuple[NewDelivery, ...]:
        plugins = self.plugins
        found = tuple(
            self._in_time(item, person, delivery)
            for person in people
            for delivery in route(item, [person], (*self.ways_of(item, person.id), *more), plugins)
        )
        reached = {delivery.recipient for delivery in found}
        for person in people:
            if person.id not in reached:
                self.log.warning("unreachable", key=item.key, person=person.id)
        return found

    def _in_time(self, item: OutboxItem, person: Recipient, delivery: NewDelivery) -> NewDelivery:
        """What isn't urgent waits for the end of a person's quiet hours, and a page not behind it."""
        now = self.records.clock.now()
        until = person.quiet_until(now) if item.purpose in _CAN_WAIT else None
        if until is None:
            return delivery
        return replace(delivery, after=until - now, lane=f"{delivery.lane}|quiet")

    def _nobody(self, tx: Transaction, item: OutboxItem) -> None:
        """Drop it, and leave on the case that its promise reached nobody."""
        who, now = ", ".join(item.to), self.records.clock.now()
        why = f"nobody can be reached as {who}" if who else NOWHERE
        self.log.error("message_for_nobody", case=item.subject, key=item.key, to=who)
        tx.settle(item.key, OutboxState.DROPPED, why)
        body = Receipted(item.key, "failed", "", "", who, item.purpose, item.clauses, why)
        event_id = f"receipt:{item.key}:failed:0"
        self.records.add(tx, item.subject, Event(event_id, now, now, UPHELD, body))

    def ways_of(self, item: OutboxItem, person: str = "") -> tuple[Way, ...]:
        """The ways in which a message may go, in their order: a person's own, if they have any."""
        if item.purpose in TO_TRACKERS:
            return ()
        own = self.own_ways.get(person, self.ways)
        ways = ways_for(purpose_of(item), item.to, own)
        if item.purpose == Purpose.ANSWER and item.connection:  # where it was asked
            return (Way(Channel(str(item.facts["channel"])), item.connection), *ways)
        return ways

    @property
    def plugins(self) -> dict[str, str]:
        """What plugin each connection is of."""
        return {name: live.plugin.name for name, live in self.lives.items()}

    @property
    def recipients(self) -> Recipients:
        """Finds whom messages are for."""
        return Recipients(self.records, self.directory)


def _look_at(item: OutboxItem, deliveries: Sequence[NewDelivery], now: Instant) -> Instant | None:
    """When a message is looked at: whoever is paged has to answer, so once it was sent; else when what
    waits for others is to go."""
    if item.purpose == Purpose.PAGE:
        return now
    return min((now + each.waits for each in deliveries if each.waits), default=None)
