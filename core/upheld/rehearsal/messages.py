"""What a rehearsal would have sent: by role rather than by person, merged as real messages are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from upheld.calendar.instant import Instant, Span
from upheld.case.decision import Action, Cancel, Purpose, Send, Withdraw, Withdrawal
from upheld.case.events import Opened
from upheld.directory import Directory, Recipient
from upheld.directory.lookup import ASSIGNEE, CONTACT, CUSTOMER, REPORTER
from upheld.dispatch.merging import Addressed, merged
from upheld.ledger import NewDelivery, OutboxItem, OutboxState
from upheld.ledger.actions import urgency

#: Over which channel each kind of message goes where nothing else is configured.
_CHANNELS: Final = {Purpose.PAGE: "page", Purpose.CALL: "voice"}


@dataclass(frozen=True, slots=True)
class Said:
    """A message to one person, for whatever clauses it keeps.

    ``names`` are what a scenario may call them: a role, ``customer.<role>``, ``reporter``,
    ``assignee``. ``late`` is how much later it came than was promised.
    """

    at: Instant
    case: str
    names: frozenset[str]
    purpose: Purpose
    clauses: tuple[str, ...]
    late: Span = 0

    @property
    def to(self) -> str:
        """The name that tells most: a role, else what they are to the customer."""
        return min(self.names, key=lambda name: (_TELLS.get(name, 0), name))

    @property
    def order(self) -> tuple[Instant, str, str, str]:
        """By instant, then case, purpose and addressee."""
        return self.at, self.case, self.purpose.value, self.to

    def joined(self, names: frozenset[str], clauses: Iterable[str]) -> Said:
        """The same, which speaks for these clauses too."""
        both = tuple(sorted({*self.clauses, *clauses} - {""}))
        return replace(self, names=self.names | names, clauses=both)


#: What stands behind other names of the same person; ``customer.contact`` first among those.
_TELLS: Final = {f"{CUSTOMER}.{CONTACT}": -1, CUSTOMER: 1, REPORTER: 2, ASSIGNEE: 3}


@dataclass
class Outbox:
    """Messages of one case. What a decision takes back at the instant at which it was said is not said."""

    directory: Directory
    case: str
    _sent: list[tuple[Instant, Send, Opened, str | None]] = field(default_factory=list)
    _stood_down: list[Said] = field(default_factory=list)
    _paged: dict[str, frozenset[str]] = field(default_factory=dict)

    def take(
        self, actions: Sequence[Action], opened: Opened, assignee: str | None, now: Instant
    ) -> None:
        """What a decision wants done."""
        for action in actions:
            match action:
                case Send():
                    self._sent.append((now, action, opened, assignee))
                    self._remember(action, opened, assignee, now)
                case Cancel(key=key):
                    self._sent = [
                        each for each in self._sent if each[0] != now or each[1].key != key
                    ]
                case Withdraw(why=why):
                    self._withdraw(why, now)

    def said(self) -> list[Said]:
        """Everything that went out."""
        moments: dict[Instant, list[tuple[Send, Opened, str | None]]] = {}
        for at, send, opened, assignee in self._sent:
            moments.setdefault(at, []).append((send, opened, assignee))
        told = [each for at, sends in moments.items() for each in self._at(at, sends)]
        return [*told, *self._stood_down]

    def _meant(
        self, to: str, opened: Opened, assignee: str | None, at: Instant
    ) -> dict[str, frozenset[str]]:
        """The people behind a name, each with all names that a scenario may give them."""
        found = self.directory.resolve(
            to, customer=opened.customer, reporter=opened.reporter, assignee=None, at=at
        )
        if found:
            return {each.id: self._names(each, opened) | {to} for each in found}
        if to in {CUSTOMER, REPORTER} or to.startswith(f"{CUSTOMER}."):
            return {}
        role = assignee if to == ASSIGNEE else to
        if not role:
            return {}
        return {role: frozenset({role, ASSIGNEE} if role == assignee else {role})}

    def _names(self, person: Recipient, opened: Opened) -> frozenset[str]:
        customer = self.directory.customers.get(opened.customer or "")
        own = set(person.addresses.values())
        contacts = customer.contacts if customer else ()
        roles = {
            role for each in contacts if own & set(each.addresses.values()) for role in each.roles
        }
        names = {f"{CUSTOMER}.{role}" for role in roles}
        names |= {CUSTOMER} if CONTACT in roles else set()
        return frozenset(names | ({REPORTER} if opened.reporter in own else set()))

    def _remember(self, send: Send, opened: Opened, assignee: str | None, now: Instant) -> None:
        if send.purpose is Purpose.PAGE:
            for person, names in self._people(send, opened, assignee, now).items():
                self._paged[person] = self._paged.get(person, frozenset()) | names

    def _withdraw(self, why: Withdrawal, now: Instant) -> None:
        for names in self._paged.values():
            told = Said(now, self.case, names, Purpose.STAND_DOWN, ())
            self._stood_down.append(told)
        if why is not Withdrawal.WORKED:  # at the provider a page that is worked still stands
            self._paged.clear()

    def _at(self, at: Instant, sends: Sequence[tuple[Send, Opened, str | None]]) -> Iterator[Said]:
        names: dict[str, frozenset[str]] = {}
        addressed = []
        for send, opened, assignee in sends:
            people = self._people(send, opened, assignee, at)
            names |= {f"{send.key}>{person}": known for person, known in people.items()}
            addressed.append(Addressed(_item(self.case, send, at), _deliveries(send, people)))
        told: dict[str, Said] = {}
        for message in merged(addressed):  # who carries others comes before them
            for each in message.deliveries:
                said = told.get(each.merged_into or "") or self._said(at, message)
                told[each.merged_into or each.key] = said.joined(
                    names[each.key], message.item.clauses
                )
        yield from told.values()

    def _said(self, at: Instant, message: Addressed) -> Said:
        item = message.item
        return Said(at, self.case, frozenset(), Purpose(item.purpose), (), item.late)

    def _people(
        self, send: Send, opened: Opened, assignee: str | None, at: Instant
    ) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for to in send.to:
            behind = self._meant(to, opened, assignee, at)
            found |= {key: names | found.get(key, frozenset()) for key, names in behind.items()}
            if behind and send.facts.get("first_of"):
                break
        return found


def _deliveries(send: Send, people: Iterable[str]) -> tuple[NewDelivery, ...]:
    channel = _CHANNELS.get(send.purpose, "mail")
    return tuple(
        NewDelivery(f"{send.key}>{person}", person, channel, channel, person) for person in people
    )


def _item(case: str, send: Send, now: Instant) -> OutboxItem:
    return OutboxItem(
        key=send.key,
        subject=case,
        purpose=send.purpose.value,
        to=send.to,
        clauses=send.clauses,
        due=send.due,
        late=send.late,
        template=send.template,
        facts=send.facts,
        connection=None,
        why=None,
        state=OutboxState.PENDING,
        reason=None,
        unwanted=None,
        created=now,
        urgency=urgency(send.purpose),
    )
