"""The daemon's own loop: it asks by the host's clock, and ends in order with what is under way."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.core.monitor.scene import Watch
from tests.core.monitor.scripted import Named, Scripted
from upheld.clock import SystemClock
from upheld.config.monitors import WatchingEntry
from upheld.daemon.assembly import Parts, build_daemon
from upheld.daemon.loops import Daemon
from upheld.dispatch.routes import Mode, SafetyCatch, Ways
from upheld.ledger import Ledger
from upheld.monitor.targets import Target

#: Seconds of machine time in which anything here has happened long ago.
_PATIENCE = 30


def daemon(watch: Watch, probe: Scripted, folder: Path) -> Daemon:
    targets = {name: Target(probe, Named(name=name)) for name in watch.watched}
    return build_daemon(
        Parts(
            records=watch.records,
            directory=watch.records.book.directory,
            connections=[],
            ways=Ways(page=(), call=(), notify=(), customer=()),
            catch=SafetyCatch(Mode.LIVE, None, frozenset({"all"})),
            site="test",
            zone="UTC",
            folder=folder,
            watched=watch.watched,
            targets=targets,
            watching=WatchingEntry.model_validate({"timeout": "1 second"}),
        )
    )


def test_a_running_daemon_asks_and_ends_in_order(ledger: Ledger, tmp_path: Path) -> None:
    watch = Watch(ledger, clock=SystemClock())  # type: ignore[arg-type]
    watch.register("line: {of: lines, probe: tcp}\nother: {of: lines, probe: tcp}\n")
    probe, read = Scripted(), threading.Event()
    probe.says["other"] = None  # it hangs, and holds up nobody
    running = daemon(watch, probe, tmp_path)
    running.prober.told.append(lambda *_: read.set())
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        assert read.wait(_PATIENCE)
        assert watch.row("line").read_at is not None
    finally:
        running.stop()
        thread.join(_PATIENCE)
    assert not thread.is_alive()
    assert watch.row("other").tally.streak == 1, "what was under way has landed"
    assert [each.name for each in threading.enumerate() if each.name == "asking"] == []


def test_a_daemon_that_watches_nothing_has_no_loop_for_it(ledger: Ledger, tmp_path: Path) -> None:
    watch = Watch(ledger)
    watch.register("")
    idle = daemon(watch, Scripted(), tmp_path)
    assert [each.name for each in idle._workers()] == ["sweep", "alarm", "audit"]
    idle.close()
