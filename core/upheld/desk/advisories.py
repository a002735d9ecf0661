"""Security advisories (P-11): said by a person, and heeded whenever a system tells its version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from upheld.case.events import UPHELD, Actor, Closed, Event, Opened, Reported
from upheld.case.opening import opening
from upheld.case.version import comparable
from upheld.desk.records import Records
from upheld.desk.stating import new_id
from upheld.engine.advisory import OPEN, SOURCE
from upheld.errors import NotFound, Refusal
from upheld.ledger import CaseFilter, ListedCase, Transaction

KIND: Final = "advisory"
_ALL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Running:
    """A system as it was read last: its ``monitor``, the ``product`` and the ``version`` that it runs."""

    monitor: str
    product: str
    version: str
    customer: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What an advisory has opened for one system, as long as that is not applied."""

    monitor: str
    case: str


@dataclass(frozen=True, slots=True)
class Advisory:
    """An advisory as it stands, with the systems on which it is not applied."""

    id: str
    name: str
    product: str
    fixed_in: str
    status: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Advisories:
    """What people can do with advisories, and what systems tell."""

    records: Records

    def add(
        self,
        name: str,
        product: str,
        fixed_in: str,
        systems: Iterable[Running],
        actor: Actor,
        text: str = "",
    ) -> str:
        """Say what a ``product`` has to be updated to; each of the ``systems`` that runs something older
        gets its item at once. The id; ``Refusal`` where it can't be kept."""
        self._makes_sense(name, fixed_in)
        now = self.records.clock.now()
        opened = Opened(SOURCE, name, text, product=product, version=fixed_in, enforced_from=now)
        concerned = [each for each in systems if each.product == product]
        event = Event(new_id(), now, now, actor, opened)
        return self.records.ledger.retrying(lambda tx: self._add(tx, event, concerned))

    def withdraw(self, advisory: str, actor: Actor, reason: str = "") -> None:
        """It was no advisory, or is none any more: its items are closed."""
        event_id = new_id()
        self.records.ledger.retrying(
            lambda tx: self._withdraw(tx, advisory, actor, reason, event_id)
        )

    def heed(self, tx: Transaction, system: Running, event_id: str) -> None:
        """A system tells its version: every open advisory of its product hears so."""
        for each in _listed(tx, OPEN):
            if _opened(tx, each.id).product == system.product:
                self._reported(tx, each.id, system, event_id)

    def all(self, tx: Transaction, *, withdrawn: bool = False) -> list[Advisory]:
        """Those that are open, or all; the newest first."""
        return [_read(tx, each) for each in _listed(tx, None if withdrawn else OPEN)]

    def _makes_sense(self, name: str, fixed_in: str) -> None:
        if not name.strip():
            raise Refusal("it has no name", do_next="give the one that people know, CVE-2026-1234")
        if not comparable(fixed_in):
            raise Refusal(
                f"{fixed_in!r} is no version: it has no number", do_next="write --fixed-in 2.4.1"
            )

    def _add(self, tx: Transaction, event: Event, systems: Iterable[Running]) -> str:
        policy = self.records.book.policy.version
        advisory = tx.new_subject(KIND, policy=policy, now=event.seen)
        self.records.add(tx, advisory, event)
        for each in systems:
            self._reported(tx, advisory, each, event.id)
        return advisory

    def _withdraw(
        self, tx: Transaction, advisory: str, actor: Actor, reason: str, event_id: str
    ) -> None:
        listed = next((each for each in _listed(tx, None) if each.id == advisory), None)
        if listed is None:
            raise NotFound(
                f"there is no advisory {advisory}", do_next="see `upheld advisories list`"
            )
        if listed.status != OPEN:
            raise Refusal(f"{advisory} is withdrawn already", do_next="there is nothing to do")
        self.records.fact(tx, advisory, Closed(reason), actor=actor, event_id=event_id)

    def _reported(self, tx: Transaction, advisory: str, system: Running, event_id: str) -> None:
        now = self.records.clock.now()
        told = Reported(system.monitor, system.version, system.customer, system.system)
        event = Event(f"{event_id}/{system.monitor}", now, now, UPHELD, told)
        self.records.add(tx, advisory, event)


def _listed(tx: Transaction, status: str | None) -> list[ListedCase]:
    found = tx.cases(CaseFilter(kind=KIND), limit=_ALL)
    return [each for each in found if status is None or each.status == status]


def _opened(tx: Transaction, advisory: str) -> Opened:
    opened = opening(tx.subject(advisory).facts)
    assert opened is not None
    return opened


def _read(tx: Transaction, listed: ListedCase) -> Advisory:
    opened, state = _opened(tx, listed.id), tx.subject(listed.id).state or {}
    items = tuple(Item(monitor, case) for monitor, case in sorted(state.get("cases", {}).items()))
    product, fixed_in = opened.product or "", opened.version or ""
    return Advisory(listed.id, opened.subject, product, fixed_in, listed.status, items)
