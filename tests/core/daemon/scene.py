"""A daemon over scripted connections: what the far ends say and get is in the test's hands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.core.desk.scene import Desk
from upheld.daemon.assembly import Configured, Parts, build_daemon
from upheld.daemon.loops import Daemon
from upheld.desk.intake import Source
from upheld.dispatch.routes import Mode, SafetyCatch, Way, Ways
from upheld.plugin import Ability, Channel, Context, Page
from upheld.testing import RecordingLog, ScriptedConfig, ScriptedNotifier

MAIL, PAGER = Source("mailbox", "email"), Source("pager", "pagerduty")


class Waiting(ScriptedNotifier):
    """Waits for news until it is closed, and can be made to hang or to raise anything in a pull."""

    abilities: ClassVar[frozenset[Ability]] = ScriptedNotifier.abilities | {Ability.WAIT}

    def __init__(self, config: ScriptedConfig, context: Context) -> None:
        super().__init__(config, context)
        self.waits, self.over = threading.Event(), threading.Event()
        self.hangs = False
        self.pulls = 0

    def wait(self, seconds: float) -> bool:
        self.waits.set()
        self.over.wait(seconds)
        return False

    def pull(self, cursor: str | None) -> Page:
        self.pulls += 1
        if self.hangs:
            self.over.wait(30)
        return super().pull(cursor)

    def close(self) -> None:
        super().close()
        self.over.set()


@dataclass
class House:
    """A desk with a daemon: a mailbox and a pager, both scripted, everything logged."""

    desk: Desk
    daemon: Daemon
    log: RecordingLog
    parts: Parts

    @property
    def mail(self) -> Waiting:
        plugin = self.daemon.lives[0].plugin
        assert isinstance(plugin, Waiting)
        return plugin

    @property
    def pager(self) -> ScriptedNotifier:
        plugin = self.daemon.lives[1].plugin
        assert isinstance(plugin, ScriptedNotifier)
        return plugin

    def lines(self, event: str) -> list[dict[str, object]]:
        """What was logged under this name."""
        return [values for _, name, values in self.log.lines if name == event]

    @contextmanager
    def running(self) -> Iterator[threading.Thread]:
        """The daemon runs in a thread of its own; at the end it is stopped and has ended."""
        thread = threading.Thread(target=self.daemon.run)
        thread.start()
        try:
            yield thread
        finally:
            self.daemon.stop()
            thread.join(10)
        assert not thread.is_alive()


_WAYS = Ways(
    page=(Way(Channel.PAGE, "pager"),),
    call=(Way(Channel.VOICE, "pager"),),
    notify=(Way(Channel.MAIL, "mailbox"),),
    customer=(Way(Channel.MAIL, "mailbox"),),
)


def house(desk: Desk, folder: Path, ways: Ways = _WAYS) -> House:
    """Put it together as a site does."""
    parts = Parts(
        records=desk.records,
        directory=desk.directory,
        connections=[Configured(Waiting, ScriptedConfig(), source) for source in (MAIL, PAGER)],
        ways=ways,
        catch=SafetyCatch(Mode.LIVE, None, frozenset({"all"})),
        site="test",
        zone="UTC",
        folder=folder,
    )
    daemon, log = build_daemon(parts), RecordingLog()
    daemon.log = daemon.auditor.log = log
    for puller in daemon.pullers:
        puller.log = log
    return House(desk, daemon, log, parts)


def until(condition: object, seconds: float = 10) -> None:
    """Wait until a condition holds; fail where it never does."""
    assert callable(condition)
    tick = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        tick.wait(0.01)
    raise AssertionError("it never came about")
