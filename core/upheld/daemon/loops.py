"""The daemon: pull, sweep, dispatch, audit, alarm; each a loop of its own, each contained."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from typing import Final, TypeAlias

from upheld.calendar.instant import MINUTE, SECOND, Instant, Span
from upheld.clock import Clock
from upheld.daemon.alarm import Alarm
from upheld.daemon.auditor import Auditor
from upheld.daemon.couriers import Couriers
from upheld.daemon.findings import SILENT, running
from upheld.daemon.heartbeat import Heartbeat
from upheld.daemon.hostclock import HostClock
from upheld.daemon.pulls import Puller, pull_all
from upheld.daemon.pulse import READER, WORKER, Pulse
from upheld.daemon.sweep import Sweeper
from upheld.daemon.witness import Witness
from upheld.dispatch.fields import released
from upheld.dispatch.planner import Planner
from upheld.dispatch.reaching import Reaching
from upheld.dispatch.sender import Sender
from upheld.dispatch.taken import Taken
from upheld.errors import LedgerError, UpheldError
from upheld.ledger import Bell, Ledger, Transaction
from upheld.monitor.probing import Prober
from upheld.plugin import Ability, Finding, Logger
from upheld.seam import Live
from upheld.sync.pusher import Pusher

#: The outbox and the clock are looked at this often, whatever hint was lost.
_LOOK: Final = 1.0
#: A connection that can't tell when there is news is pulled this often.
_POLL: Final = 10.0
#: Waiting for news is cut short this often, so that a stop is quick.
_WAIT: Final = 25.0
_AUDIT: Final[Span] = MINUTE
#: A daemon says so often (machine time) that it runs: three of it may be lost before it counts as silent.
_BEAT: Final = 10.0
#: After SIGTERM the work in hand has this long to finish.
_FINISH: Final = 25.0
#: Passes of one settling; more means that something feeds itself.
_PASSES: Final = 10_000

_Take: TypeAlias = Callable[[Transaction], list[Taken]]


@dataclass
class Daemon:
    """All loops and what they work on."""

    ledger: Ledger
    clock: Clock
    lives: Sequence[Live]
    pullers: Sequence[Puller]
    sweeper: Sweeper
    pusher: Pusher
    planner: Planner
    sender: Sender
    reaching: Reaching
    prober: Prober
    auditor: Auditor
    alarm: Alarm
    heartbeat: Heartbeat
    witness: Witness
    pulse: Pulse
    hostclock: HostClock
    config: str
    log: Logger
    beat: Callable[[], None]
    #: Rings when there may be something to send.
    news: Bell
    leave: Callable[[], None]
    #: When the sweep said so last (monotonic).
    beaten: float = 0.0
    failing: dict[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    audited: threading.Event = field(default_factory=threading.Event)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the last audit found."""
        return self.auditor.findings

    def once(self) -> tuple[Finding, ...]:
        """Connections first, then the clock, then everything that is to be said; then the audit."""
        self.beat()
        self._free_fields()
        try:
            self.settle()
            return self.audit()
        finally:
            self.leave()

    def audit(self) -> tuple[Finding, ...]:
        """Look for what is wrong, and have the operator told: what the loops do every minute."""
        self.beat()
        self._audit()
        self._tell()
        return self.findings

    def settle(self) -> None:
        """Pull, probe, sweep and dispatch, in turns, until none of them finds anything to do at this
        instant: each has looked since the last that did something."""
        turns = (lambda: pull_all(self.pullers), self.prober.settle, self._sweep, self._dispatch)
        idle = 0
        for turn in islice(cycle(turns), _PASSES * len(turns)):
            idle = 0 if turn() else idle + 1
            if idle == len(turns):
                return
        raise UpheldError(
            "the work feeds itself: a rule or a connection makes news without end",
            do_next="see `upheld outbox list` for what repeats; `upheld stop` holds it",
        )

    def begin(self) -> None:
        """What comes before all loops: the others know of it, and every connection is read."""
        self.log.info("started", connections=[live.name for live in self.lives])
        self._contained("beat", self.beat)  # before anything is sent, the others know
        self._contained("fields", self._free_fields)
        for puller in self.pullers:  # before the first sweep: look before you page
            self._contained(_reading(puller), puller.pull)

    def _free_fields(self) -> None:
        """What shadow mode kept in of fields is looked at anew where it may be written by now."""
        if self.pusher.trackers.any:
            self.ledger.retrying(lambda tx: released(tx, self.planner.catch))

    def run(self) -> None:
        """Until somebody stops it; then the work in hand is finished and connections are closed."""
        self.begin()
        couriers = Couriers(live.name for live in self.lives)
        reading, carrying = _started(self._readers()), _started(self._carrying(couriers))
        dispatching, working = _started(self._dispatching(couriers)), _started(self._workers())
        self.stopping.wait()
        self.pulse.end()
        self.news.ring()
        self.audited.set()
        self.prober.arrived.set()
        until = time.monotonic() + _FINISH
        _join(dispatching, until)
        couriers.end()  # nobody hands them anything any more
        _join([*carrying, *working], until)
        self._contained("probe", self.prober.finish)
        self.close()  # this ends waiting for news, where nothing is in hand
        _join(reading, time.monotonic() + _FINISH)
        self._contained("leave", self.leave)
        self.log.info("stopped")

    def stop(self) -> None:
        """Ask the loops to end after what they have in hand."""
        self.stopping.set()
        for puller in self.pullers:
            puller.touched.set()

    def close(self) -> None:
        """Log out everywhere."""
        self.news.close()
        self.prober.close()
        for live in self.lives:
            live.close()

    def _readers(self) -> Iterable[threading.Thread]:
        for puller in self.pullers:
            if puller.pulls:
                idle = partial(self._till_there_is_some, puller)
                yield self._loop(_reading(puller), puller.pull, idle, READER)

    def _dispatching(self, couriers: Couriers) -> Iterable[threading.Thread]:
        yield self._loop("dispatch", partial(self._hand_over, couriers), self._till_news)

    def _carrying(self, couriers: Couriers) -> Iterable[threading.Thread]:
        for name in couriers.names:
            carry = partial(couriers.carry, name, self.sender.deliver)
            yield self._loop(f"send-{name}", carry, _no_wait, READER, partial(couriers.over, name))

    def _workers(self) -> Iterable[threading.Thread]:
        yield self._loop("sweep", self._heard_sweep, self._till_next_wake)
        if self.prober.watches:
            idle = partial(self.prober.wait, self.stopping)
            yield self._loop("probe", self._probe, idle)
        yield self._loop("alarm", self._tell, self._till_audited, READER)
        yield self._loop("audit", self._audit, self._till_audit)

    def _loop(
        self,
        name: str,
        step: Callable[[], int],
        idle: Callable[[], object],
        patience: Span = WORKER,
        over: Callable[[], bool] | None = None,
    ) -> threading.Thread:
        turn, over = partial(self._turn, name, step, idle), over or self.stopping.is_set
        thread = threading.Thread(target=self._till, args=(over, name, turn), name=name)
        self.pulse.watch(thread, patience)
        return thread

    def _till(self, over: Callable[[], bool], name: str, turn: Callable[[], object]) -> None:
        while not over():
            self._contained(name, turn)

    def _turn(self, name: str, step: Callable[[], int], idle: Callable[[], object]) -> None:
        done = step()
        self.pulse.beat(name)
        if done:
            self.news.ring()
        elif not self.stopping.is_set():
            idle()

    def _contained(self, name: str, turn: Callable[[], object]) -> None:
        """One turn, which the loop outlives. Log once when it fails, once when it is back."""
        try:
            turn()
        except Exception as error:  # noqa: BLE001  whatever it is, the next turn may go well
            what = f"{type(error).__name__}: {error}"
            self.pulse.fails(name, what)
            if self.failing.get(name) != what:
                self.log.error("loop_failed", loop=name, error=what)  # noqa: TRY400  one line a person reads
            self.failing[name] = what
            self.stopping.wait(_LOOK)
        else:
            if self.failing.pop(name, None) is not None:
                self.log.info("loop_back", loop=name)

    def _till_there_is_some(self, puller: Puller) -> None:
        if not puller.live.can(Ability.WAIT) or puller.broken or puller.rests:
            puller.touched.wait(_POLL)
            puller.touched.clear()
        else:
            puller.wait(_WAIT)

    def _sweep(self) -> int:
        """Nothing while the host's clock was set by hand a moment ago: it may be set back."""
        return 0 if self.hostclock.holds(self.clock.now()) else self.sweeper.sweep()

    def _heard_sweep(self) -> int:
        """The sweep comes round each second and waits for nobody long: it also says that we run."""
        if time.monotonic() - self.beaten >= _BEAT:
            self.beat()
            self.beaten = time.monotonic()
        return self._sweep()

    def _dispatch(self) -> int:
        """Everything by ourselves, one after the other: what settles does so the same each time."""
        return self._dispatched(self.sender.take, self.sender.deliver)

    def _hand_over(self, couriers: Couriers) -> int:
        """The most urgent that a courier is free for; who is back is handed the next."""
        take = partial(self.sender.take, limit=1, over=couriers.free)
        return self._dispatched(take, lambda taken: couriers.hand(self.sender.set_out(taken)))

    def _dispatched(self, take: _Take, deliver: Callable[[Sequence[Taken]], int]) -> int:
        looked = self.pusher.look()
        planned, taken = self._planned_and_taken(take)
        return looked + planned + deliver(taken) + self.reaching.look()

    def _planned_and_taken(self, take: _Take) -> tuple[int, list[Taken]]:
        """In one commit, since a page waits for it; by themselves where a message can't be planned."""
        ledger, plan, taken = self.ledger, self.planner.plan_in, partial(self._taken, take)
        try:
            return ledger.retrying(lambda tx: (plan(tx), taken(tx)))
        except LedgerError:
            raise
        except Exception:  # noqa: BLE001  the planner tells which it is, and goes on with the others
            return self.planner.plan(), ledger.retrying(taken)

    def _taken(self, take: _Take, tx: Transaction) -> list[Taken]:
        return [] if self._divided(tx) else take(tx)

    def _probe(self) -> int:
        """A reading is news for dispatch only where it turns something, and that the ledger tells it."""
        self.prober.step()
        return 0

    def _divided(self, tx: Transaction) -> bool:
        """Whether another daemon runs on another upheld.yaml: then nobody sends.

        One that hung and was taken for gone asks this itself before it sends again.
        """
        return any(node.config != self.config for node in running(tx, SILENT))

    def _till_news(self) -> None:
        self.news.wait(_LOOK)

    def _till_next_wake(self) -> None:
        now = self.clock.now()
        soonest = now + int(_LOOK * SECOND)
        wake: Instant = min(self.ledger.next_wake() or soonest, soonest)
        if wake > now:
            self.clock.wait(wake, self.stopping)
        else:  # a message that dispatch looks at; or it is held up, or in another daemon's hands
            self.news.ring()
            self.stopping.wait(_LOOK / 10)

    def _audit(self) -> int:
        self.auditor.audit(self.clock.now())
        self.audited.set()
        return 0

    def _tell(self) -> int:
        """What goes outside after an audit; a far end that hangs holds up no audit here."""
        self.audited.clear()
        self.heartbeat.beat(clean=self.auditor.clean and not self.ledger.foreign)
        self.alarm.tell(self.auditor.unwritten)
        self.witness.send()
        return 0

    def _till_audited(self) -> None:
        self.audited.wait(_AUDIT / SECOND)

    def _till_audit(self) -> None:
        self.clock.wait(self.clock.now() + _AUDIT, self.stopping)


def _reading(puller: Puller) -> str:
    return f"pull-{puller.source.name}"


def _no_wait() -> None:
    """A courier has waited already: for what it is handed."""


def _started(threads: Iterable[threading.Thread]) -> list[threading.Thread]:
    found = list(threads)
    for thread in found:
        thread.start()
    return found


def _join(threads: Iterable[threading.Thread], until: float) -> None:
    """Wait for all of them, and no longer than ``until`` (monotonic)."""
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
