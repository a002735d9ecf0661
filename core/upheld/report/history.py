"""Everything on record of one case, read for a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from upheld.calendar.instant import Instant
from upheld.case.events import Annulled, Enforced, Event, Migrated, Opened, Origin, StepWithdrawn
from upheld.desk.scope import in_shadow
from upheld.ledger import CaseFilter, ListedCase, Period, Transaction
from upheld.report.messages import Message, messages_of

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Shadow:
    """Which instants of a customer's cases lie in shadow that was left since."""

    periods: tuple[Period, ...] = ()
    customer: str | None = None

    def covers(self, at: Instant) -> bool:
        """Whether nothing of this customer's left at an instant, and later did."""
        return in_shadow(self.periods, self.customer, at)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, and from when on the case was enforced by what was known as it was recorded.

    None: not at all so far. Zero where the opening was erased: a report then takes it as enforced.
    """

    event: Event
    enforced_from: Instant | None
    shadow: Shadow = Shadow()

    def enforced(self, at: Instant) -> bool:
        """Whether the case was enforced at an instant, and its customer live."""
        begun = self.enforced_from is not None and at >= self.enforced_from
        return begun and not self.shadow.covers(at)


@dataclass(frozen=True, slots=True)
class History:
    """A case, a monitor, a window or a referral with its events in order of arrival; erased ones are left
    out."""

    id: str
    policy: str
    recorded: tuple[Recorded, ...]
    messages: tuple[Message, ...]

    @property
    def facts(self) -> list[Recorded]:
        """What happened in the world, in the one order in which it is judged."""
        facts = (each for each in self.recorded if each.event.origin is Origin.FACT)
        return sorted(facts, key=lambda each: each.event.order)

    @property
    def withdrawn(self) -> dict[str, str]:
        """Key -> why that step should not have been taken."""
        bodies = (each.event.body for each in self.recorded)
        return {body.key: body.reason for body in bodies if isinstance(body, StepWithdrawn)}

    @property
    def annulled(self) -> dict[str, str]:
        """Key -> by whom, and why."""
        return {
            each.event.body.key: f"annulled by {each.event.actor.id}: {each.event.body.reason}"
            for each in self.recorded
            if isinstance(each.event.body, Annulled)
        }


def histories(tx: Transaction, customer: str | None) -> Iterator[History]:
    """One after the other, so that a report never holds more than one; windows and referrals come last."""
    periods = tuple(tx.periods())
    for kind in ("case", "monitor", "window", "advisory", "referral"):
        for each in cases(tx, customer, kind):
            yield _history(tx, each, Shadow(periods, each.customer))


def cases(tx: Transaction, customer: str | None, kind: str = "case") -> Iterator[ListedCase]:
    """Every case of a customer, or of all, page by page; or every subject of another kind."""
    which = CaseFilter(customer=customer, kind=kind)
    for offset in count(0, _PAGE):
        page = tx.cases(which, limit=_PAGE, offset=offset)
        yield from page
        if len(page) < _PAGE:
            return


def _history(tx: Transaction, listed: ListedCase, shadow: Shadow) -> History:
    events = [stored.event for stored in tx.events(listed.id) if stored.event is not None]
    return History(
        id=listed.id,
        policy=listed.policy,
        recorded=tuple(_recorded(events, shadow)),
        messages=messages_of(tx, listed.id, events),
    )


def _recorded(events: Iterable[Event], shadow: Shadow) -> Iterator[Recorded]:
    enforced_from: Instant | None = 0
    for event in events:
        if isinstance(event.body, Opened):
            enforced_from = event.body.enforced_from
        elif isinstance(event.body, Enforced):
            enforced_from = event.body.since
        elif isinstance(event.body, Migrated) and enforced_from is not None:
            enforced_from = event.at
        yield Recorded(event, enforced_from, shadow)
