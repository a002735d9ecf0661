"""A reading lands: it is counted, stored and, where the state has turned, put on record, all at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import TypeAlias

from upheld.calendar.instant import Instant
from upheld.case.events import UPHELD, Event, Turned
from upheld.case.monitor import MonitorState, Seen, Sight, Tally
from upheld.desk.advisories import Advisories
from upheld.desk.records import Records
from upheld.desk.turns import Turns
from upheld.desk.windows import covering
from upheld.engine.counting import count
from upheld.engine.sight import sighted
from upheld.ledger import MonitorRow, Transaction
from upheld.monitor.running import runs
from upheld.monitor.watchlist import Watched, backups

#: Finds the window that covers a monitor at an instant; "" where none does.
Covering: TypeAlias = Callable[[Transaction, str, Instant], str]


@dataclass(frozen=True)
class Landing:
    """Counts readings of what is watched. ``covering`` finds the window that stands."""

    records: Records
    watched: Mapping[str, Watched]
    covering: Covering = covering

    def take(self, tx: Transaction, row: MonitorRow, seen: Seen, blind: str = "") -> bool:
        """One reading of ``row`` as it was leased, or read just now; False where it does not count: it is
        watched no longer, or somebody else has it by now. ``blind``: why nothing can be believed."""
        return self.take_all(tx, [(row, seen)], blind) == [row.name]

    def take_all(
        self, tx: Transaction, read: Sequence[tuple[MonitorRow, Seen]], blind: str = ""
    ) -> list[str]:
        """Several, each for itself, and what stands before others first; the names of those that count."""
        known = [(row, seen) for row, seen in read if row.name in self.watched]
        known.sort(key=lambda each: self._order[each[0].name])
        tallies = self._parents(tx, [row for row, _ in known])
        return [
            row.name for row, seen in known if _Reading(self, tx, tallies).lands(row, seen, blind)
        ]

    def catch_up(self, tx: Transaction, row: MonitorRow, seen: Seen) -> None:
        """What was told of ``row`` in a pause that has just ended. Nothing that was to be done meanwhile is
        made up for."""
        _Reading(self, tx, self._parents(tx, [row]), belated=True).lands(row, seen, "")

    def _parents(self, tx: Transaction, rows: Iterable[MonitorRow]) -> dict[str, Tally]:
        """What stands before these, as it was counted so far. What is paused excuses nobody: how it is by now
        is not known."""
        names = {name for row in rows for name in self.watched[row.name].entry.after}
        found = tx.monitors(names) if names else ()
        return {row.name: row.tally for row in found if not row.paused}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """What lies right behind each monitor."""
        found: dict[str, tuple[str, ...]] = {}
        for name, each in self.watched.items():
            for parent in each.entry.after:
                found[parent] = (*found.get(parent, ()), name)
        return found

    @cached_property
    def turns(self) -> Turns:
        """What puts a turn on record, and does what follows from it."""
        return Turns(self.records, backups(self.watched))

    @cached_property
    def _order(self) -> Mapping[str, int]:
        graph = {name: each.entry.after for name, each in self.watched.items()}
        return {name: n for n, name in enumerate(TopologicalSorter(graph).static_order())}


@dataclass(frozen=True, slots=True)
class _Reading:
    """One of a batch. ``tallies`` are those of parents, kept up to date as the batch lands. ``belated``: it
    was told before it may count, so that its monitor turns now and is due as its row says."""

    landing: Landing
    tx: Transaction
    tallies: dict[str, Tally]
    belated: bool = False

    def lands(self, row: MonitorRow, seen: Seen, blind: str) -> bool:
        watched = self.landing.watched[row.name]
        sight = self._sight(watched, row.tally, seen, blind)
        counted = count(watched.cadence, row.tally, seen, sight)
        read_at = row.read_at if seen.silent else max(seen.at, row.read_at or 0)
        due = row.due if self.belated else counted.due
        after = replace(row, due=due, tally=counted.tally, read_at=read_at)
        if not self.tx.land_monitor(after):
            return False
        if row.name in self.tallies:
            self.tallies[row.name] = counted.tally
        self._hasten(watched, row.tally, counted.tally, sight)
        if counted.turned is not None:
            self._turn(row, seen, counted.turned)
        return True

    def _sight(self, watched: Watched, tally: Tally, seen: Seen, blind: str) -> Sight:
        """Looked for only where something fails, or is excused still."""
        if seen.state is MonitorState.UP and not tally.excuse:
            return Sight(blind)
        parents = {name: self.tallies[name] for name in watched.entry.after if name in self.tallies}
        window = self.landing.covering(self.tx, watched.name, seen.at)
        return sighted(parents, tally.since, seen.at, blind=blind, window=window)

    def _hasten(self, watched: Watched, before: Tally, after: Tally, sight: Sight) -> None:
        """What stands before it is read at once when it begins to fail, so that it is known in time which
        of them is broken; what lies behind it, when it is well again: until then that is excused."""
        soon: Collection[str] = ()
        if after.streak and not before.streak:
            soon = watched.entry.after
        elif sight.awaits:
            soon = (sight.awaits,)
        elif before.streak and not after.streak:
            soon = self.landing.children.get(watched.name, ())
        if soon:
            self.tx.hasten(soon, self.landing.records.clock.now())

    def _turn(self, row: MonitorRow, seen: Seen, turned: Turned) -> None:
        now = self.landing.records.clock.now()
        at = now if self.belated else seen.at
        event = Event(f"turned#{row.token}", at, now, UPHELD, turned)
        self.landing.turns.take(self.tx, row.name, row.subject, event)
        system = runs(self.landing.watched[row.name], turned.version)
        if system is not None:
            Advisories(self.landing.records).heed(self.tx, system, event.id)
