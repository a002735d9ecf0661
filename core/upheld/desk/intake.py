"""What comes in becomes facts: messages of people, items of trackers, receipts of providers.

Whatever is not a fact of a case is kept with its fate: fetched = cases + notes + kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import HOUR, Instant, instant
from upheld.case.events import (
    Actor,
    Body,
    CustomerMessage,
    Event,
    Noted,
    Opened,
    PageAcknowledged,
    PublicReply,
    Reopened,
    Side,
)
from upheld.case.state import Status
from upheld.desk.records import Records
from upheld.directory import Directory, Sender
from upheld.engine.intake import arrival
from upheld.ledger import Fate, Transaction
from upheld.plugin import Delivery, Inbound, Message, Nature, Receipt, Refused
from upheld.policy.model import Verb

#: More new cases from one sender in an hour are a machine's doing (facts of loops between desks).
CASES_AN_HOUR: Final = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A connection as far as intake needs it. ``adopt_from``: what is older is read, not enforced."""

    name: str
    plugin: str
    adopt_from: Instant | None = None
    cases_to: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """Turns items into facts inside the transaction that moves the cursor."""

    records: Records
    directory: Directory

    def take(self, tx: Transaction, source: Source, item: Inbound) -> None:
        """One item. The same item again changes nothing."""
        if isinstance(item, Message):
            if tx.claim_item(source.name, item.id):
                self._message(tx, source, item)
        elif isinstance(item, Refused):
            if tx.claim_item(source.name, item.id):
                self._keep(tx, source, item.id, Fate.REFUSED, item.reason, item.raw)
        elif isinstance(item, Receipt):
            self._receipt(tx, source, item)

    def _message(self, tx: Transaction, source: Source, message: Message) -> None:
        case = self._case_of(tx, source, message)
        sender = self.directory.sender(message.by.id, instant(message.at))
        if message.nature is not Nature.NORMAL:
            self._automatic(tx, source, message, case)
        elif case is not None:
            self._turn(tx, source, message, case, sender)
        else:
            self._arrival(tx, source, message, sender)

    def _case_of(self, tx: Transaction, source: Source, message: Message) -> str | None:
        tokens = [token for token in message.thread if not token.startswith("subject:")]
        return tx.thread(source.name, tokens)

    def _automatic(
        self, tx: Transaction, source: Source, message: Message, case: str | None
    ) -> None:
        """What a machine wrote never opens, answers or reopens; on a known thread it is a note."""
        if case is None or message.nature is Nature.OURS:
            reason = f"{message.nature.value} mail"
            self._keep(tx, source, message.id, Fate.REFUSED, reason, message.raw, message)
            return
        body = Noted(f"[{message.nature.value}] {message.subject}\n{message.text}")
        self._fact(tx, case, message, body, Actor(message.by.id, Side.BOT))

    def _turn(
        self, tx: Transaction, source: Source, message: Message, case: str, sender: Sender
    ) -> None:
        """A turn of a conversation that we know. The thread routes; it doesn't authorise."""
        subject = tx.subject(case)
        tx.bind_thread(source.name, message.id, case)
        if subject.kind == "referral":
            self._fact(
                tx, case, message, CustomerMessage(message.text, message.by.id), _who(sender)
            )
            return
        state = self.records.life(subject).state
        if sender.kind == "staff":
            # From alone proves nobody: an unproven engineer's words are kept, and work nothing.
            body: Body = PublicReply(message.text) if message.verified else _unverified(message)
            self._fact(tx, case, message, body, _who(sender))
        elif sender.customer is not None and sender.customer == state.opened.customer:
            self._fact(
                tx, case, message, CustomerMessage(message.text, message.by.id), _who(sender)
            )
            if state.status is Status.CLOSED:
                self._reopen(tx, case, message, sender)
        else:
            self._fact(tx, case, message, _unverified(message), Actor(message.by.id, Side.UNKNOWN))

    def _reopen(self, tx: Transaction, case: str, message: Message, sender: Sender) -> None:
        now, at = self.records.clock.now(), self._at(message)
        reason = Reopened("the customer wrote again")
        self.records.add(tx, case, Event(f"{message.id}#reopened", at, now, _who(sender), reason))

    def _arrival(self, tx: Transaction, source: Source, message: Message, sender: Sender) -> None:
        policy = self.records.book.for_customer(sender.customer, instant(message.at)).policy
        verbs = {do.verb for _, do in arrival(policy, sender.kind, message.nature.value)}
        if Verb.OPEN in verbs:
            self._open(tx, source, message, sender)
        elif Verb.REFER in verbs:
            self._refer(tx, source, message, sender)
        else:
            reason = f"the policy has no rule for mail from {sender.kind}"
            self._keep(tx, source, message.id, Fate.REFUSED, reason, message.raw, message)

    def _open(self, tx: Transaction, source: Source, message: Message, sender: Sender) -> None:
        hour = instant(message.at) // HOUR
        if tx.next_number(f"opened/{source.name}/{message.by.id}/{hour}") > CASES_AN_HOUR:
            reason = f"more than {CASES_AN_HOUR} new cases from {message.by.id} in an hour"
            self._keep(tx, source, message.id, Fate.REFUSED, reason, message.raw, message)
            return
        opened = self._opened(source, message, sender)
        case = self.records.open(
            tx, opened, actor=_who(sender), event_id=message.id, at=self._at(message)
        )
        tx.bind_thread(source.name, message.id, case)

    def _refer(self, tx: Transaction, source: Source, message: Message, sender: Sender) -> None:
        """M-25: one reply, no case; kept and listed."""
        token = f"sender:{message.by.id}"
        known = tx.thread(source.name, [token])
        at, now = self._at(message), self.records.clock.now()
        if known is None:
            policy = self.records.book.policy.version
            known = tx.new_subject("referral", policy=policy, now=now)
            tx.bind_thread(source.name, token, known)
            body: Body = self._opened(source, message, sender)
        else:
            body = CustomerMessage(message.text, message.by.id)
        tx.bind_thread(source.name, message.id, known)
        self.records.add(tx, known, Event(message.id, at, now, _who(sender), body))
        self._keep(
            tx, source, message.id, Fate.REFERRED, "no partner's contact", message.raw, message
        )

    def _opened(self, source: Source, message: Message, sender: Sender) -> Opened:
        at = self._at(message)
        old = source.adopt_from is not None and at < source.adopt_from
        language = self.directory.language(sender.customer) if sender.customer else None
        return Opened(
            source="email" if source.plugin == "email" else source.plugin,
            subject=message.subject,
            text=message.text,
            reporter=message.by.id,
            reporter_name=sender.name or message.by.name,
            customer=sender.customer,
            customer_kind=sender.customer_kind if sender.customer else sender.kind,
            plan=sender.plan,
            language=language,
            connection=source.name,
            create_on=source.cases_to,
            enforced_from=None if old else at,
        )

    def _fact(self, tx: Transaction, case: str, message: Message, body: Body, actor: Actor) -> None:
        at, now = self._at(message), self.records.clock.now()
        self.records.add(tx, case, Event(message.id, at, now, actor, body))

    def _at(self, message: Message) -> Instant:
        # A server whose clock runs ahead must not date a fact into the future.
        return min(instant(message.at), self.records.clock.now())

    def _receipt(self, tx: Transaction, source: Source, receipt: Receipt) -> None:
        found = tx.receipt(source.name, receipt.key or receipt.handle or "")
        if found is None or receipt.state is not Delivery.ACKNOWLEDGED:
            return
        by = receipt.by.id if receipt.by else found.recipient
        at, now = instant(receipt.at), self.records.clock.now()
        body = PageAcknowledged(found.outbox_key)
        actor = Actor(by, Side.STAFF)
        self.records.add(tx, found.subject, Event(f"ack:{found.key}", at, now, actor, body))

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
        sender = message.by.id if message else ""
        title = message.subject if message else ""
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


def _unverified(message: Message) -> Noted:
    return Noted(f"[unverified sender {message.by.id}] {message.subject}\n{message.text}")
