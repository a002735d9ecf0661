"""Messages of a case on their way to its items on trackers: comments there, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose
from upheld.case.opening import whose_since
from upheld.directory.lookup import REPORTER
from upheld.dispatch.comments import expected, writing
from upheld.dispatch.letters import Letters
from upheld.dispatch.outcome import Outcome
from upheld.dispatch.routes import outside
from upheld.ledger import MIRROR, DeliveryState, LeasedDelivery, OutboxItem, Transaction
from upheld.plugin import Misconfigured, Tracker
from upheld.seam import Live
from upheld.sync.mirrors import Said, attributed, said
from upheld.sync.trackers import Trackers

#: What goes to customers without a person having typed it; a person's words are in the case's history.
_TOLD: Final = frozenset(
    {Purpose.ACK, Purpose.TICKET_NUMBER, Purpose.STATUS, Purpose.MAIL, Purpose.QUESTION}
)


@dataclass(frozen=True, slots=True)
class Mirroring:
    """Writes what was said elsewhere, and keeps what customers were told for the trackers."""

    letters: Letters
    trackers: Trackers

    def call(self, leased: LeasedDelivery, live: Live) -> Callable[[], Outcome]:
        """The call that writes the comment; what was erased, or may not be shown there, is not."""
        plugin, name = live.plugin, live.name
        if not isinstance(plugin, Tracker):
            raise Misconfigured(f"{name} holds no cases", "take it out of the case's links")
        with self.letters.records.ledger.reading() as tx:
            what, link = _said(tx, leased.item), tx.link_of(leased.item.subject, name)
            to_come = expected(tx.subject(leased.item.subject))
        visible = None if what is None else self.trackers.shown(name, public=what.public)
        if what is None or visible is None or (link is None and name not in to_come):
            return lambda: Outcome(DeliveryState.ACCEPTED, "nothing to be said there any more")
        write = writing(plugin, link, attributed(what, self._name), leased.key, visible)
        return lambda: Outcome(DeliveryState.ACCEPTED, write().value)

    def told(self, leased: LeasedDelivery, outcome: Outcome) -> Said | None:
        """What a customer was told by this sending, for the items of the case; None where nothing."""
        item = leased.item
        customers = any(outside(who) or who == REPORTER for who in item.to)
        if outcome.proof in {"", "failed"} or item.purpose not in _TOLD or not customers:
            return None
        if not self.letters.records.read(lambda tx: self._where(tx, item)):
            return None
        what = f"sent to the customer ({item.purpose.replace('_', ' ')})"
        return Said("Upheld", what, self.letters.write(leased).text, public=True)

    def keep(self, tx: Transaction, item: OutboxItem, what: Said) -> None:
        """Put it in the outbox for each tracker; however many customers got it, once."""
        now = self.letters.records.clock.now()
        for name in self._where(tx, item):
            key, facts = f"mirror:{item.key}@{name}", {"said": asdict(what)}
            tx.enqueue(key, item.subject, MIRROR, now=now, connection=name, facts=facts)

    def _where(self, tx: Transaction, item: OutboxItem) -> tuple[str, ...]:
        linked = [link.connection for link in tx.links(item.subject) if not link.is_gone]
        names = dict.fromkeys((*linked, *expected(tx.subject(item.subject))))
        return tuple(n for n in names if self.trackers.shown(n, public=True) is not None)

    def _name(self, who: str) -> str:
        directory = self.letters.directory
        person = directory.people.get(who)
        return person.name if person else directory.sender(who, self._now()).name

    def _now(self) -> int:
        return self.letters.records.clock.now()


def _said(tx: Transaction, item: OutboxItem) -> Said | None:
    """From the case's history, where a person may have had it erased; or as it was kept.

    What was said while the case was taken for another customer's is for our own people from then on.
    """
    found, at = _found(tx, item)
    whose = whose_since(tx.subject(item.subject).facts)
    if found is None or whose is None or at >= whose:
        return found
    return replace(found, public=False)


def _found(tx: Transaction, item: OutboxItem) -> tuple[Said | None, Instant]:
    if "said" in item.facts:
        return Said(**item.facts["said"]), item.created
    found = tx.news(item.subject, after=item.facts["seq"] - 1, limit=1)
    event = found[0].event if found else None
    return (said(event), event.at) if event else (None, 0)
