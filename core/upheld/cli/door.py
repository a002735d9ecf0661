"""The door of ``upheld run``: opened beside the daemon, for as long as it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upheld.config import Config
    from upheld.daemon.loops import Daemon
    from upheld.web.app import Served
    from upheld.web.metrics import Metrics


@contextmanager
def door(config: Config, daemon: Daemon) -> Iterator[int | None]:
    """Open while the block runs, where ``web`` is configured; answers its port.

    Nothing of it is imported where it is not: half a second of a start.
    """
    if config.web is None:
        yield None
        return
    from upheld.web.app import build
    from upheld.web.server import Door

    opened = Door(build(_served(config, daemon)), config.web.listen)
    opened.open()
    daemon.log.info("door_open", listen=config.web.listen, port=opened.port)
    try:
        yield opened.port
    finally:
        opened.close()


def _served(config: Config, daemon: Daemon) -> Served:
    from upheld.calendar.instant import moment
    from upheld.web.app import Served
    from upheld.web.hooks import Hook, Hooks

    assert config.web is not None
    hooks = {
        puller.source.name: Hook(puller.live, puller.source, puller.intake, puller.touched.set)
        for puller in daemon.pullers
    }
    metrics = _metrics(config, daemon)
    daemon.sender.went_out.append(metrics.went_out)
    daemon.prober.told.append(metrics.read)
    taking = Hooks(hooks, daemon.ledger, daemon.log, daemon.news.ring)
    return Served(
        names=frozenset(hooks),
        take=taking.take,
        healthy=lambda: daemon.auditor.clean,
        metrics=metrics.page,
        counted=metrics.answered,
        now=lambda: moment(daemon.clock.now()),
        public_url=config.web.url,
        largest=config.web.largest,
        a_minute=config.web.a_minute,
    )


def _metrics(config: Config, daemon: Daemon) -> Metrics:
    from upheld.daemon.findings import running
    from upheld.web.metrics import Metrics

    return Metrics(
        site=config.site,
        ledger=daemon.ledger,
        lives=daemon.lives,
        now=daemon.clock.now,
        findings=lambda: daemon.findings,
        running=lambda tx: len(running(tx)),
    )
