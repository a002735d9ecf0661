"""The daemon: pull, sweep, dispatch, audit; each a loop of its own, each contained."""

from __future__ import annotations

import threading
import time
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
    leave: Callable[[], None]
    failing: dict[str, str] = field(default_factory=dict)
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
            done = pull_all(self.pullers)
            done += self.sweeper.sweep() + self.planner.plan() + self.sender.send()
            if done == 0:
                return
        raise UpheldError(
            "the work feeds itself: a rule or a connection makes news without end",
            do_next="see `upheld outbox list` for what repeats; `upheld stop` holds it",
        )

    def run(self) -> None:
        """Until somebody stops it; then the work in hand is finished and connections are closed."""
        self.log.info("started", connections=[live.name for live in self.lives])
        for puller in self.pullers:  # before the first sweep: look before you page
            self._contained(_reading(puller), puller.pull)
        reading, working = _started(self._readers()), _started(self._workers())
        self.stopping.wait()
        self.news.set()
        _join(working)
        self.close()  # this ends waiting for news, where nothing is in hand
        _join(reading)
        self._contained("leave", self.leave)
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

    def _readers(self) -> Iterable[threading.Thread]:
        for puller in self.pullers:
            if puller.pulls:
                idle = partial(self._till_there_is_some, puller)
                yield self._loop(_reading(puller), puller.pull, idle)

    def _workers(self) -> Iterable[threading.Thread]:
        yield self._loop("sweep", self.sweeper.sweep, self._till_next_wake)
        yield self._loop("dispatch", self._dispatch, self._till_news)
        yield self._loop("audit", self._audit, self._till_audit)

    def _loop(
        self, name: str, step: Callable[[], int], idle: Callable[[], object]
    ) -> threading.Thread:
        turn = partial(self._turn, step, idle)
        return threading.Thread(target=self._forever, args=(name, turn), name=name)

    def _forever(self, name: str, turn: Callable[[], object]) -> None:
        while not self.stopping.is_set():
            self._contained(name, turn)

    def _turn(self, step: Callable[[], int], idle: Callable[[], object]) -> None:
        if step():
            self.news.set()
        elif not self.stopping.is_set():
            idle()

    def _contained(self, name: str, turn: Callable[[], object]) -> None:
        """One turn, which the loop outlives. Log once when it fails, once when it is back."""
        try:
            turn()
        except Exception as error:  # noqa: BLE001  whatever it is, the next turn may go well
            what = f"{type(error).__name__}: {error}"
            if self.failing.get(name) != what:
                self.log.error("loop_failed", loop=name, error=what)  # noqa: TRY400  one line a person reads
            self.failing[name] = what
            self.stopping.wait(_LOOK)
        else:
            if self.failing.pop(name, None) is not None:
                self.log.info("loop_back", loop=name)

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


def _reading(puller: Puller) -> str:
    return f"pull-{puller.source.name}"


def _started(threads: Iterable[threading.Thread]) -> list[threading.Thread]:
    found = list(threads)
    for thread in found:
        thread.start()
    return found


def _join(threads: Iterable[threading.Thread]) -> None:
    """Wait for all of them, and no longer than the work in hand may take."""
    until = time.monotonic() + _FINISH
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _checked(live: Live) -> list[Finding]:
    return list(live.plugin.check())
