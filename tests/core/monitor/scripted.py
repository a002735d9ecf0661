"""A probe whose answers are in the test's hands, and a daemon's share of watching that asks with it."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel

from tests.core.monitor.scene import Watch
from upheld.calendar.instant import SECOND
from upheld.config.monitors import WatchingEntry
from upheld.monitor.hearing import Hearing
from upheld.monitor.probing import Prober
from upheld.monitor.targets import Target
from upheld.plugin import Health, Probe, Reading
from upheld.testing import RecordingLog

_GRAIN: Final = 10 * SECOND


class Named(BaseModel):
    """Which monitor is asked."""

    name: str


class Scripted(Probe[Named]):
    """Answers as it is told: a state, an error to raise, or None to hang."""

    name: ClassVar[str] = "scripted"
    Config = Named

    def __init__(self) -> None:
        self.says: dict[str, Health | Exception | None] = {}
        self.asked: Counter[str] = Counter()
        self.most = self.now = 0
        #: Nobody is answered before so many ask at the same time.
        self.meets = 0
        self._met = asyncio.Event()

    async def read(self, target: Named, deadline: timedelta) -> Reading:
        self.asked[target.name] += 1
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now >= self.meets:
            self._met.set()
        try:
            return await self._read(target, deadline)
        finally:
            self.now -= 1

    async def _read(self, target: Named, deadline: timedelta) -> Reading:
        await self._met.wait()
        await asyncio.sleep(0)
        said = self.says.get(target.name, Health.UP)
        if isinstance(said, Exception):
            raise said
        if said is None:
            await asyncio.sleep(60)
        return Reading(target.name, said or Health.DOWN, datetime.now(UTC), detail="as told")


class Room(closing["Any"]):
    """A prober over what a site watches; use it in a ``with``."""

    def __init__(self, watch: Watch, owner: str = "a", **watching: Any) -> None:
        super().__init__(self)
        self.watch, self.probe, self.log = watch, Scripted(), RecordingLog()
        self.held = False
        asked = [name for name, each in watch.watched.items() if each.entry.probe]
        targets = {name: Target(self.probe, Named(name=name)) for name in asked}
        self.lives: dict[str, Any] = {}
        hearing = Hearing(watch.ledger, watch.clock, watch.watched, self.lives, lambda: self.held)
        entry = WatchingEntry(**({"timeout": "10 seconds"} | watching))
        self.prober = Prober(watch.landing, targets, entry, hearing, owner, self.log)
        self.read: list[tuple[str, float]] = []
        self.prober.told.append(lambda state, late: self.read.append((state, late / SECOND)))

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        self.prober.close()

    def forward(self, minutes: float) -> None:
        """From one instant at which something is due to the next, all of ten seconds together."""
        clock, ledger = self.watch.clock, self.watch.ledger
        end = clock.now() + int(minutes * 60 * SECOND)
        while True:
            self.prober.settle()
            with ledger.reading() as tx:
                due = tx.next_reading()
            if due is None or -(-due // _GRAIN) * _GRAIN > end:
                break
            clock.forward_to(max(-(-due // _GRAIN) * _GRAIN, clock.now()))
        clock.forward_to(end)
        self.prober.settle()
