"""Whether we see at all: our own line is looked at, and a few others, before anything is taken for down.

What fails everywhere at once is no outage of theirs but trouble of ours. A look costs a request to each of
``watching.link`` and, where one of those answers or none is named, to a sample of what did not fail before.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from upheld.calendar.instant import SECOND, Instant, Span
from upheld.case.monitor import MonitorState, Seen
from upheld.clock import Clock
from upheld.config.monitors import WatchingEntry
from upheld.engine.sight import CROWD, SAMPLE, blind
from upheld.monitor.asking import Asking, answers
from upheld.monitor.targets import Target

#: What was seen in blindness is taken for so long; then it is looked again.
HOLDS: Final[Span] = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Look:
    """What a look that began at ``at`` came to: why nothing can be believed, or ""."""

    at: Instant
    blind: str


@dataclass
class Eyes:
    """Looks when it is asked to. ``targets`` are those that lie behind no other: when a router fails, the
    servers behind it say nothing about us. ``done`` is called when a look has come to its end."""

    watching: WatchingEntry
    targets: Mapping[str, Target]
    asking: Asking
    clock: Clock
    done: Callable[[], object]
    last: Look | None = None
    #: Of these it is known that they fail: they say nothing about us any more.
    failing: set[str] = field(default_factory=set)
    _startled: list[Instant] = field(default_factory=list)
    _looking: bool = False

    @property
    def blind(self) -> str:
        """Why nothing can be believed just now; "" as far as is known."""
        return self.last.blind if self.last else ""

    @property
    def can_tell(self) -> bool:
        """Whether a look could tell anything: a handful of servers may well fail together."""
        return bool(self.watching.link) or len(self.targets) >= CROWD

    def verdict(self, at: Instant) -> Look | None:
        """What is to be thought of a failure that was asked for at ``at``; None: a look tells, which has
        begun by now. One that began before the failure can't clear us of it."""
        if not self.can_tell:
            return Look(at, "")
        now, last = self.clock.now(), self.last
        if last is not None and (now - last.at <= HOLDS if last.blind else last.at >= at):
            return last
        self.look()
        return None

    def startled(self, at: Instant) -> None:
        """One fails, and it is too early to say what that is. Several at once make one look around."""
        self._startled = [each for each in self._startled if at - each <= HOLDS] + [at]
        if len(self._startled) >= CROWD and self.verdict(at) is not None:
            self._startled = []

    def saw(self, name: str, *, failing: bool) -> None:
        """How one stands now."""
        (self.failing.add if failing else self.failing.discard)(name)

    def again(self) -> None:
        """While nothing can be believed it is looked every now and then, whoever asks."""
        if self.last is not None and self.last.blind and self.clock.now() - self.last.at > HOLDS:
            self.look()

    def look(self) -> None:
        """Begin a look, unless one is under way."""
        if not self._looking:
            self._looking = True
            self.asking.start(self._look(self.clock.now()), self._looked)

    def _looked(self, look: Future[Look]) -> None:
        self._looking = False
        if not look.cancelled() and look.exception() is None:
            self.last = look.result()
        self.done()

    async def _look(self, at: Instant) -> Look:
        link = await self._link()
        candidates = [name for name in self.targets if name not in self.failing]
        seen = [] if link is False else await self._sample(candidates, at)
        read = [each for each in seen if each.state is not MonitorState.INCONCLUSIVE]
        failing = sum(each.state is MonitorState.DOWN for each in read)
        percent = self.watching.blind_above
        return Look(at, blind(len(read), failing, len(candidates), percent, link))

    async def _link(self) -> bool | None:
        """Whether any of it answers; None where none is named."""
        seconds = self.asking.timeout / SECOND
        asked = [answers(place, seconds) for place in self.watching.link]
        return any(await asyncio.gather(*asked)) if asked else None

    async def _sample(self, candidates: Sequence[str], at: Instant) -> list[Seen]:
        if len(candidates) < CROWD:
            return []
        names = random.sample(candidates, min(SAMPLE, len(candidates)))
        asked = (self.asking.read(name, self.targets[name], at) for name in names)
        return await asyncio.gather(*asked)
