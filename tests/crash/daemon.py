"""Daemons in processes of their own, which can be killed, frozen, or left to finish.

The first of a world has everything at hand once it has worked for a while: imports, statements,
templates. The others are forked from it, start with a memory as empty as any daemon's, and cost
milliseconds. All settle when they are told to.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from io import StringIO
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from threading import Barrier
from typing import Any, Final, Self
from unittest.mock import patch

import click

from upheld import logs
from upheld.calendar.instant import Instant
from upheld.cli.app import App
from upheld.cli.cases import cases
from upheld.cli.monitors import monitors
from upheld.config import Config, config_from
from upheld.daemon.loops import Daemon
from upheld.daemon.site import Site
from upheld.desk import stating, verbs, windows
from upheld.errors import UpheldError
from upheld.ledger import Ledger
from upheld.ledger.memory import Memory
from upheld.monitor import pauses
from upheld.policy import load_shipped
from upheld.source import Document
from upheld.testing import SteppedClock
from upheld.testing.faults import Faults, Moment, Passed, kill

POLICY: Final = load_shipped("magnolia")
# Forked from a process without threads: the world itself has many.
_SERVER: Final = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([__name__])
#: Seconds of machine time in which any settling has ended long ago.
_PATIENCE: Final = 50.0


@dataclass(frozen=True, slots=True)
class Settle:
    """Do all that is to be done at an instant; strike at a moment, counted from here."""

    at: Instant
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Begin as ``upheld run`` does, from upheld.yaml and the ledger alone."""

    at: Instant
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Be ``upheld run``, with all its loops, and die once a sending over each of these connections
    has come to a moment."""

    at: Instant
    connections: Sequence[str]
    moment: Moment


@dataclass(frozen=True, slots=True)
class Command:
    """Be the process of ``upheld cases`` with these words; of ``upheld monitors`` where they begin so."""

    at: Instant
    words: Sequence[str]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Fork:
    """Make another daemon, which strikes like this."""

    strike: Callable[[], object]


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """A daemon asks its world: take the next call over this connection, and don't answer."""

    connection: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What a daemon needs: ``upheld.yaml`` as data, its folder, the secrets of its environment."""

    written: Mapping[str, Any]
    folder: Path
    secrets: Mapping[str, str]


def freeze() -> None:
    """Stand still, as a machine does that was suspended; go on when told to."""
    os.kill(os.getpid(), signal.SIGSTOP)


# --- as the world sees them -------------------------------------------------------------------------


class Process:
    """A daemon's process."""

    def __init__(self, orders: Connection, pid: int, lose_answer: Callable[[str], bool]) -> None:
        self.pid = pid
        self._orders, self._lose_answer = orders, lose_answer

    @property
    def frozen(self) -> bool:
        """Whether it stands still (proc(5): its state is T)."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(") ")[2].startswith("T")

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def settle(self, at: Instant, number: int | None = None) -> list[Passed] | None:
        """What it went through; None where it died."""
        self.begin(at, number)
        return self.settled()

    def begin(self, at: Instant, number: int | None = None) -> None:
        """Let it settle beside others."""
        self._orders.send(Settle(at, number))

    def start(self, at: Instant, number: int | None = None) -> list[Passed] | None:
        """Begin anew; what it went through, None where it died."""
        self._orders.send(Start(at, number))
        return self.settled()

    def run(self, at: Instant, connections: Sequence[str], moment: Moment) -> None:
        """Run until it has died."""
        self._orders.send(Run(at, connections, moment))
        assert self.settled() is None

    def command(
        self, at: Instant, words: Sequence[str], number: int | None = None
    ) -> list[Passed] | None:
        """Be a person's command; what it went through, None where it died."""
        self._orders.send(Command(at, words, number))
        return self.settled()

    def settled(self, patience: float = _PATIENCE) -> list[Passed] | None:
        """What became of the settling that was begun; ``patience`` in seconds of machine time."""
        try:
            while isinstance(said := self._heard(patience), LoseAnswer):
                self._orders.send(self._lose_answer(said.connection))
        except (EOFError, ConnectionError):
            return None
        assert isinstance(said, list), said
        return said

    def end(self) -> None:
        """It ends where it waits for orders."""
        self._orders.close()

    def _heard(self, patience: float) -> Any:
        if not self._orders.poll(patience):
            raise TimeoutError("the daemon neither settles nor dies")
        return self._orders.recv()


class Daemons:
    """The first daemon of a world, and those that are forked from it. Use it in a ``with``."""

    def __init__(self, setting: Setting, lose_answer: Callable[[str], bool]) -> None:
        self._lose_answer = lose_answer
        self._listener = Listener(family="AF_UNIX")
        ours, theirs = _SERVER.Pipe()
        arguments = (theirs, setting, self._listener.address)
        self._process = _SERVER.Process(target=first, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._orders = ours
        self.first = Process(ours, self._process.pid or 0, lose_answer)

    def another(self, strike: Callable[[], object] = kill) -> Process:
        """One more daemon."""
        self._orders.send(Fork(strike))
        orders = self._listener.accept()
        return Process(orders, orders.recv(), self._lose_answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._orders.close()
        self._process.join(_PATIENCE)
        self._listener.close()


# --- in the process ---------------------------------------------------------------------------------


def first(orders: Connection, setting: Setting, address: str) -> None:
    """Settle and fork when told to, until the other end is closed."""
    logs.silence()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who are forked
    os.environ.update(setting.secrets)
    config = config_from(Document(dict(setting.written), "upheld.yaml", "", {}), setting.folder)
    with Site.of(config, clock=SteppedClock(0), create=False) as site:
        site.policy = POLICY
        daemon, faults = site.daemon(), Faults(lose_answer=partial(_ask, orders))
        watch(faults, daemon)
        while (order := _next(orders)) is not None:
            if isinstance(order, Settle):
                _settle(orders, order, faults, daemon)
                continue
            daemon.close()
            site.ledger.close()
            if os.fork() == 0:
                orders.close()
                _another(address, order.strike, site, daemon)
                os._exit(0)


def _another(address: str, strike: Callable[[], object], site: Site, parent: Daemon) -> None:
    site.ledger._memory = Memory()
    vars(site.ledger).pop("transaction")  # the parent's faults
    with Client(address) as orders:
        faults = Faults(strike, partial(_ask, orders))
        orders.send(os.getpid())
        order = _next(orders)
        if isinstance(order, Command):
            _command(orders, order, faults, site.config)
            return
        if isinstance(order, Run):
            _run(order, site.daemon())
            return
        if isinstance(order, Start):
            daemon = _start(orders, order, faults, site.config)
            order = _next(orders)
        else:
            daemon = site.daemon()
            daemon.sender = replace(daemon.sender, letters=parent.sender.letters)
            watch(faults, daemon)
        while order is not None:
            _settle(orders, order, faults, daemon)
            order = _next(orders)


def _start(orders: Any, order: Start, faults: Faults, config: Config) -> Daemon:
    faults.arm(order.number)
    daemon = _opened(config, order.at, faults).daemon()
    for live in daemon.lives:
        faults.watch_plugin(live.name, live.plugin)
    daemon.begin()
    orders.send(faults.passed)
    return daemon


def _run(order: Run, daemon: Daemon) -> None:
    assert isinstance(daemon.clock, SteppedClock)
    daemon.clock._now = order.at
    all_there = Barrier(len(order.connections), action=kill)
    for live in daemon.lives:
        if live.name in order.connections:
            meeting = partial(_meeting, live.plugin, all_there, order.moment)
            vars(live.plugin)["send"] = meeting
    # The undisturbed story is not audited: its chains are not sealed.
    with patch.object(daemon, "_audit", lambda: 0):
        daemon.run()


def _meeting(plugin: Any, all_there: Barrier, moment: Moment, *args: Any) -> None:
    if moment is Moment.AFTER_CALL:
        type(plugin).send(plugin, *args)
    all_there.wait(_PATIENCE)
    raise AssertionError("nobody outlives this")


def _command(orders: Any, order: Command, faults: Faults, config: Config) -> None:
    faults.arm(order.number)
    at_hand = patch.object(Site, "open", lambda _path: _opened(config, order.at, faults))
    # So that two runs can be compared: opening and all other verbs have their ids from here.
    rooms, typed = (verbs, stating, pauses, windows), f"desk:{' '.join(order.words)}"
    group, words = cases, list(order.words)
    if words[0] == monitors.name:
        group, words = monitors, words[1:]
    with ExitStack() as stack:
        stack.enter_context(at_hand)
        stack.enter_context(redirect_stdout(StringIO()))
        for room in rooms:
            stack.enter_context(patch.object(room, "new_id", lambda: typed))
        try:
            group(words, obj=App(), standalone_mode=False)
        except (UpheldError, click.ClickException) as error:
            orders.send(str(error))
        else:
            orders.send(faults.passed)


def _opened(config: Config, at: Instant, faults: Faults) -> Site:
    """A site that knows nothing but its file and its ledger, watched from the first commit on."""
    ledger = Ledger.open(config.database_url(), site=config.site)
    faults.watch_ledger(ledger)
    site = Site(config, ledger, SteppedClock(at))
    site.policy = POLICY
    return site


def _next(orders: Any) -> Any:
    try:
        return orders.recv()
    except (EOFError, ConnectionError):
        return None


def _settle(orders: Any, order: Settle, faults: Faults, daemon: Daemon) -> None:
    assert isinstance(daemon.clock, SteppedClock)
    daemon.clock._now = order.at
    faults.arm(order.number)
    daemon.settle()
    orders.send(faults.passed)


def _ask(orders: Any, connection: str) -> bool:
    orders.send(LoseAnswer(connection))
    return bool(orders.recv())


def watch(faults: Faults, daemon: Daemon) -> None:
    """Each commit and each call of a daemon."""
    faults.watch_ledger(daemon.ledger)
    for live in daemon.lives:
        faults.watch_plugin(live.name, live.plugin)
