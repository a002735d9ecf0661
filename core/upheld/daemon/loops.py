"""The daemon: pull, sweep, dispatch, audit; each a loop of its own, each contained."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from upheld.calendar.instant import MINUTE, SECOND, Instant, Span
from upheld.clock import Clock
from upheld.daemon.auditor import Auditor
from upheld.daemon.pulls import Puller, pull_all
from upheld.daemon.sweep import Sweeper
from upheld.dispatch.planner import Planner
from upheld.dispatch.sender import Sender
from upheld.errors import UpheldError
from upheld.ledger import Ledger
from upheld.plugin import Ability, Finding, Level, Logger, PluginError
from upheld.seam import Live

#: The outbox and the clock are looked at this often, whatever hint was lost.
_LOOK: Final = 1.0
#: A connection that can't tell when there is news is pulled this often.
_POLL: Final = 10.0
#: Waiting for news is cut short this often, so that a stop is quick.
_WAIT: Final = 25.0
_AUDIT: Final[Span] = MINUTE
#: After SIGTERM the work in hand has this long to finish.
_FINISH: Final = 25.0
#: Passes of one settling; more means that something feeds itself.
_PASSES: Final = 10_000


@dataclass
class Daemon:
    """All loops and what they work on."""

    ledger: Ledger
    clock: Clock
    lives: Sequence[Live]
    pullers: Sequence[Puller]
    sweeper: Sweeper
    planner: Planner
    sender: Sender
    auditor: Auditor
    log: Logger
    beat: Callable[[], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    news: threading.Event = field(default_factory=threading.Event)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the last audit found."""
        return self.auditor.findings

    def once(self) -> tuple[Finding, ...]:
        """Connections first, then the clock, then everything that is to be said; then the audit."""
        self.settle()
        return self.auditor.audit(self.clock.now())

    def settle(self) -> None:
        """Pull, sweep and dispatch until nothing is left to do at this instant."""
        for _ in range(_PASSES):
            pull_all(self.pullers)
            done = self.sweeper.sweep() + self.planner.plan() + self.sender.send()
            if done == 0:
                return
        raise UpheldError(
            "the work feeds itself: a rule or a connection makes news without end",
            do_next="see `upheld outbox list` for what repeats; `upheld stop` holds it",
        )

    def run(self) -> None:
        """Until somebody stops it; then the work in hand is finished and connections are closed."""
        self.log.info("started", connections=[live.name for live in self.lives])
        pull_all(self.pullers)  # before the first sweep: look before you page
        threads = [threading.Thread(target=loop, name=name) for name, loop in self._loops()]
        for thread in threads:
            thread.start()
        self.stopping.wait()
        self.news.set()
        for thread in threads:
            thread.join(_FINISH)
        self.close()
        self.log.info("stopped")

    def stop(self) -> None:
        """Ask the loops to end after what they have in hand."""
        self.stopping.set()

    def close(self) -> None:
        """Log out everywhere."""
        for live in self.lives:
            live.close()

    def check(self) -> Iterable[Finding]:
        """Try every connection for real; changes nothing."""
        for live in self.lives:
            try:
                yield from live.call(partial(_checked, live))
            except PluginError as error:
                yield Finding(Level.ERROR, live.name, error.what, error.do_next)

    def _loops(self) -> Iterable[tuple[str, Callable[[], None]]]:
        for puller in self.pullers:
            if puller.pulls:
                yield f"pull-{puller.source.name}", partial(self._pulling, puller)
        yield "sweep", lambda: self._forever("sweep", self.sweeper.sweep, self._till_next_wake)
        yield "dispatch", lambda: self._forever("dispatch", self._dispatch, self._till_news)
        yield "audit", lambda: self._forever("audit", self._audit, self._till_audit)

    def _forever(self, name: str, step: Callable[[], int], idle: Callable[[], None]) -> None:
        while not self.stopping.is_set():
            if self._contained(name, step):
                self.news.set()
            else:
                idle()

    def _contained(self, name: str, step: Callable[[], int]) -> int:
        try:
            return step()
        except Exception as error:  # noqa: BLE001  a loop must outlive one bad turn
            what = f"{type(error).__name__}: {error}"
            self.log.error("loop_failed", loop=name, error=what)  # noqa: TRY400  one line a person reads
            self.stopping.wait(_LOOK)
            return 0

    def _pulling(self, puller: Puller) -> None:
        name = f"pull-{puller.source.name}"
        self._forever(name, puller.pull, lambda: self._till_there_is_some(puller))

    def _till_there_is_some(self, puller: Puller) -> None:
        if not puller.live.can(Ability.WAIT) or puller.broken or puller.live.stopped:
            self.stopping.wait(_POLL)
        else:
            puller.wait(_WAIT)

    def _dispatch(self) -> int:
        return self.planner.plan() + self.sender.send()

    def _till_news(self) -> None:
        self.news.wait(_LOOK)
        self.news.clear()

    def _till_next_wake(self) -> None:
        soonest = self.clock.now() + int(_LOOK * SECOND)
        wake: Instant = min(self.ledger.next_wake() or soonest, soonest)
        self.clock.wait(wake, self.stopping)

    def _audit(self) -> int:
        self.beat()
        self.auditor.audit(self.clock.now())
        return 0

    def _till_audit(self) -> None:
        self.clock.wait(self.clock.now() + _AUDIT, self.stopping)


def _checked(live: Live) -> list[Finding]:
    return list(live.plugin.check())
