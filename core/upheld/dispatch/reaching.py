"""Goes on until somebody is reached: looks at messages whose time has come, and sends what follows.

What is decided, the next sending, its proof on the case and the time of the next look are one
transaction: whoever is killed before it has done nothing, and after it everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from upheld.calendar.instant import MINUTE, SECOND, Instant, Span
from upheld.case.decision import Purpose, Subject
from upheld.case.events import UPHELD, Event, FailedOver
from upheld.directory import Recipient
from upheld.dispatch.acknowledged import Paging, acknowledgements, for_ours, holding
from upheld.dispatch.failover import Attempt, Held, Patience, Pursuit, Try, Verdict, decide
from upheld.dispatch.planner import TO_TRACKERS, Planner
from upheld.dispatch.routes import Way, over, ways_to
from upheld.errors import LedgerError
from upheld.ledger import (
    Delivery,
    DeliveryState,
    NewDelivery,
    OutboxItem,
    OutboxState,
    Transaction,
)
from upheld.plugin import Ability, Channel, Notifier, PluginError
from upheld.seam import Live

#: Who comes after the last, where that is not a role: whoever's turn is next.
NEXT_ON_DUTY: Final = "next on duty"
#: What could not be looked at is looked at again so much later.
_AGAIN: Final[Span] = MINUTE
#: So long a plugin may take to name who comes next: it has no need to ask anybody.
_NAMED: Final[Span] = SECOND
_OUT: Final = frozenset({OutboxState.PLANNED, OutboxState.DONE})


@dataclass(frozen=True, slots=True)
class Candidates:
    """Everybody whom a message may go to: by person, the sendings that may leave, in their order."""

    people: Mapping[str, Sequence[NewDelivery]]
    then: Sequence[str]
    last: Sequence[str]

    @property
    def ways(self) -> Mapping[str, Sequence[Way]]:
        """The ways of each."""
        return {person: tuple(map(_way, deliveries)) for person, deliveries in self.people.items()}

    def delivery(self, item: OutboxItem, each: Try) -> NewDelivery:
        """The sending of a try, under a key that exists once."""
        found = next(d for d in self.people[each.person] if _way(d) == each.way)
        lap = f"#{each.lap}" if each.lap > 1 else ""
        way = f"{each.way.connection}.{each.way.channel}"
        key = f"{item.key}>{each.person}/{way}{lap}"
        return replace(found, key=key, lap=each.lap, lane=f"{found.lane}|{each.way.channel}")


@dataclass(frozen=True, slots=True)
class Reaching:
    """Looks at what waits. ``then`` comes after the last way of the last person: a role, or
    ``next on duty``. ``failing`` tells of a message why it could not be looked at, and when it will be
    again."""

    planner: Planner
    patience: Patience = field(default_factory=Patience)
    then: str | None = None
    failing: dict[str, tuple[str, Instant]] = field(default_factory=dict, compare=False)

    def look(self, limit: int = 100) -> int:
        """Look at the messages whose time has come; answers how many. Nothing while all is stopped."""
        records = self.planner.records
        now = records.clock.now()
        keys = records.read(lambda tx: tx.waiting(now, limit))
        return sum(self._looked_at(key, now) for key in keys)

    def _looked_at(self, key: str, now: Instant) -> bool:
        """One message; what is wrong with it must not keep the others."""
        ledger = self.planner.records.ledger
        try:
            looked = ledger.retrying(partial(self._look, key, now))
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001  it is looked at again in a minute
            what, again = f"{type(error).__name__}: {error}", now + _AGAIN
            self.planner.log.error("message_not_looked_at", key=key, error=what)  # noqa: TRY400
            ledger.retrying(lambda tx: tx.wait_for(key, again))
            self.failing[key] = what, again
            return False
        self.failing.pop(key, None)
        return looked

    def _look(self, key: str, now: Instant, tx: Transaction) -> bool:
        item = tx.still_waiting(key, now)
        if item is None:  # it was taken back, or another daemon is at it
            return False
        subject = tx.subject(item.subject)
        attempts, held = self._attempts(tx, item), self._held(tx, item, subject, now)
        found = self._candidates(item, subject, attempts, held, now)
        pursuit = replace(self._pursuit(item, subject, attempts, found), held=held)
        verdict = decide(pursuit, now)
        new = [found.delivery(item, each) for each in verdict.tries]
        gathered = self.planner.gathering(tx).gathered(item, subject, new)
        self._carry_out(tx, item, gathered, verdict, now)
        return True

    def _attempts(self, tx: Transaction, item: OutboxItem) -> tuple[Attempt, ...]:
        if item.purpose in TO_TRACKERS:
            return ()
        sent = tx.deliveries(outbox_key=item.key, limit=None)
        # What another message tells them is looked at with that one.
        own = [self._attempt(each) for each in sent if each.state is not DeliveryState.MERGED]
        return for_ours(own, self.planner.directory.is_contact)

    def _held(
        self, tx: Transaction, item: OutboxItem, subject: Subject, now: Instant
    ) -> Held | None:
        """What holds a page, by what was acknowledged of its case: all pages of it are looked at."""
        said = acknowledgements(subject.facts) if item.purpose == Purpose.PAGE else []
        if not said:
            return None
        out = tx.items(subject=subject.id, states=_OUT, limit=None)
        pages = [
            Paging(each.key, each.planned or now, self._attempts(tx, each))
            for each in out
            if each.purpose == Purpose.PAGE and each.unwanted is None
        ]
        assignee = self.planner.recipients.assignee(subject)
        return holding(item.key, pages, said, assignee, self.planner.directory.is_contact)

    def _attempt(self, sent: Delivery) -> Attempt:
        live = self.planner.lives.get(sent.connection)
        return Attempt(
            person=sent.recipient,
            way=Way(Channel(sent.channel), sent.connection),
            state=sent.state,
            since=sent.since,
            tells=live is not None and live.can(Ability.RECEIPTS),
            stopped=sent.state is DeliveryState.PENDING and (live is None or bool(live.stopped)),
            lap=sent.lap,
            detail=(sent.detail or "").partition("\n")[0],
        )

    def _pursuit(
        self, item: OutboxItem, subject: Subject, attempts: Sequence[Attempt], found: Candidates
    ) -> Pursuit:
        paging = item.purpose == Purpose.PAGE
        case = subject.kind == "case"
        state = self.planner.records.life(subject).state if case else None
        patience = self.patience.at(state.acting_severity if state else None)
        return Pursuit(
            attempts=attempts,
            ways=found.ways,
            patience=patience if paging else None,
            then=found.then,
            last=found.last,
            worked=state is not None and state.worked_at is not None,
        )

    def _candidates(
        self,
        item: OutboxItem,
        subject: Subject,
        attempts: Sequence[Attempt],
        held: Held | None,
        now: Instant,
    ) -> Candidates:
        if not attempts:
            return Candidates({}, (), ())
        paging = item.purpose == Purpose.PAGE
        then = self._then(item, subject, now) if paging else ()
        if held is not None and held.others:  # they were paged beside whoever acknowledged
            then = (*self._paged(item, subject, held.others, now), *then)
        last = self.planner.recipients.operators() if paging else ()
        paged = self._paged(item, subject, [each.person for each in attempts], now)
        people = {each.id: each for each in (*last, *then, *paged)}
        may = {each: self._may_leave(item, subject, people[each]) for each in people}
        return Candidates(may, [each.id for each in then], [each.id for each in last])

    def _paged(
        self, item: OutboxItem, subject: Subject, sent_to: Iterable[str], now: Instant
    ) -> Sequence[Recipient]:
        """Those who were sent it, found by name: a rotation may have moved on since."""
        meant = {each.id: each for each in self.planner.recipients.of(subject, item)}
        ours = self.planner.directory
        found = [
            (meant[each],) if each in meant else ours.resolve(each, at=now)
            for each in dict.fromkeys(sent_to)
        ]
        return [person for people in found for person in people]

    def _then(self, item: OutboxItem, subject: Subject, now: Instant) -> Sequence[Recipient]:
        if self.then is None:
            return ()
        if self.then != NEXT_ON_DUTY:
            return self.planner.recipients.behind(self.then, subject)
        turns = (self.planner.directory.next_on_duty(whom, now) for whom in item.to)
        return [*(each for people in turns for each in people), *self._at_providers(item.to)]

    def _at_providers(self, to: Iterable[str]) -> Iterable[Recipient]:
        """Whoever comes next on a schedule that a provider keeps: it is asked as the page goes out."""
        directory = self.planner.directory
        kept = {each.name: each for whom in to for each in directory.kept_elsewhere(whom)}
        for rotation in kept.values():
            found = {
                live.plugin.name: following
                for live in self.planner.lives.values()
                if (address := rotation.held_by.get(live.plugin.name))
                and (following := self._following(live, address))
            }
            if found:
                name, why = (
                    f"whoever is next for {rotation.name}",
                    f"next on duty in {rotation.name}",
                )
                yield Recipient(f"{rotation.name}+1", name, found, directory.zone, "en", why)

    def _following(self, live: Live, address: str) -> str | None:
        plugin = live.plugin
        if not isinstance(plugin, Notifier):
            return None
        try:
            return live.apart(lambda: plugin.following(address), hard_stop=_NAMED)
        except PluginError as error:
            self.planner.log.warning("not_named", connection=live.name, error=str(error))
            return None

    def _may_leave(
        self, item: OutboxItem, subject: Subject, person: Recipient
    ) -> Sequence[NewDelivery]:
        planner = self.planner
        ways = planner.ways_of(item, person.id)
        found = [
            over(item, person, way, address)
            for way, address in ways_to(person, ways, planner.plugins)
        ]
        leaving = planner.leaving(item, subject, found)
        return tuple({_way(each): each for each in leaving}.values())

    def _carry_out(
        self,
        tx: Transaction,
        item: OutboxItem,
        new: Sequence[NewDelivery],
        verdict: Verdict,
        now: Instant,
    ) -> None:
        if new:
            tx.extend(item.key, new, now=now)
        going = [now + each.waits for each in new if each.waits]
        looks = [*going, *([] if verdict.wake_at is None else [verdict.wake_at])]
        tx.wait_for(item.key, min(looks, default=None))
        for each, delivery in zip(verdict.tries, new, strict=True):
            self._prove(tx, item, _went_on(item, each), delivery.key, now)
        if verdict.unanswered is not None:
            over_ = _ended(item, verdict.unanswered, verdict.why)
            self._prove(tx, item, over_, f"{item.key}:{verdict.unanswered.lap}", now)

    def _prove(
        self, tx: Transaction, item: OutboxItem, body: FailedOver, what: str, now: Instant
    ) -> None:
        event = Event(f"failover:{what}", now, now, UPHELD, body)
        if self.planner.records.add(tx, item.subject, event) is None:
            return
        say = self.planner.log.warning if body.to_person else self.planner.log.error
        event_name = "failed_over" if body.to_person else "unanswered"
        say(event_name, case=item.subject, key=item.key, why=body.why, to=body.to_person)


def _way(delivery: NewDelivery) -> Way:
    return Way(Channel(delivery.channel), delivery.connection)


def _ended(item: OutboxItem, attempt: Attempt, why: str) -> FailedOver:
    way = attempt.way
    return FailedOver(item.key, attempt.person, way.channel.value, way.connection, why)


def _went_on(item: OutboxItem, each: Try) -> FailedOver:
    way = each.way
    return replace(
        _ended(item, each.after, each.why),
        to_person=each.person,
        to_channel=way.channel.value,
        to_connection=way.connection,
    )
