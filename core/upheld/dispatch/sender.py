"""Sending: transaction 1 "attempting", the call, transaction 2 its outcome.

A process that dies between the two leaves an *unknown*: it is looked up where the plugin can find,
repeated where the key makes that safe, repeated for what wakes people, and else shown to a person.
What is in doubt stays in doubt, whatever a later attempt says, until it is found or was repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from upheld.calendar.instant import HOUR, MINUTE, Span, moment
from upheld.case.decision import Purpose
from upheld.case.opening import opening
from upheld.desk.records import Records
from upheld.dispatch import comments
from upheld.dispatch.bundling import together
from upheld.dispatch.creating import Creating, created
from upheld.dispatch.doubt import doubted, may_repeat, still_unknown
from upheld.dispatch.fields import Fields
from upheld.dispatch.letters import Letters, thread_of
from upheld.dispatch.mirroring import Mirroring
from upheld.dispatch.outcome import Outcome, failed, receipted
from upheld.dispatch.proofs import prove
from upheld.dispatch.taken import HARD_STOP, Call, Results, Taken, alike
from upheld.dispatch.withdrawals import STANDS_ON
from upheld.errors import Fenced, LedgerError, Refusal
from upheld.ledger import (
    CREATE_ITEM,
    FIELDS,
    MIRROR,
    WITHDRAW,
    DeliveryState,
    LeasedDelivery,
    Link,
    Transaction,
)
from upheld.plugin import (
    Ability,
    Address,
    Auth,
    Channel,
    Gone,
    Logger,
    Lookup,
    Misconfigured,
    Notifier,
    PluginError,
    Receipt,
    RemoteCase,
    Tracker,
    Withdrawal,
)
from upheld.seam import Live
from upheld.sync.gone import missing
from upheld.sync.mirrors import Said

#: A lease outlives a call that hangs.
LEASE_SECONDS: Final = 60.0
#: What goes to trackers: it is looked at there before, and never within a transaction.
_NO_LETTERS: Final = frozenset({CREATE_ITEM, FIELDS, MIRROR, Purpose.COMMENT})


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends what is leased to it. ``owner`` names this worker in leases and attempts."""

    records: Records
    letters: Letters
    lives: Mapping[str, Live]
    owner: str
    log: Logger
    fields: Fields
    #: Told of each delivery that went out: its connection, and how long ago it was decided to send.
    went_out: list[Callable[[str, Span], None]] = field(default_factory=list, compare=False)

    def send(
        self, limit: int = 10, *, unless: Callable[[Transaction], bool] = lambda _tx: False
    ) -> int:
        """Lease what may go out now and send it, ``unless`` …; answers how many were taken in hand."""
        ledger = self.records.ledger
        taken = ledger.retrying(lambda tx: [] if unless(tx) else self.take(tx, limit))
        return self.deliver(taken)

    def take(
        self, tx: Transaction, limit: int = 10, *, over: Collection[str] | None = None
    ) -> list[Taken]:
        """Lease what may go out now, ``over`` these connections alone. The first, where it is a letter, is
        written and begun in the same transaction: a page waits for the disk once, and not once a step."""
        if self.records.ledger.foreign:
            return []
        among = self.lives if over is None else over
        answering = [name for name in among if not self.lives[name].stopped]
        leased = tx.lease(
            self.owner,
            limit=limit,
            seconds=LEASE_SECONDS,
            connections=answering,
            now=self.records.clock.now(),
        )
        restored = self.records.ledger.restored()
        taken = [Taken(each) for each in together(doubted(each, restored) for each in leased)]
        return [self._begun(tx, taken[0]), *taken[1:]] if taken else []

    def set_out(self, taken: Sequence[Taken]) -> list[Taken]:
        """Begin the calls that can be begun at once: whoever delivers them waits for what comes of it."""
        lives = self.lives
        return [
            each.set_out(lives[each.first.delivery.connection]) if each.together else each
            for each in taken
        ]

    def deliver(self, taken: Sequence[Taken]) -> int:
        """Send what was taken; answers how many there were."""
        for each in taken:
            if each.together:
                self._contained(each)
        return len(taken)

    def _begun(self, tx: Transaction, taken: Taken) -> Taken:
        """What is no letter, or is in doubt, or can't be written, or goes with others, is begun by itself
        later, and tells then what is wrong with it."""
        leased = taken.first
        plain = leased.item.purpose not in _NO_LETTERS and len(taken.together) == 1
        if not plain or leased.delivery.state is DeliveryState.UNKNOWN:
            return taken
        try:
            call = self._letter(tx, taken.together, self.lives[leased.delivery.connection])
        except PluginError:
            return taken
        return Taken(taken.together, call) if self._begins(tx, leased) else Taken(())

    def _contained(self, taken: Taken) -> None:
        """Send one; whatever is wrong with it, the others behind it go on."""
        leased = taken.first
        try:
            self._deliver(taken)
        except Fenced as error:
            self.log.warning("lease_lost", key=leased.key, error=str(error))
        except LedgerError:
            raise  # what can't be written down must not be sent
        except Exception as error:  # noqa: BLE001  its lease runs out, and it is looked at again
            what = f"{type(error).__name__}: {error}"
            self.log.error("sending_failed", key=leased.key, error=what)  # noqa: TRY400  one line

    def _deliver(self, taken: Taken) -> None:
        first = taken.first
        live = self.lives[first.delivery.connection]
        if live.stopped and taken.call is None:  # since it was leased: it waits with the connection
            self.records.ledger.retrying(lambda tx: tx.let_go(*taken.together))
            return
        found = self._look_up(first, live)
        results = self._attempt(taken, live) if found is None else _of_all(taken, found)
        if results:
            self._settle(results)

    def _attempt(self, taken: Taken, live: Live) -> Results:
        """What became of those that were still to be sent."""
        try:
            if taken.call is None:
                taken = self._ready(taken, live)
            return _of_all(taken, taken.called(taken.call, live)) if taken.call else ()
        except PluginError as error:
            if taken.call is None and len(taken.together) > 1:
                # One of them can't be written: by itself each tells what is wrong with it.
                self.deliver(taken.apart())
                return ()
            if isinstance(error, Auth) and not live.stopped:
                # Trying on would lock the account; a person has to look at it first.
                live.stop(error.what)
            gone = self._not_there(taken.first, error)
            return alike([(each, gone or failed(each, error)) for each in taken.together])

    def _ready(self, taken: Taken, live: Live) -> Taken:
        """Those that are wanted still, written down as being sent, with the call; nothing else is done."""
        ledger = self.records.ledger
        if len(taken.together) > 1:
            return ledger.retrying(lambda tx: self._ready_together(tx, taken, live))
        call = self._call(taken.first, live)
        begins = ledger.retrying(lambda tx: self._begins(tx, taken.first))
        return Taken(taken.together, call) if begins else Taken(())

    def _ready_together(self, tx: Transaction, taken: Taken, live: Live) -> Taken:
        """The first that is wanted still carries the others."""
        begun: list[LeasedDelivery] = []
        for each in taken.together:
            if self._begins(tx, each, carrier=begun[0].key if begun else each.key):
                begun.append(each)
        return Taken(tuple(begun), self._letter(tx, begun, live)) if begun else Taken(())

    def _not_there(self, leased: LeasedDelivery, error: PluginError) -> Outcome | None:
        """For an item that is gone: asked for once more in a minute, then a person has to look."""
        link = self._linked(leased)
        if not isinstance(error, Gone) or link is None:
            return None
        gone = self.records.ledger.retrying(lambda tx: missing(tx, self.records, link))
        if gone or link.is_gone:
            return Outcome(DeliveryState.DEAD, str(error))
        return Outcome(DeliveryState.PENDING, str(error), retry_in=MINUTE)

    def _begins(self, tx: Transaction, leased: LeasedDelivery, carrier: str | None = None) -> bool:
        """Write down that it is sent now; False where it must not be: not by us, not now, not to them."""
        subject = tx.subject(leased.item.subject)
        if self.letters.people.still_meant(subject, leased.item, leased.delivery):
            now = self.records.clock.now()
            return tx.attempting(leased, seconds=LEASE_SECONDS, now=now, carrier=carrier)
        if tx.renew(leased, seconds=LEASE_SECONDS):
            said = opening(subject.facts)
            whose = (said.customer if said else None) or "nobody"
            # What a person wrote was meant for those people: a person says whether for these too.
            held = leased.item.purpose == Purpose.REPLY
            tx.readdress(leased, whose, f"the case is {whose}'s now", held=held)
        return False

    def _call(self, leased: LeasedDelivery, live: Live) -> Call:
        """The one call to be made for this delivery, with all that it needs at hand."""
        calls: Mapping[str, Callable[[LeasedDelivery, Live], Call]] = {
            CREATE_ITEM: self._creation,
            FIELDS: self.fields.call,
            MIRROR: self._mirroring.call,
            Purpose.COMMENT: self._comment,
        }
        if leased.item.purpose in calls:
            return calls[leased.item.purpose](leased, live)
        return self.records.read(lambda tx: self._letter(tx, (leased,), live))

    def _letter(self, tx: Transaction, together: Sequence[LeasedDelivery], live: Live) -> Call:
        """The call for what a person gets, and for what lets them sleep again."""
        leased, *others = together
        plugin, key = live.plugin, leased.key
        if not isinstance(plugin, Notifier):
            raise Misconfigured(f"{live.name} is no way to reach people", "correct `reach`")
        if leased.item.purpose == WITHDRAW and live.can(Ability.WITHDRAW):
            why, thread = _there(leased.item.why or "closed"), thread_of(leased)
            return lambda: _withdrawn(plugin, thread, why, key)
        letter = self.letters.written(tx, leased, others)
        return lambda: receipted(plugin.send(letter, _address(leased), key))

    def _creation(self, leased: LeasedDelivery, live: Live) -> Call:
        plugin = live.plugin
        if not isinstance(plugin, Tracker):
            raise Misconfigured(f"{live.name} holds no cases", "correct `cases_to`")
        if self._linked(leased) is not None:  # a person was faster
            return lambda: Outcome(DeliveryState.ACCEPTED, "it has an item there already")
        draft, writes = self._creating.draft(leased, live)
        return lambda: created(plugin.create(draft, leased.key), writes)

    def _comment(self, leased: LeasedDelivery, live: Live) -> Call:
        plugin, text = live.plugin, str(leased.item.facts.get("text", ""))
        if not isinstance(plugin, Tracker):
            raise Misconfigured(f"{live.name} holds no cases", "correct `cases_to`")
        write = comments.writing(plugin, self._linked(leased), text, leased.key)
        return lambda: Outcome(DeliveryState.ACCEPTED, write().value)

    @property
    def _creating(self) -> Creating:
        return Creating(self.records, self.fields.trackers)

    @property
    def _mirroring(self) -> Mirroring:
        return Mirroring(self.letters, self.fields.trackers)

    def _linked(self, leased: LeasedDelivery) -> Link | None:
        case, connection = leased.item.subject, leased.delivery.connection
        return self.records.read(lambda tx: tx.link_of(case, connection))

    def _look_up(self, leased: LeasedDelivery, live: Live) -> Outcome | None:
        """For an unknown: its outcome, or None where it may (or must) be done again."""
        if leased.delivery.state is not DeliveryState.UNKNOWN:
            return None
        if leased.item.purpose == FIELDS:  # what stands there is read before anything is written
            return None
        if leased.item.purpose in {Purpose.COMMENT, MIRROR}:
            return self._comment_there(leased, live)
        told = live.can(Ability.FIND) and self._still_told(leased)
        found = self._find(leased, live) if told else Lookup(None, False)
        if found.found is not None:
            there = found.found
            return created(there) if isinstance(there, RemoteCase) else receipted(there)
        again = may_repeat(live.abilities, leased.item.purpose)
        return None if found.conclusive or again else still_unknown(leased, live.abilities)

    def _still_told(self, leased: LeasedDelivery) -> bool:
        """Whether what is found under its key may tell of it: what carried it may have gone alone since."""
        sent_as, connection = leased.delivery.sent_as, leased.delivery.connection
        if sent_as == leased.key:
            return True
        carrier = self.records.read(lambda tx: tx.receipt(connection, sent_as))
        return carrier is not None and carrier.carrier == sent_as

    def _comment_there(self, leased: LeasedDelivery, live: Live) -> Outcome | None:
        """The item tells; where it can't be read, nobody knows."""
        plugin, link = live.plugin, self._linked(leased)
        if link is None or not isinstance(plugin, Tracker):
            return None
        try:
            found = live.call(lambda: comments.there(plugin, link, leased.key), hard_stop=HARD_STOP)
        except PluginError as error:
            return failed(leased, error)
        return Outcome(DeliveryState.ACCEPTED, "found there") if found else None

    def _find(self, leased: LeasedDelivery, live: Live) -> Lookup[RemoteCase] | Lookup[Receipt]:
        plugin, key = live.plugin, leased.delivery.sent_as
        # After a restore it is decided anew, long after it went out.
        since = moment(min(leased.item.created, leased.item.due) - HOUR)
        try:
            if isinstance(plugin, Tracker):
                return live.call(lambda: plugin.find(key, since), hard_stop=HARD_STOP)
            assert isinstance(plugin, Notifier)
            to = _address(leased)
            return live.call(lambda: plugin.find(key, to, since), hard_stop=HARD_STOP)
        except PluginError as error:
            self.log.warning("lookup_failed", connection=live.name, key=key, error=str(error))
            nothing: Lookup[Receipt] = Lookup(None, conclusive=False)
            return nothing

    def _settle(self, results: Results) -> None:
        """Transaction 2: the outcome, its evidence on each case, and what it links."""
        first, outcome = results[0]
        told = self._mirroring.told(first, outcome)
        try:
            self.records.ledger.retrying(lambda tx: self._write(tx, results, told))
        except Refusal as error:  # another link is there: so it would be the next time
            why = f"{outcome.detail} is there: {error}"
            self._settle([(first, Outcome(DeliveryState.DEAD, why))])
            return
        for each, became in results:
            self._say(each, became)

    def _say(self, leased: LeasedDelivery, outcome: Outcome) -> None:
        say = self.log.info if outcome.proof not in {"", "failed"} else self.log.warning
        say(
            "delivery",
            case=leased.item.subject,
            connection=leased.delivery.connection,
            key=leased.key,
            state=outcome.state.value,
            purpose=leased.item.purpose,
            detail=outcome.detail,
        )
        if outcome.proof not in {"", "failed"}:
            waited = self.records.clock.now() - leased.item.created
            for tell in self.went_out:
                tell(leased.delivery.connection, waited)

    def _write(self, tx: Transaction, results: Results, told: Said | None) -> None:
        for leased, outcome in results:
            self._write_one(tx, leased, outcome, told)

    def _write_one(
        self, tx: Transaction, leased: LeasedDelivery, outcome: Outcome, told: Said | None
    ) -> None:
        tx.outcome(
            leased,
            outcome.state,
            handle=outcome.handle,
            detail=outcome.detail or None,
            retry_in=outcome.retry_in,
            now=self.records.clock.now(),
        )
        case, connection = leased.item.subject, leased.delivery.connection
        if outcome.item is not None:
            self._creating.link(tx, leased, outcome)
            return
        if outcome.pushed is not None:
            self.fields.settle(tx, leased, outcome.pushed)
        if outcome.handle:
            tx.bind_thread(connection, outcome.handle, case)
        if told is not None:
            self._mirroring.keep(tx, leased.item, told)
        quiet = leased.item.purpose in {FIELDS, MIRROR} and outcome.proof != "failed"
        if outcome.proof and not quiet:
            prove(tx, self.letters, leased, outcome)


def _of_all(taken: Taken, outcome: Outcome) -> Results:
    """The same of each; the provider's handle is that of the first."""
    others = replace(outcome, handle=None)
    return [(taken.first, outcome), *((each, others) for each in taken.together[1:])]


def _address(leased: LeasedDelivery) -> Address:
    delivery = leased.delivery
    return Address(Channel(delivery.channel), delivery.address, delivery.recipient_name)


def _there(why: str) -> Withdrawal:
    """What a provider is told: a page that somebody answered elsewhere is acknowledged there."""
    return Withdrawal.WORKED if why in STANDS_ON else Withdrawal(why)


def _withdrawn(plugin: Notifier[Any], thread: str, why: Withdrawal, key: str) -> Outcome:
    plugin.withdraw(thread, why, key)
    return Outcome(DeliveryState.ACCEPTED, "withdrawn")
