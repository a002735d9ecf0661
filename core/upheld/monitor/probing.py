"""Asks what is due: leased, read side by side, landed in batches; a reading that hangs holds up no other."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final, TypeAlias

from upheld.calendar.instant import SECOND, Instant, Span
from upheld.case.monitor import MonitorState, Seen
from upheld.config.monitors import WatchingEntry
from upheld.ledger import MonitorRow, Transaction
from upheld.monitor.asking import Asking
from upheld.monitor.eyes import Eyes
from upheld.monitor.hearing import Hearing
from upheld.monitor.landing import Landing
from upheld.monitor.pauses import Pauses
from upheld.monitor.targets import Target
from upheld.plugin import Logger

#: A lease outlives a request and a look around by so many seconds.
_SPARE: Final = 15.0
#: What is cut off at its timeout has come by so many seconds later.
_CUT_OFF: Final = 5.0
#: A request that is under way so long after its timeout (seconds): a probe holds up all others.
_STUCK: Final = 10.0
#: What comes within this (seconds of machine time) lands together; less, where much is due.
_GATHER: Final = 0.2
_HURRY: Final = 0.02
#: What is due is looked for at least so often.
_LOOK: Final[Span] = SECOND

Read: TypeAlias = tuple[MonitorRow, Seen]
#: Hears of each reading: how it was, and by how much it was late (policy time).
Told: TypeAlias = Callable[[MonitorState, Span], None]


@dataclass
class Prober:
    """One daemon's share of what is watched. ``hearing`` judges those that nobody asks."""

    landing: Landing
    targets: Mapping[str, Target]
    watching: WatchingEntry
    hearing: Hearing
    owner: str
    log: Logger
    told: list[Told] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    _read: queue.SimpleQueue[tuple[MonitorRow, Seen | None]] = field(
        default_factory=queue.SimpleQueue, repr=False
    )
    #: What is being asked just now, and since when (monotonic).
    _asked: dict[str, float] = field(default_factory=dict)
    #: What fails and waits for a look around.
    _doubtful: list[Read] = field(default_factory=list)
    _strange: set[str] = field(default_factory=set)
    #: Whether there may be more to be asked than was taken.
    _more: bool = False
    _recalled: bool = False

    @cached_property
    def asking(self) -> Asking:
        """Where requests run."""
        return Asking(self.watching.timeout, self.log)

    @cached_property
    def eyes(self) -> Eyes:
        """Looks around with what lies behind no other."""
        watched = self.landing.watched
        roots = {name: t for name, t in self.targets.items() if not watched[name].entry.after}
        clock = self.landing.records.clock
        return Eyes(self.watching, roots, self.asking, clock, self.arrived.set)

    @property
    def watches(self) -> bool:
        """Whether there is anything to look at; a copy leaves that to the original."""
        there = bool(self.targets) or self.hearing.listens
        return there and not self.landing.records.ledger.foreign

    @property
    def sightless(self) -> str:
        """Why nothing that is read can be believed just now; "" as far as is known."""
        return self.eyes.blind if self.targets else ""

    def step(self) -> int:
        """Land what has come, ask what is due; how much was landed."""
        self._recall()
        self._stuck()
        self.eyes.again()
        self.hearing.mark()
        landed = self._land()
        self._begin()
        return landed

    def settle(self) -> int:
        """All that is due at this instant, to the end; how much was landed."""
        done = 0
        while self.watches:
            self.arrived.clear()
            landed = self.step()
            done += landed
            if self._busy:
                self.arrived.wait(_GATHER)
            elif not landed:
                break
        return done

    def wait(self, stopping: threading.Event) -> None:
        """Until something has come, or is due."""
        self.landing.records.clock.wait(self._soonest(), self.arrived)
        stopping.wait(_HURRY if self._more else _GATHER)
        self.arrived.clear()

    def finish(self) -> None:
        """What is under way comes to its end and is landed; nothing new is begun."""
        until = time.monotonic() + 2 * self.watching.timeout / SECOND + _CUT_OFF
        while self._busy and time.monotonic() < until:
            self.arrived.clear()
            self._land()
            if self._busy:
                self.arrived.wait(_GATHER)

    def close(self) -> None:
        """Ask no more."""
        self.asking.close()

    def _recall(self) -> None:
        """What failed when the last daemon ended says nothing about our own line."""
        if not self._recalled:
            with self.landing.records.ledger.reading() as tx:
                down = [row.name for row in tx.monitors() if row.tally.state is MonitorState.DOWN]
            self.eyes.failing.update(down)
            self._recalled = True

    # --- asking ---------------------------------------------------------------------------------

    @property
    def _busy(self) -> bool:
        return bool(self._asked or self._doubtful) or not self._read.empty()

    @property
    def _free(self) -> int:
        return self.watching.at_once - len(self._asked) - len(self._doubtful)

    def _soonest(self) -> Instant:
        records = self.landing.records
        latest = records.clock.now() + _LOOK
        if self._free <= 0:
            return latest
        with records.ledger.reading() as tx:
            return min(tx.next_reading() or latest, latest)

    def _begin(self) -> None:
        free = self._free
        if free <= 0:
            return
        records = self.landing.records
        now = records.clock.now()
        seconds = 2 * self.watching.timeout / SECOND + _SPARE
        rows = records.ledger.retrying(
            lambda tx: tx.lease_monitors(self.owner, now, limit=free, seconds=seconds)
        )
        self._more = len(rows) == free
        for row in rows:
            if row.paused and row.name in self.landing.watched:
                records.ledger.retrying(partial(self._over, row))
            else:
                self._ask(row, now)

    def _over(self, row: MonitorRow, tx: Transaction) -> None:
        """A pause that had an end is over."""
        Pauses(self.landing).over(tx, row)

    def _ask(self, row: MonitorRow, now: Instant) -> None:
        if row.name in self.targets:
            self._asked[row.name] = time.monotonic()
            work = self.asking.read(row.name, self.targets[row.name], now)
            self.asking.start(work, partial(self._answered, row))
        elif row.name in self.landing.watched:
            self._listen(row)
        elif row.name not in self._strange:  # whoever watches it takes it when its lease runs out
            self._strange.add(row.name)
            self.log.warning("monitor_not_known", monitor=row.name)

    def _answered(self, row: MonitorRow, seen: Future[Seen]) -> None:
        whole = not seen.cancelled() and seen.exception() is None
        self._read.put((row, seen.result() if whole else None))
        self.arrived.set()

    def _listen(self, row: MonitorRow) -> None:
        """Nobody asks it: was it heard of?"""
        watched = self.landing.watched[row.name]
        ledger = self.landing.records.ledger
        missed = ledger.retrying(lambda tx: self.hearing.missed(tx, watched, row))
        if missed is not None:
            self._read.put((row, missed))
            self.arrived.set()

    def _stuck(self) -> None:
        """A probe that does not give way holds up all others: that has to be seen. One that comes back never,
        and lets the others go on, does no harm: its lease runs out."""
        longest = self.watching.timeout / SECOND + _STUCK
        if self._asked and time.monotonic() - max(self._asked.values()) > longest:
            names = ", ".join(sorted(self._asked)[:5])
            raise RuntimeError(f"no probe comes back: one holds up all others, maybe of {names}")

    # --- landing --------------------------------------------------------------------------------

    def _land(self) -> int:
        """What is sure; what fails and may be our own trouble waits for a look around."""
        read, self._doubtful = [*self._doubtful, *self._come()], []
        sure: dict[str, list[Read]] = {}
        for row, seen in read:
            blind = self._blind(row, seen)
            if blind is None:
                self._doubtful.append((row, seen))
            else:
                sure.setdefault(blind, []).append((row, seen))
        for blind, some in sure.items():
            self._store(some, blind)
        return sum(map(len, sure.values()))

    def _come(self) -> Iterator[Read]:
        while not self._read.empty():
            row, seen = self._read.get()
            self._asked.pop(row.name, None)
            if seen is not None:
                yield row, seen

    def _blind(self, row: MonitorRow, seen: Seen) -> str | None:
        """Why a reading is not to be believed; "" where it is, None where somebody looks first."""
        if seen.state is not MonitorState.DOWN or row.tally.state is MonitorState.DOWN:
            return ""
        turns = row.tally.streak + 1 >= self.landing.watched[row.name].cadence.requests
        if not turns:
            self.eyes.startled(seen.at)
            return self.eyes.blind
        look = self.eyes.verdict(seen.at)
        return None if look is None else look.blind

    def _store(self, some: Sequence[Read], blind: str) -> None:
        ledger = self.landing.records.ledger
        ledger.retrying(lambda tx: self.landing.take_all(tx, some, blind))
        for row, seen in some:
            down = seen.state is row.tally.state is MonitorState.DOWN
            self.eyes.saw(row.name, failing=down)
            for tell in self.told:
                tell(seen.state, seen.at - (row.due or seen.at))
