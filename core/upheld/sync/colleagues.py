"""What a person of ours writes by mail in a case's thread: a verb, or an answer to the customer.

A first line ``#close`` is a verb, as in a comment on a tracker. Anything else is for the customer: it
is sent on to them, unless they were written to themselves, or it is the sentence that we had asked for
and the next status brings. Files are not sent on; whoever attached some is told so. From alone proves
nobody: an unproven one's words are kept, and work nothing, and whose address it is is told that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose, Subject
from upheld.case.events import Actor, Body, Event, Noted, PublicReply, Side
from upheld.case.opening import opening
from upheld.desk.adoption import was_there_before
from upheld.desk.intake import Source
from upheld.desk.records import Records
from upheld.desk.worded import fresh, unverified, whole
from upheld.directory import Directory, Sender
from upheld.ledger import Transaction
from upheld.plugin import Message
from upheld.sync.paged import Paged
from upheld.sync.spoken import Answer, Heard, Speech
from upheld.sync.verbs import Spoken, spoken

_UNPROVEN: Final = (
    "a mail in your name was kept as a note and nothing was done: it is not proven to be yours."
    " If you wrote it, ask why your server does not vouch for it; nobody else has got it"
)
_NOT_SENT_ON: Final = "the text went to the customer, the files did not: send them yourself"


@dataclass(frozen=True, slots=True)
class _Wrote:
    """A mail of one of ours, in its case."""

    message: Message
    case: Subject
    by: Actor
    at: Instant
    now: Instant

    def fact(self, body: Body) -> Event:
        """The mail as a fact of its case."""
        return Event(self.message.id, self.at, self.now, self.by, body)


@dataclass(frozen=True, slots=True)
class Colleagues:
    """Takes such a mail inside the transaction that moves the cursor."""

    records: Records
    directory: Directory

    def take(
        self, tx: Transaction, source: Source, message: Message, case: Subject, sender: Sender
    ) -> None:
        """Its facts, decided together; a verb is answered to whoever wrote it."""
        at, text = self.records.dated(message.at, case), fresh(message)
        by = Actor(sender.person.id if sender.person else sender.address, Side.STAFF)
        wrote = _Wrote(message, case, by, at, self.records.clock.now())
        if not message.verified:
            self._unproven(tx, source, wrote)
            return
        said = None if was_there_before(tx, source, at) else spoken(text)
        if said is not None:
            noted = wrote.fact(Noted(f"[by mail] {message.text}"))
            stated, answer = self._stated(tx, wrote, said, noted)
            facts = [noted, *stated]
        elif self._reached_the_customer(tx, source, wrote):
            own = _own(text)  # a status brings it to the customer: without what it quotes
            kept = whole(message) or (message.text if own != "\n".join(text.splitlines()) else "")
            facts, answer = [wrote.fact(PublicReply(own, whole=kept))], None
        else:
            facts, answer = self._replied(tx, wrote, text)
        self.records.add_together(tx, case, facts)
        if answer is not None:
            _answered(tx, wrote, answer)

    def answered(self, tx: Transaction, source: Source, message: Message, sender: Sender) -> bool:
        """An answer to a page by SMS, chat or key."""
        return Paged(self.records, self.directory).take(tx, source, message, sender)

    def _unproven(self, tx: Transaction, source: Source, wrote: _Wrote) -> None:
        self.records.add_together(tx, wrote.case, [wrote.fact(unverified(wrote.message))])
        if not was_there_before(tx, source, wrote.at):
            _answered(tx, wrote, Answer(f"answer:{wrote.message.id}", _UNPROVEN))

    def _replied(
        self, tx: Transaction, wrote: _Wrote, text: str
    ) -> tuple[list[Event], Answer | None]:
        """Sent on to the customer as `#reply` would; kept as a note where that is refused."""
        stated, answer = self._stated(tx, wrote, Spoken("reply", _own(text)))
        if not stated:
            return [wrote.fact(Noted(f"[by mail, not sent on] {wrote.message.text}"))], answer
        (reply,) = stated
        assert isinstance(reply.body, PublicReply)
        kept = wrote.fact(replace(reply.body, whole=whole(wrote.message)))
        files = bool(wrote.message.attachments)
        return [kept], replace(answer, text=f"#reply: {_NOT_SENT_ON}") if files else None

    def _stated(
        self, tx: Transaction, wrote: _Wrote, said: Spoken, *before: Event
    ) -> tuple[list[Event], Answer]:
        case = replace(wrote.case, facts=(*wrote.case.facts, *before))
        heard = Heard(self.records, tx, case, wrote.message.id, wrote.at)
        return Speech(said, wrote.by).stated(heard, self.directory)

    def _reached_the_customer(self, tx: Transaction, source: Source, wrote: _Wrote) -> bool:
        """Whether the customer has it, or will: it was written to them, before our time, or for a status."""
        tokens = (tx.receipt(source.name, token) for token in wrote.message.thread)
        asked = any(found is not None and found.purpose == Purpose.ASK for found in tokens)
        # A status can't bring what is no sentence: whoever sent none is told so.
        asked = asked and bool(_own(fresh(wrote.message)).strip())
        return asked or was_there_before(tx, source, wrote.at) or self._addressed(wrote)

    def _addressed(self, wrote: _Wrote) -> bool:
        said = opening(wrote.case.facts)
        senders = (self.directory.sender(each.value, wrote.at) for each in wrote.message.to)
        return said is not None and any(
            each.address == said.reporter or (each.customer and each.customer == said.customer)
            for each in senders
        )


def _own(text: str) -> str:
    """Without the lines that are quoted between: they may be of a page, which is internal."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))


def _answered(tx: Transaction, wrote: _Wrote, answer: Answer) -> None:
    """By the ways on which our people are told things."""
    to, facts = (wrote.by.id,), {"text": answer.text}
    tx.enqueue(
        answer.key,
        wrote.case.id,
        Purpose.ANSWER.value,
        now=wrote.now,
        recipients=to,
        facts=facts,
    )
