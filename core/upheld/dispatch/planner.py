"""From a message to deliveries: who that is today, over which connection, and whether it may leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from upheld.case.decision import Purpose, Withdrawal
from upheld.case.events import Opened
from upheld.desk.records import Records
from upheld.directory import Directory, Recipient
from upheld.dispatch.compose import purpose_of
from upheld.dispatch.routes import (
    Mode,
    SafetyCatch,
    Ways,
    redirected,
    route,
    tracked,
    ways_for,
)
from upheld.ledger import (
    CREATE_ITEM,
    WITHDRAW,
    Delivery,
    DeliveryState,
    NewDelivery,
    OutboxItem,
    OutboxState,
    Transaction,
)
from upheld.plugin import Ability, Channel, Logger
from upheld.seam import Live

_SENT = (
    DeliveryState.ATTEMPTING,
    DeliveryState.UNKNOWN,
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.ACKNOWLEDGED,
)
_WAKING = frozenset({Purpose.PAGE, Purpose.CALL})


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans what the ledger holds as pending. Only reads, but for the rows of the outbox."""

    records: Records
    directory: Directory
    ways: Ways
    catch: SafetyCatch
    lives: Mapping[str, Live]
    log: Logger

    def plan(self, limit: int = 100) -> int:
        """Plan the most urgent pending messages; answers how many."""
        return self.records.ledger.retrying(lambda tx: self._plan(tx, limit))

    def _plan(self, tx: Transaction, limit: int) -> int:
        items = tx.pending(limit)
        for item in items:
            self._plan_one(tx, item)
        return len(items)

    def _plan_one(self, tx: Transaction, item: OutboxItem) -> None:
        opened = self._opened(tx, item.subject)
        deliveries = self._deliveries(tx, item, opened)
        if deliveries is None:
            self._nobody(tx, item)
            return
        customer = opened.customer if opened else None
        leaving = tuple(each for each in deliveries if self.catch.lets(each.connection, customer))
        if deliveries and not leaving:
            tx.settle(item.key, OutboxState.SHADOW, f"{self.catch.mode.value} mode")
            return
        if self.catch.mode is Mode.REDIRECT and self.catch.redirect is not None:
            leaving = redirected(leaving, self.catch.redirect)
        tx.plan(item.key, leaving)

    def _deliveries(
        self, tx: Transaction, item: OutboxItem, opened: Opened | None
    ) -> tuple[NewDelivery, ...] | None:
        """None where the message is for nobody that could be found."""
        if item.purpose == CREATE_ITEM:
            return tracked(item)
        if item.purpose == WITHDRAW:
            return tuple(self._withdrawals(tx, item))
        purpose = purpose_of(item)
        people = self._people(item, opened)
        ways = ways_for(purpose, item.to, self.ways)
        plugins = {name: live.plugin.name for name, live in self.lives.items()}
        return route(item, people, ways, plugins) or None

    def _people(self, item: OutboxItem, opened: Opened | None) -> list[Recipient]:
        found: dict[str, Recipient] = {}
        assignee = self._assignee(item)
        for whom in item.to:
            people = self.directory.resolve(
                whom,
                customer=opened.customer if opened else None,
                reporter=opened.reporter if opened else None,
                assignee=assignee,
                at=self.records.clock.now(),
            )
            found |= {person.id: person for person in people}
            if people and item.facts.get("first_of"):
                break
        if not found and purpose_of(item) in _WAKING:
            # A step that resolves to nobody must still wake somebody.
            self.log.error("nobody_to_page", case=item.subject, to=", ".join(item.to))
            operators = self._operators()
            found = {person.id: person for person in operators}
        return list(found.values())

    def _operators(self) -> Sequence[Recipient]:
        now = self.records.clock.now()
        return self.directory.resolve(
            "operator", customer=None, reporter=None, assignee=None, at=now
        )

    def _withdrawals(self, tx: Transaction, item: OutboxItem) -> list[NewDelivery]:
        """Everybody whose page went out and who was not stood down for good before."""
        earlier = tx.deliveries(subject=item.subject, states=_SENT)
        final = {
            each.key.split(">", 1)[1]
            for each in earlier
            if each.purpose == WITHDRAW and f"/{Withdrawal.WORKED}/" not in each.outbox_key
        }
        return [
            _withdrawal(item, page)
            for page in earlier
            if page.purpose == Purpose.PAGE and page.key not in final and self._can(page, item)
        ]

    def _can(self, page: Delivery, item: OutboxItem) -> bool:
        # Work is told to machines only: a person who was paged need not be told in words.
        live = self.lives.get(page.connection)
        return item.why != Withdrawal.WORKED or (live is not None and live.can(Ability.WITHDRAW))

    def _nobody(self, tx: Transaction, item: OutboxItem) -> None:
        who = ", ".join(item.to)
        self.log.error("message_for_nobody", case=item.subject, key=item.key, to=who)
        tx.settle(item.key, OutboxState.DROPPED, f"nobody can be reached as {who}")

    def _opened(self, tx: Transaction, subject: str) -> Opened | None:
        body = tx.subject(subject).facts[0].body
        return body if isinstance(body, Opened) else None

    def _assignee(self, item: OutboxItem) -> str | None:
        # A question goes to whom the engine named; nothing else is addressed to an assignee alone.
        return item.to[0] if purpose_of(item) is Purpose.ASK and item.to else None


def _withdrawal(item: OutboxItem, page: Delivery) -> NewDelivery:
    return NewDelivery(
        key=f"{item.key}>{page.key}",
        recipient=page.recipient,
        recipient_name=page.recipient_name,
        channel=Channel(page.channel).value,
        connection=page.connection,
        address=page.address,
        lane=page.lane,
    )
