"""What one of ours answers to a page by SMS, chat or key: ``ACK 1042``, ``WORK``, ``PASS @bo``.

A number in the directory and a token of the page tell who and which case; neither is proof, and a
sender's number can be forged. So without proof an answer does no more than what its person could wish to
undo: acknowledge a page that they got, and ask how the case stands. It is answered where it came from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from upheld.case.decision import Purpose, Subject
from upheld.case.events import Actor, Event, Noted, Side
from upheld.case.state import CaseState, Status
from upheld.desk.intake import Source
from upheld.desk.receipts import Receipts
from upheld.desk.records import Records
from upheld.directory import Directory, Sender
from upheld.errors import NotFound
from upheld.ledger import Delivery, DeliveryState, Transaction
from upheld.plugin import Actor as Remote
from upheld.plugin import Channel, Message, Nature, Receipt
from upheld.plugin import Delivery as Said
from upheld.sync.spoken import Heard, Speech
from upheld.sync.verbs import Spoken

_WORDS: Final = re.compile(r"#?([A-Za-z]+)\b[ \t:,.]*(?:#?([A-Z]?\d+)\b)?[ \t:,.]*(.*)", re.DOTALL)
_VERBS: Final[Mapping[str, str]] = {
    "ACK": "ack",
    "ACKNOWLEDGE": "ack",
    "WORK": "work",
    "CALLED": "call",
    "MOBILISE": "mobilise",
    "MOBILIZE": "mobilise",
    "PASS": "pass",
    "ESCALATE": "pass",
    "STATUS": "status",
}
_PASSED_ON: Final = "passed on"
_UNPROVEN: Final = frozenset({"ack", "status"})
#: These are for every case of a message that told of several; the others are for one.
_FOR_ALL: Final = frozenset({"ack", "pass", "status"})
_WHICH: Final = (
    "not done: several messages wait for you. Answer with the code at the end of the one that you "
    "mean, or with a case's number: {} 1042"
)


@dataclass(frozen=True, slots=True)
class Word:
    """What an answer says: a verb, the number of a case ("" for none), and what stands behind them."""

    verb: str
    number: str = ""
    rest: str = ""


def word(text: str) -> Word | None:
    """The answer that a text is; None where it begins with no word for one."""
    found = _WORDS.match(text.strip())
    verb = _VERBS.get(found[1].upper()) if found else None
    return Word(verb, (found[2] or "").upper(), found[3].strip()) if found and verb else None


@dataclass(frozen=True, slots=True)
class Paged:
    """Takes such answers inside the transaction that moves the cursor."""

    records: Records
    directory: Directory

    def take(self, tx: Transaction, source: Source, message: Message, sender: Sender) -> bool:
        """Whether it was one, of one of ours; then all is done that it asks for, and it is answered."""
        person, said = sender.person, word(message.text)
        if person is None or said is None or _is_mail(message) or not _written(message):
            return False
        cases, clear = self._cases(tx, source, message, said, person.id)
        if not cases:
            return False
        tx.bind_thread(source.name, message.id, cases[0])
        by, found = Actor(person.id, Side.STAFF), map(tx.subject, cases)
        answers = [_Answer(self, tx, message, case, by, said) for case in found]
        answers[0].put(source, _told(answers) if clear else _WHICH.format(said.verb.upper()))
        return True

    def _cases(
        self, tx: Transaction, source: Source, message: Message, said: Word, person: str
    ) -> tuple[Sequence[str], bool]:
        """By its number, by the page that was answered, or by the only message that waits for them; and
        whether it is clear that these are meant."""
        if said.number:
            with suppress(NotFound):
                return [tx.find(said.number)], True
            return [], False
        answered = (tx.receipt(source.name, token) for token in message.thread)
        quoted = next((each for each in answered if each is not None), None)
        if quoted is not None:
            told = (quoted, *tx.told_with(quoted))
            return sorted({each.subject for each in told}), True
        return _of_one_message(tx.waiting_for(person))


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer of a person, for a case."""

    desk: Paged
    tx: Transaction
    message: Message
    case: Subject
    by: Actor
    said: Word

    def carried_out(self) -> str:
        """Do it; what it came to, in a line."""
        verb, pages = self.said.verb, self._pages()
        own = any(each.recipient == self.by.id for each in pages)
        if not self.message.verified and not (verb in _UNPROVEN and own):
            return "not done: answer with the code at the end of our message, or at your tracker"
        if verb == "status":
            return self._status()
        if verb == "ack":
            return self._acknowledged(pages)
        return self._passed(pages) if verb == "pass" else self._stated(verb, self.said.rest)

    def put(self, source: Source, text: str) -> None:
        """The answer into the outbox, for the connection and channel that the person used."""
        channel = next((each.channel for each in self.message.to), Channel.SMS)
        self.tx.enqueue(
            f"answer:{self.message.id}",
            self.case.id,
            Purpose.ANSWER.value,
            now=self.desk.records.clock.now(),
            connection=source.name,
            recipients=(self.by.id,),
            facts={"text": text, "channel": channel.value},
        )

    @property
    def number(self) -> str:
        """What people call the case."""
        return self._state().number or self.case.id

    def _pages(self) -> Sequence[Delivery]:
        """The pages of the case that are out; those of this person come last."""
        out = self.tx.perhaps_there(self.case.id)
        pages = [each for each in out if each.purpose == Purpose.PAGE]
        return sorted(pages, key=lambda each: each.recipient == self.by.id)

    def _acknowledged(self, pages: Sequence[Delivery]) -> str:
        """One sending of each page is acknowledged: that stops the page, over every way."""
        for page in {each.outbox_key: each for each in pages}.values():
            self._receipt(page, Said.ACKNOWLEDGED, "by answer")
        if not pages:
            return self._stated("ack", "")
        return "acknowledged. WORK once you begin: only that stops the escalation"

    def _receipt(self, page: Delivery, state: Said, detail: str) -> None:
        who = Remote(self.message.by.id, addresses=self.message.by.addresses)
        told = Receipt(page.key, None, state, self.message.at, who, detail)
        desk = self.desk
        Receipts(desk.records, desk.directory).take_one(self.tx, page, told)

    def _passed(self, pages: Sequence[Delivery]) -> str:
        """To a person, who is paged; without a name, to whoever comes next."""
        to = self.said.rest.removeprefix("@").partition(" ")[0].casefold()
        if not to:
            return self._to_the_next(pages)
        if to not in self.desk.directory.people:
            return f"not done: there is nobody called {to}"
        self._stated("assign", to)
        self.tx.enqueue(
            f"passed:{self.message.id}",
            self.case.id,
            Purpose.PAGE.value,
            now=self.desk.records.clock.now(),
            recipients=(to,),
            clauses=self._clauses(pages),
            facts={"text": f"{self._name(self.by.id)} passes it to you."},
            urgency=0,
        )
        self._acknowledged(pages)
        return f"passed to {self._name(to)}, who is paged"

    def _to_the_next(self, pages: Sequence[Delivery]) -> str:
        """Each page that they got goes on, also where its sending was delivered or acknowledged."""
        own = {each.outbox_key: each for each in pages if each.recipient == self.by.id}
        if not own:
            return "not done: you were not paged for it; write PASS @name"
        at, passed = self.desk.records.dated(self.message.at), DeliveryState.PASSED
        for page in own.values():
            self._receipt(page, Said.FAILED, _PASSED_ON)
            self.tx.advance(page.key, passed, detail=_PASSED_ON, now=at)
        return "passed on: the next one is paged"

    def _clauses(self, pages: Sequence[Delivery]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each for page in pages for each in self.tx.clauses(page)))

    def _stated(self, verb: str, words: str) -> str:
        """A verb, as it is said on a tracker."""
        records, event = self.desk.records, self.message.id
        at, text = records.dated(self.message.at, self.case), self.message.text.strip()
        note = Event(event, at, records.clock.now(), self.by, Noted(f"[answer] {text}"))
        case = replace(self.case, facts=(*self.case.facts, note))
        heard = Heard(records, self.tx, case, event, at)
        facts, answer = Speech(Spoken(verb, words), self.by).stated(heard, self.desk.directory)
        records.add_together(self.tx, case, [note, *facts])
        return answer.text

    def _status(self) -> str:
        """How the case stands, for a small screen."""
        state = self._state()
        severity = f"Severity {state.acting_severity}" if state.acting_severity else "no severity"
        working = f" (it is {self._name(state.assignee)}'s)" if state.assignee else ""
        word = "nobody works on it" if state.status is Status.OPEN else state.status.value
        return f"{severity}, {word.replace('_', ' ')}{working}. {state.opened.subject[:60]}"

    def _state(self) -> CaseState:
        return self.desk.records.life(self.case).state

    def _name(self, who: str) -> str:
        return self.desk.directory.called(who)


def _of_one_message(pages: Sequence[Delivery]) -> tuple[Sequence[str], bool]:
    """The cases for which somebody is paged, and whether one message told of all of them."""
    told: dict[str, set[str]] = {}
    for page in pages:
        if page.purpose == Purpose.PAGE and page.attempts:
            told.setdefault(page.sent_as, set()).add(page.subject)
    cases = set[str]().union(*told.values())
    return sorted(cases), cases in told.values()


def _told(answers: Sequence[_Answer]) -> str:
    """What the answers came to: a line for all of which it is the same."""
    verb = answers[0].said.verb
    if len(answers) > 1 and verb not in _FOR_ALL:
        numbers = ", ".join(each.number for each in answers)
        return f"not done: say for which of {numbers}, such as {verb.upper()} {answers[0].number}"
    lines: dict[str, list[str]] = {}
    for each in answers:
        lines.setdefault(each.carried_out(), []).append(each.number)
    return "\n".join(f"{', '.join(numbers)}: {text}" for text, numbers in lines.items())


def _written(message: Message) -> bool:
    """By a person: what a machine wrote answers nothing."""
    return message.nature is Nature.NORMAL


def _is_mail(message: Message) -> bool:
    return "@" in message.by.id or any(each.channel is Channel.MAIL for each in message.to)
