"""Our own trouble is somebody's: the operator is told, once when it comes and once when it is over.

Directly, by the plugins of the channels: neither the decider nor the outbox is asked, since either may be
the trouble. The ledger's table of troubles sees to it that of several daemons one tells; where the
ledger is the trouble, each tells for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from upheld.calendar.instant import MINUTE, SECOND, Instant, Span, iso, moment
from upheld.clock import Clock
from upheld.daemon.findings import Found, Kept
from upheld.directory import Directory, Recipient
from upheld.dispatch.routes import Mode, SafetyCatch, Way, Ways, ways_to
from upheld.ledger import Ledger, Trouble
from upheld.plugin import (
    Ability,
    Address,
    Logger,
    Notifier,
    Outgoing,
    PluginError,
    Urgency,
    Withdrawal,
)
from upheld.seam import Live

OPERATOR: Final = "operator"
#: A channel that hangs longer is passed over.
HARD_STOP: Final[Span] = 20 * SECOND
#: Trouble has to be over for so long before that is told: what comes and goes is one trouble.
CALM: Final[Span] = 5 * MINUTE
#: Seconds for which one daemon has the telling; it outlives every channel of several people.
LEASE_SECONDS: Final = 600.0
#: Told to nobody but whoever reads the log: in shadow mode, where no local connection is there.
LOG: Final = "log"
_LINES: Final = 20

Reached: TypeAlias = Sequence[tuple[str, str]]  # person, connection


@dataclass(slots=True)
class Alarm:
    """Tells the operator of troubles. ``owner`` is this daemon in leases."""

    ledger: Ledger
    clock: Clock
    directory: Directory
    ways: Ways
    catch: SafetyCatch
    lives: Mapping[str, Live]
    owner: str
    site: str
    log: Logger
    own_ways: Mapping[str, Ways] = field(default_factory=dict)
    #: Families that were told past the ledger.
    apart: frozenset[str] = field(default=frozenset())

    def tell(self, unwritten: Sequence[Found] = ()) -> int:
        """Tell what is new and what is over; answers how many troubles somebody was told of.

        Nothing while everything outgoing is stopped, or where the ledger is another site's.
        """
        if unwritten or self.apart:
            self._tell_apart(unwritten)
        if unwritten or self.ledger.foreign or self.ledger.stopped() is not None:
            return 0
        now = self.clock.now()
        leased = self.ledger.retrying(
            lambda tx: tx.lease_troubles(self.owner, seconds=LEASE_SECONDS, now=now, calm=CALM)
        )
        new = [row for row in leased if row.cleared is None]
        over = sorted((row for row in leased if row.told), key=lambda row: row.told or 0)
        told = self._tell_new(new, now) if new else 0
        for at, rows in groupby(over, key=lambda row: row.told or 0):
            told += self._tell_over(list(rows), at)
        return told

    def _tell_new(self, rows: Sequence[Trouble], now: Instant) -> int:
        keys = [row.key for row in rows]
        reached = self._reach(rows, now)
        if reached is None:
            self.log.error("operator_unreachable", troubles=len(rows))
            self.ledger.retrying(lambda tx: tx.trouble_not_told(self.owner, keys))
            return 0
        to = ", ".join(f"{person}/{connection}" for person, connection in reached) or LOG
        self.log.info("operator_told", troubles=len(rows), to=to)
        self.ledger.retrying(lambda tx: tx.trouble_told(self.owner, keys, to, now))
        return len(rows)

    def _tell_over(self, rows: Sequence[Trouble], at: Instant) -> int:
        keys = [row.key for row in rows]
        if not self._stand_down(rows, at):
            self.ledger.retrying(lambda tx: tx.trouble_not_told(self.owner, keys))
            return 0
        self.log.info("operator_told_over", troubles=len(rows), to=rows[0].told_to)
        self.ledger.retrying(lambda tx: tx.trouble_told_over(self.owner, keys))
        return len(rows)

    def _reach(self, rows: Sequence[Trouble], at: Instant) -> Reached | None:
        """Who was reached over what; None where nobody was, though somebody might have been."""
        reached = []
        allowed = False
        for person in self._operators():
            for way, address in self._ways_to(person, rows):
                allowed = True
                letter = _letter(self.site, rows, person, _thread(at, person.id))
                if self._sent(way, address, person, letter):
                    reached.append((person.id, way.connection))
                    break
        if not reached and (allowed or self.catch.mode is not Mode.SHADOW):
            return None
        return reached

    def _stand_down(self, rows: Sequence[Trouble], at: Instant) -> bool:
        """A machine that was paged is told to resolve it, a person in words."""
        told_to = rows[0].told_to or ""
        people = {person.id: person for person in self._operators()}
        done = told_to == LOG
        for person, _, connection in (each.partition("/") for each in told_to.split(", ")):
            thread = _thread(at, person)
            live = self.lives.get(connection)
            if live is not None and live.can(Ability.WITHDRAW):
                done |= self._withdrawn(live, thread)
            elif person in people:
                done |= self._told_in_words(people[person], rows, connection, thread)
            else:
                done = True  # somebody else has the role by now
        return done

    def _told_in_words(
        self, person: Recipient, rows: Sequence[Trouble], connection: str, thread: str
    ) -> bool:
        letter = _letter(self.site, rows, person, thread)
        ways = self._ways_to(person, ())
        first = sorted(ways, key=lambda found: found[0].connection != connection)
        return any(self._sent(way, address, person, letter) for way, address in first)

    def _operators(self) -> tuple[Recipient, ...]:
        if self.catch.mode is Mode.REDIRECT and self.catch.redirect is not None:
            return (self.catch.redirect,)
        return self.directory.resolve(OPERATOR, at=self.clock.now())

    def _ways_to(self, person: Recipient, rows: Sequence[Trouble]) -> Iterator[tuple[Way, str]]:
        """Their own ways before the site's, pages first; over what is itself in trouble only when nothing
        else is left."""
        broken = {_connection(row) for row in rows}
        local = self.catch.local if self.catch.mode is Mode.SHADOW else self.lives.keys()
        both = (self.own_ways.get(person.id, self.ways), self.ways)
        every = dict.fromkeys(way for of in both for way in (*of.page, *of.notify, *of.call))
        allowed = [way for way in every if way.connection in local]
        allowed.sort(key=lambda way: way.connection in broken)
        plugins = {name: live.plugin.name for name, live in self.lives.items()}
        return ways_to(person, allowed, plugins)

    def _sent(self, way: Way, address: str, person: Recipient, letter: Outgoing) -> bool:
        live = self.lives[way.connection]
        plugin = live.plugin
        if not isinstance(plugin, Notifier):
            return False
        to = Address(way.channel, address, person.name)
        # In one thread, but not the same message: a repeat with the same key would be left out.
        key = f"{letter.thread}/{letter.urgency.value}"
        return self._called(live, lambda: plugin.send(letter, to, key))

    def _withdrawn(self, live: Live, thread: str) -> bool:
        plugin = live.plugin
        assert isinstance(plugin, Notifier)
        closed = partial(plugin.withdraw, thread, Withdrawal.CLOSED, f"{thread}/over")
        return self._called(live, closed)

    def _called(self, live: Live, call: Callable[[], object]) -> bool:
        try:
            live.call(call, hard_stop=HARD_STOP)
        except PluginError as error:
            self.log.warning("operator_not_reached", connection=live.name, error=error.what)
            return False
        return True

    def _tell_apart(self, unwritten: Sequence[Found]) -> None:
        """The ledger is the trouble: this daemon remembers by itself what it has told."""
        families = frozenset(each.family for each in unwritten)
        now = self.clock.now()
        new = [_trouble(each, now) for each in unwritten if each.family not in self.apart]
        if not families:
            self.log.info("operator_told_over", troubles=len(self.apart), to=LOG)
            self.apart = frozenset()
        elif new and self._reach(new, now) is not None:
            self.apart |= families


def _trouble(found: Found, now: Instant) -> Trouble:
    return Trouble(found.family, found.subject, found.what, now, None, None, None, 0)


def _connection(row: Trouble) -> str:
    """The connection that a trouble is about, if it is about one."""
    return Kept.of(row).family.partition(": ")[2]


def _thread(at: Instant, person: str) -> str:
    return f"trouble/{iso(at)}>{person}"


def _letter(site: str, rows: Sequence[Trouble], reader: Recipient, thread: str) -> Outgoing:
    over = all(row.cleared is not None for row in rows)
    first, more = rows[0], f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    head = f"{'Over' if over else 'Trouble'} at {site}: {first.subject}: {first.what}{more}"
    lines = [_line(row, ZoneInfo(reader.zone)) for row in rows[:_LINES]]
    if len(rows) > _LINES:
        lines.append(f"… and {len(rows) - _LINES} more")
    tail = "" if over else "\nSee `upheld status`.\n"
    text = "\n".join(lines) + "\n" + tail
    urgency = Urgency.LOW if over else Urgency.HIGH
    return Outgoing(thread, " ".join(head.split()), text, urgency)


def _line(row: Trouble, zone: ZoneInfo) -> str:
    since = f"since {moment(row.since).astimezone(zone):%Y-%m-%d %H:%M %Z}"
    until = ""
    if row.cleared is not None:
        until = f" until {moment(row.cleared).astimezone(zone):%Y-%m-%d %H:%M %Z}"
    return f"- {row.subject}: {' '.join(row.what.split())} ({since}{until})"
