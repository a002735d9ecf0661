"""Everything that runs, put together in one readable place."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from upheld import __version__
from upheld.context import ConnectionContext, Vault
from upheld.daemon.auditor import Auditor
from upheld.daemon.loops import Daemon
from upheld.daemon.pulls import Puller
from upheld.daemon.sweep import Sweeper
from upheld.desk.intake import Intake, Source
from upheld.desk.records import Records
from upheld.directory import Directory
from upheld.dispatch.compose import Composer
from upheld.dispatch.letters import Letters
from upheld.dispatch.planner import Planner
from upheld.dispatch.routes import SafetyCatch, Ways
from upheld.dispatch.sender import Sender
from upheld.logs import logger
from upheld.plugin import Connection
from upheld.seam import Live


@dataclass(frozen=True, slots=True)
class Configured:
    """A connection as configured: its plugin's class, its own config, and what intake needs."""

    plugin: type[Connection[Any]]
    config: BaseModel
    source: Source


@dataclass(frozen=True, slots=True)
class Parts:
    """All that a daemon is made of."""

    records: Records
    directory: Directory
    connections: Sequence[Configured]
    ways: Ways
    catch: SafetyCatch
    site: str
    zone: str
    folder: Path
    links: Mapping[str, str] = field(default_factory=dict)
    templates: Path | None = None
    public_url: str | None = None
    config_hash: str = ""


def build_daemon(parts: Parts) -> Daemon:
    """The daemon: plugins are constructed (no I/O), nothing runs yet."""
    lives = {each.source.name: _live(parts, each) for each in parts.connections}
    records, ledger, owner = parts.records, parts.records.ledger, _owner()
    letters = Letters(
        records, parts.directory, Composer(parts.templates), parts.site, parts.zone, parts.links
    )
    intake = Intake(records, parts.directory)
    return Daemon(
        ledger=ledger,
        clock=records.clock,
        lives=tuple(lives.values()),
        pullers=tuple(
            _puller(lives[each.source.name], each.source, intake, owner)
            for each in parts.connections
        ),
        sweeper=Sweeper(records),
        planner=Planner(
            records, parts.directory, parts.ways, parts.catch, lives, logger(loop="dispatch")
        ),
        sender=Sender(records, letters, lives, owner, logger(loop="dispatch")),
        auditor=Auditor(ledger, tuple(lives.values()), logger(loop="audit")),
        log=logger(),
        beat=_beat(parts, owner),
        leave=lambda: ledger.retrying(lambda tx: tx.forget_node(owner)),
    )


def _live(parts: Parts, each: Configured) -> Live:
    name = each.source.name
    folder = parts.folder / "connections" / name
    folder.mkdir(parents=True, exist_ok=True)
    context = ConnectionContext(
        name=name,
        site=parts.site,
        public_url=parts.public_url,
        folder=folder,
        log=logger(connection=name),
        vault=Vault(parts.records.ledger, name),
        clock=parts.records.clock,
    )
    return Live(name, each.plugin(each.config, context))


def _puller(live: Live, source: Source, intake: Intake, owner: str) -> Puller:
    log = logger(connection=source.name)
    return Puller(live, source, intake.records.ledger, intake, owner, log)


def _owner() -> str:
    """Who holds a lease: unique among daemons, readable for people."""
    return f"{socket.gethostname()}:{os.getpid()}:{os.urandom(3).hex()}"


def _beat(parts: Parts, owner: str) -> Callable[[], None]:
    ledger = parts.records.ledger

    def beat() -> None:
        ledger.retrying(lambda tx: tx.beat(owner, version=__version__, config=parts.config_hash))

    return beat
