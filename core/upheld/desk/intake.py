"""What comes in becomes facts: messages of people, items of trackers, receipts of providers.

Whatever is not a fact of a case is kept with its fate: fetched = cases + notes + kept.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, replace
from typing import Final, Protocol

from upheld.calendar.instant import HOUR, Instant, Span, instant
from upheld.case.decision import Purpose, Subject
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    Event,
    Noted,
    Opened,
    Side,
)
from upheld.case.opening import opening
from upheld.case.state import Status
from upheld.desk.adoption import was_there_before
from upheld.desk.answers import Words, answered, escalations, speaks_for, told
from upheld.desk.conversations import subject_of, told_apart
from upheld.desk.following import followed, latest, long_over
from upheld.desk.handed_in import handed_in, why_not
from upheld.desk.readings import Readings
from upheld.desk.receipts import Receipts
from upheld.desk.records import Records
from upheld.desk.worded import customers_words, fresh, noted, unverified, with_files
from upheld.directory import Directory, Sender
from upheld.engine.intake import arrival
from upheld.errors import LedgerError
from upheld.ledger import DeciderFault, Fate, Transaction, Unstorable
from upheld.logs import logger
from upheld.plugin import Inbound, Message, Nature, Reading, Receipt, Refused, RemoteCase
from upheld.policy.model import Verb

#: More new cases from one sender in an hour are a machine's doing (facts of loops between desks).
CASES_AN_HOUR: Final = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A connection as far as intake needs it. ``adopt_from``: what is older is read, not enforced.
    ``alike`` are all connections of its plugin: the same message may come by several. A case that was
    closed longer than ``reopen_within`` ago is followed by another."""

    name: str
    plugin: str
    adopt_from: Instant | None = None
    cases_to: str | None = None
    alike: tuple[str, ...] = ()
    reopen_within: Span | None = None


class Cases(Protocol):
    """What takes items of trackers: sync, which this room does not see."""

    def take(self, tx: Transaction, source: Source, item: RemoteCase) -> bool:
        """One item as it is now; whether there was anything new."""


class Colleagues(Protocol):
    """What takes the mail of our own people: their verbs are sync's, too."""

    def take(
        self, tx: Transaction, source: Source, message: Message, case: Subject, sender: Sender
    ) -> None:
        """What one of ours writes in a case's thread."""

    def answered(self, tx: Transaction, source: Source, message: Message, sender: Sender) -> bool:
        """Whether it was one of ours who answered a page, by SMS, chat or key; then that is done."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Turns items into facts inside the transaction that moves the cursor."""

    records: Records
    directory: Directory
    cases: Cases
    colleagues: Colleagues
    most: int = CASES_AN_HOUR
    readings: Readings | None = None

    def take(self, tx: Transaction, source: Source, item: Inbound) -> bool:
        """One item; whether it was news. The same item again changes nothing.

        An item that can't be taken, whyever, is kept in quarantine: it must not keep the others out.
        """
        item = told_apart(tx, source, item)
        if isinstance(item, Message | Refused) and tx.claimed(source.name, item.id):
            return (
                False  # at no more cost than that: readers with an overlap bring most items again
            )
        try:
            with tx.savepoint():
                return self._take(tx, source, item)
        except (Unstorable, DeciderFault) as error:
            wrong: Exception = error
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001  what comes from outside may be anything
            wrong = error
        reason = f"it could not be taken ({type(wrong).__name__})"
        logger().error("item_not_taken", connection=source.name, item=_id(item), error=str(wrong))
        self._keep(tx, source, _id(item), Fate.REFUSED, reason, _raw(item))
        return False

    def let_in(self, tx: Transaction, source: Source, message: Message) -> str | None:
        """What a person has looked at is taken as what somebody wrote, whatever it looks like, and
        however much came before. The subject that it belongs to; None: to none still."""
        written = replace(message, nature=Nature.NORMAL)
        Intake._message(replace(self, most=sys.maxsize), tx, source, written)
        return tx.thread(source.name, [message.id])

    def _take(self, tx: Transaction, source: Source, item: Inbound) -> bool:
        if isinstance(item, Receipt):
            return Receipts(self.records, self.directory).take(tx, source.name, item)
        if isinstance(item, RemoteCase):
            return self.cases.take(tx, source, item)
        if isinstance(item, Reading):
            return self.readings is not None and self.readings.take(tx, source, item)
        digest = item.digest if isinstance(item, Message) else None
        if not isinstance(item, Message | Refused) or not tx.claim_item(
            source.name, item.id, digest
        ):
            return False
        if isinstance(item, Message):
            self._message(tx, source, item)
        else:
            self._keep(tx, source, item.id, Fate.REFUSED, item.reason, item.raw)
        return True

    def _message(self, tx: Transaction, source: Source, message: Message) -> None:
        sender = self.directory.sender(message.by.id, instant(message.at))
        if self.colleagues.answered(tx, source, message, sender):
            return
        found = subject_of(tx, source, message, sender)
        if message.nature is not Nature.NORMAL:
            self._automatic(tx, source, message, found, sender)
        elif found is not None and found.kind == "monitor" and sender.customer is None:
            # A provider or one of ours who was told of an outage: what they say is on record with it.
            tx.bind_thread(source.name, message.id, found.id)
            self._fact(tx, found, message, noted(message, sender), _who(sender))
        elif found is None or found.kind not in {"case", "referral"}:
            # A customer who answers what we say of a window or a monitor has something to say: a case.
            self._arrival(tx, source, message, sender)
        elif found.kind == "case":
            self._in_case(tx, source, message, latest(tx, source, found), sender)
        elif sender.customer is None:
            self._refer_again(tx, source, message, found, sender)
        else:
            # The partner to whom we referred somebody writes in that thread: they are promised a case.
            self._arrival(tx, source, message, sender)

    def _automatic(
        self,
        tx: Transaction,
        source: Source,
        message: Message,
        case: Subject | None,
        sender: Sender,
    ) -> None:
        """What a machine wrote never answers or reopens; in a case's thread it is a note. It opens a case
        only where a rule names its nature, and nobody answers that by itself."""
        if case is None and message.nature is not Nature.OURS:
            opened = self._opened(tx, source, message, sender)
            if Verb.OPEN in self._rules(opened, message, sender):
                self._open(tx, source, message, sender, opened)
                return
        if case is None or case.kind != "case" or message.nature is Nature.OURS:
            reason = f"{message.nature.value} mail"
            self._keep(tx, source, message.id, Fate.REFUSED, reason, message.raw, message)
            return
        body = Noted(
            f"[{message.nature.value}] {message.subject}\n{with_files(message.text, message)}"
        )
        self._fact(tx, case, message, body, Actor(message.by.id, Side.BOT))

    def _in_case(
        self, tx: Transaction, source: Source, message: Message, case: Subject, sender: Sender
    ) -> None:
        at = self.records.dated(message.at)
        theirs = sender.customer and sender.customer == self._opening(case, message).customer
        if not theirs or not long_over(source, case, at):
            self._turn(tx, source, message, case, sender)
            return
        self._arrival(tx, source, message, sender)
        new = tx.thread(source.name, [message.id])
        if new is None:
            return  # it is kept
        followed(tx, source, case, new)
        for each, said in ((tx.subject(new), f"follows {case.id}"), (case, f"followed by {new}")):
            self._fact(tx, each, message, Noted(f"[{said}]"), UPHELD, part=f"#{said}")

    def _turn(
        self, tx: Transaction, source: Source, message: Message, case: Subject, sender: Sender
    ) -> None:
        """A turn of a conversation that we know. The thread routes; it doesn't authorise."""
        tx.bind_thread(source.name, message.id, case.id)
        if any(fact.id == message.id for fact in case.facts):
            return  # by another mailbox it was here before
        if sender.kind == "staff":
            self.colleagues.take(tx, source, message, case, sender)
        elif sender.customer and sender.customer == self._opening(case, message).customer:
            self._customers(tx, message, case, sender)
        else:
            self._fact(tx, case, message, unverified(message), Actor(message.by.id, Side.UNKNOWN))

    def _customers(self, tx: Transaction, message: Message, case: Subject, sender: Sender) -> None:
        """What the customer writes in their case, and all that their words do to it, together."""
        now, at = self.records.clock.now(), self.records.dated(message.at, case)
        words = Words(
            fresh(message),
            message.verified,
            speaks_for(sender, self._opening(case, message).reporter),
            closed=tx.case(case.id).status == Status.CLOSED,
            escalated=escalations(case.facts, at),
        )
        policy = self.records.book.terms(case).policy
        follows = answered(words, policy, lambda: self.records.life(case, now).state)
        bodies = {"": customers_words(message, sender.customer), **follows}
        who = _who(sender)
        by = {part: UPHELD if isinstance(body, Noted) else who for part, body in bodies.items()}
        events = [Event(message.id + part, at, now, by[part], bodies[part]) for part in bodies]
        self.records.add_together(tx, case, events)

    def _opening(self, case: Subject, message: Message) -> Opened:
        """Whose case it was, as far as is known, when the message was written."""
        said = opening(case.facts, self.records.dated(message.at, case))
        assert said is not None
        return said

    def _arrival(self, tx: Transaction, source: Source, message: Message, sender: Sender) -> None:
        given = handed_in(message) if sender.person and message.verified else None
        customer = self.directory.sender(given.by.id, instant(message.at)) if given else None
        if given and customer and customer.customer:
            self._arrival(tx, source, given, customer)
            self._answer_who_handed_in(tx, source, given, sender)
            return
        opened = self._opened(tx, source, message, sender)
        verbs = self._rules(opened, message, sender)
        if Verb.OPEN in verbs:
            self._open(tx, source, message, sender, opened)
        elif Verb.REFER in verbs:
            self._refer(tx, source, message, sender)
        else:
            reason = why_not(message, sender)
            self._keep(tx, source, message.id, Fate.REFUSED, reason, message.raw, message)

    def _answer_who_handed_in(
        self, tx: Transaction, source: Source, given: Message, by: Sender
    ) -> None:
        case = tx.thread(source.name, [given.id])
        if case is None or by.person is None:
            return  # it is kept
        said = f"handed in by {by.person.name} for {given.by.id}"
        self._fact(tx, tx.subject(case), given, Noted(f"[{said}]"), _who(by), part="#handed-in")
        purpose, facts = Purpose.ANSWER.value, {"text": f"#open: {case}, {said}"}
        now, to = self.records.clock.now(), (by.person.id,)
        tx.enqueue(f"answer:{given.id}", case, purpose, now=now, recipients=to, facts=facts)

    def _rules(self, opened: Opened, message: Message, sender: Sender) -> frozenset[Verb]:
        """What the policy, under which it would be a case, does with what arrives so."""
        policy = self.records.book.for_case(opened, self.records.dated(message.at)).policy
        nature = Nature.NORMAL if message.expected else message.nature
        found = arrival(policy, sender.kind, nature.value)
        return frozenset(do.verb for _, do in found)

    def _open(
        self, tx: Transaction, source: Source, message: Message, sender: Sender, opened: Opened
    ) -> None:
        hour = instant(message.at) // HOUR
        if tx.next_number(f"opened/{source.name}/{message.by.id}/{hour}") > self.most:
            reason = f"more than {self.most} new cases from {message.by.id} in an hour"
            self._keep(tx, source, message.id, Fate.REFUSED, reason, message.raw, message)
            return
        at = self.records.dated(message.at)
        # What the first mail says of the points that are asked for need not be asked again.
        proven = message.verified and sender.customer is not None
        fields = told(message.text, self.records.book.for_case(opened, at).policy) if proven else {}
        case = self.records.open(
            tx, opened, actor=_who(sender), event_id=message.id, at=at, fields=fields
        )
        tx.bind_thread(source.name, message.id, case)

    def _refer(self, tx: Transaction, source: Source, message: Message, sender: Sender) -> None:
        """M-25: one reply, no case; kept and listed."""
        token = f"sender:{message.by.id}"
        known = tx.thread(source.name, [token])
        if known is not None:
            self._refer_again(tx, source, message, tx.subject(known), sender)
            return
        policy, now = self.records.book.policy.version, self.records.clock.now()
        referral = tx.subject(tx.new_subject("referral", policy=policy, now=now))
        tx.bind_thread(source.name, token, referral.id)
        opened = self._opened(tx, source, message, sender)
        self._referred(tx, source, message, referral, opened, sender)

    def _refer_again(
        self, tx: Transaction, source: Source, message: Message, referral: Subject, sender: Sender
    ) -> None:
        self._referred(tx, source, message, referral, customers_words(message), sender)

    def _referred(
        self,
        tx: Transaction,
        source: Source,
        message: Message,
        referral: Subject,
        body: Body,
        sender: Sender,
    ) -> None:
        tx.bind_thread(source.name, message.id, referral.id)
        self._fact(tx, referral, message, body, _who(sender))
        reason = "no partner's contact"
        self._keep(tx, source, message.id, Fate.REFERRED, reason, message.raw, message)

    def _opened(self, tx: Transaction, source: Source, message: Message, sender: Sender) -> Opened:
        at = self.records.dated(message.at)
        customer = self.directory.customers.get(sender.customer or "")
        return Opened(
            source="email" if source.plugin == "email" else source.plugin,
            subject=message.subject,
            text=with_files(message.text, message),
            reporter=message.by.id,
            reporter_name=sender.name or message.by.name,
            customer=sender.customer,
            customer_kind=sender.customer_kind if sender.customer else sender.kind,
            plan=sender.plan,
            language=customer.language if customer else None,
            nature=message.nature.value,
            connection=source.name,
            create_on=source.cases_to,
            enforced_from=None if was_there_before(tx, source, at) else at,
            desk=customer.desk if customer else None,
        )

    def _fact(
        self,
        tx: Transaction,
        case: Subject,
        message: Message,
        body: Body,
        actor: Actor,
        *,
        part: str = "",
    ) -> None:
        now, at = self.records.clock.now(), self.records.dated(message.at, case)
        self.records.add(tx, case.id, Event(message.id + part, at, now, actor, body))

    # --- what belongs to no case ----------------------------------------------------------------

    def _keep(
        self,
        tx: Transaction,
        source: Source,
        item: str,
        fate: Fate,
        reason: str,
        raw: bytes,
        message: Message | None = None,
    ) -> None:
        now = self.records.clock.now()
        sender, title = (message.by.id, message.subject) if message else ("", "")
        if fate is Fate.REFERRED:
            tx.keep_unrouted(
                source.name, item, sender=sender, title=title, raw=raw, now=now, reason=reason
            )
        else:
            tx.quarantine(source.name, item, reason, raw, now, sender=sender, title=title)


def _who(sender: Sender) -> Actor:
    if sender.person is not None:
        return Actor(sender.person.id, Side.STAFF)
    side = Side.CUSTOMER if sender.customer else Side.UNKNOWN
    return Actor(sender.address, side)


def _raw(item: Inbound) -> bytes:
    """The item as it came, as far as there is such a thing."""
    if isinstance(item, Message | Refused):
        return item.raw
    return ascii(item).encode()


def _id(item: Inbound) -> str:
    """What an item is called in quarantine; printable, whatever the far end calls it."""
    if isinstance(item, Message | Refused):
        return ascii(item.id)[1:-1]
    if isinstance(item, RemoteCase):
        return ascii(f"{item.ref.id}@{item.version}")[1:-1]
    return hashlib.sha256(ascii(item).encode()).hexdigest()
