"""A monitor on a desk: what it is told of is recorded as whoever reads does it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tests.core.desk.scene import NOW, Desk
from upheld.calendar.instant import MINUTE
from upheld.case.events import UPHELD, Body, Event, Opened, Provided, Turned
from upheld.case.monitor import MonitorState, Tally
from upheld.desk.turns import Turns
from upheld.ledger import MonitorRow, Transaction


@dataclass
class Watch:
    """Monitors by name on a desk, of acme; ``backups`` says what stands in for what."""

    desk: Desk
    backups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def begin(self, name: str, of: str = "servers", **fields: str) -> str:
        """Its subject, M1 …"""
        desk = self.desk
        opened = Opened("monitor", name, f"tcp to {name}:25", customer="acme", enforced_from=NOW)
        bodies: list[Body] = [opened, Provided("of", of)]
        bodies += [Provided(item, value) for item, value in fields.items()]

        def work(tx: Transaction) -> str:
            subject = tx.new_subject("monitor", policy=desk.policy.version, now=NOW)
            tx.watch(MonitorRow(name, subject, "acme", NOW, 0, Tally()))
            for index, body in enumerate(bodies):
                desk.records.add(tx, subject, Event(f"begun#{index}", NOW, NOW, UPHELD, body))
            return subject

        return desk.ledger.retrying(work)

    def turned(self, name: str, state: str, **told: Any) -> Event:
        """The fact that it is in another state, a minute after the last."""
        self.desk.clock.forward_to(self.desk.clock.now() + MINUTE)
        now = self.desk.clock.now()
        return Event(f"turned:{name}:{now}", now, now, UPHELD, Turned(state, "", now, **told))

    def turns(self, name: str, state: str, **told: Any) -> Event:
        """It turns, a minute from now."""
        event = self.turned(name, state, **told)
        self.desk.ledger.retrying(lambda tx: self.take(tx, name, event))
        return event

    def take(self, tx: Transaction, name: str, event: Event) -> Any:
        """As a reading lands: its row and the fact, in one transaction."""
        (row,) = tx.monitors([name])
        assert isinstance(event.body, Turned)
        tally = replace(row.tally, state=MonitorState(event.body.state))
        assert tx.land_monitor(replace(row, tally=tally))
        return Turns(self.desk.records, self.backups).take(tx, name, row.subject, event)
