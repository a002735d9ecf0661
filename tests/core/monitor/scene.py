"""Sites that watch something: a policy of their own, and upheld.yaml as it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, Final, TypeVar

from upheld.calendar.instant import Instant, parse
from upheld.case.events import Event, Turned
from upheld.case.monitor import MonitorState, Seen
from upheld.config import Config, config_from
from upheld.desk.book import Book
from upheld.desk.intake import Source
from upheld.desk.records import Records
from upheld.ledger import Ledger, MonitorRow, Transaction
from upheld.monitor.feeds import Feeds
from upheld.monitor.landing import Landing
from upheld.monitor.registration import register
from upheld.monitor.watchlist import Watched, watchlist
from upheld.plugin import Health, Reading
from upheld.policy import Policy, load_policy
from upheld.source import parse as read
from upheld.testing import SteppedClock

T = TypeVar("T")
LETTERS: Final = {
    "u": MonitorState.UP,
    "g": MonitorState.DEGRADED,
    "d": MonitorState.DOWN,
    "x": MonitorState.INCONCLUSIVE,
}

NOW: Final = parse("2026-12-07T12:00:00Z")
_POLICY: Final = """\
policy: watched
severities: {1: {name: Outage}, 2: {name: Other}}
document:
- heading: Watching
  clauses:
  - id: C-1
    says: Servers are watched.
    monitor: {of: servers, every: 15 minutes, requests: 10, spaced: 1 minute, opens: {severity: 1}}
  - id: C-2
    says: Lines are watched.
    monitor: {of: lines, every: 1 minute, requests: 3, opens: {severity: 1}}
  - id: C-3
    says: Backups run daily.
    monitor: {of: backups, every: 24 hours, opens: {severity: 2}}
  - id: C-4
    says: What is slow is told.
    monitor: {of: [servers, systems], warns: customer.technical}
"""
_SITE: Final = """\
site: watching
policy: magnolia
zone: America/New_York
people: {ann: {name: Ann Reyes, mail: ann@magnolia.example}}
roles: {operator: ann}
connections:
  beats: {plugin: terminal}
providers: {telco: {name: Telco}}
customers:
  acme:
    name: Acme Internet
    kind: isp
    domains: [acme.example]
    systems: [billing]
    contacts: [{name: Pat Lin, mail: pat@acme.example, is: [contact, technical]}]
"""


@cache
def policy(more: str = "") -> Policy:
    return load_policy(read(_POLICY + indent(dedent(more), "  "), "watched.yaml"))


@cache
def config(monitors: str = "", servers: str = "") -> Config:
    """A site with these lines under ``monitors``, and these ``servers`` of its customer."""
    text = _SITE + (f"    servers: {servers}\n" if servers else "")
    if monitors:
        text += "monitors:\n" + indent(dedent(monitors), "  ")
    return config_from(read(text, "upheld.yaml"), Path())


@dataclass
class Watch:
    """What is on record of a site's monitors, at noon of a Monday."""

    ledger: Ledger
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(NOW))
    policy: Policy = field(default_factory=policy)

    windows: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        book = Book(self.policy, config().directory())
        self.records = Records(self.ledger, book, self.clock)
        self.watched: dict[str, Watched] = {}

    def register(self, monitors: str = "", servers: str = "") -> None:
        """As a daemon does that starts with this in its upheld.yaml."""
        self.watched = dict(watchlist(config(monitors, servers), self.policy))
        register(self.records, self.watched)
        self.landing = Landing(self.records, self.watched, self._covering)
        self.feeds = Feeds(self.landing)

    def _covering(self, _tx: Transaction, name: str, _at: Instant) -> str:
        return self.windows.get(name, "")

    def see(self, name: str, letters: str, blind: str = "") -> MonitorRow:
        """Readings one after the other, each when it is due."""
        for letter in letters:
            row = self.row(name)
            self.clock.forward_to(max(self.clock.now(), row.due or 0))
            seen = Seen(self.clock.now(), LETTERS[letter], detail=f"it is {letter}")
            assert self.ledger.retrying(lambda tx: self.landing.take(tx, row, seen, blind))  # noqa: B023
        return self.row(name)

    def tell(self, name: str, health: Health, source: str = "beats", **more: Any) -> bool:
        """A feed's word, just now or ``at``."""
        given = {"at": self.clock.as_datetime()} | more
        reading = Reading(name, health, **given)
        return self.ledger.retrying(lambda tx: self.feeds.take(tx, Source(source, "x"), reading))

    def turns(self, name: str) -> list[tuple[str, str]]:
        """Each turn: to what, and what excuses it."""
        turned = self.bodies(self.row(name).subject, Turned)
        return [(each.state, each.excuse) for each in turned]

    def row(self, name: str) -> MonitorRow:
        with self.ledger.reading() as tx:
            (row,) = tx.monitors([name])
        return row

    def rows(self) -> list[MonitorRow]:
        with self.ledger.reading() as tx:
            return tx.monitors()

    def facts(self, subject: str) -> Sequence[Event]:
        with self.ledger.reading() as tx:
            return tx.subject(subject).facts

    def bodies(self, subject: str, kind: type[T]) -> list[T]:
        return [fact.body for fact in self.facts(subject) if isinstance(fact.body, kind)]
