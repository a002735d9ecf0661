"""Everything that runs, put together in one readable place."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretStr

from upheld import __version__
from upheld.calendar.instant import Span
from upheld.clock import Clock
from upheld.config.monitors import WatchingEntry
from upheld.context import ConnectionContext, Vault
from upheld.daemon.alarm import Alarm
from upheld.daemon.auditor import Auditor, Other, free_on
from upheld.daemon.findings import sightless, unlooked
from upheld.daemon.heartbeat import Heartbeat
from upheld.daemon.hostclock import HostClock
from upheld.daemon.look import Look
from upheld.daemon.loops import Daemon
from upheld.daemon.pulls import Puller, suspicious
from upheld.daemon.pulse import Pulse
from upheld.daemon.sweep import Sweeper
from upheld.daemon.witness import Witness
from upheld.desk.intake import Intake, Source
from upheld.desk.records import Records
from upheld.desk.shifts import Shifts
from upheld.directory import Directory
from upheld.dispatch.brake import Brake
from upheld.dispatch.compose import Composer
from upheld.dispatch.failover import Patience
from upheld.dispatch.fields import Fields
from upheld.dispatch.letters import Letters
from upheld.dispatch.offers import Solutions
from upheld.dispatch.planner import Planner
from upheld.dispatch.reaching import Reaching
from upheld.dispatch.routes import SafetyCatch, Ways
from upheld.dispatch.sender import Sender
from upheld.ledger import Ledger
from upheld.logs import logger
from upheld.monitor.feeds import Feeds
from upheld.monitor.hearing import Hearing
from upheld.monitor.landing import Landing
from upheld.monitor.probing import Prober
from upheld.monitor.targets import Target
from upheld.monitor.watchlist import Watched
from upheld.plugin import Ability, Channel, Connection, Tracker
from upheld.seam import Live
from upheld.sync.colleagues import Colleagues
from upheld.sync.pusher import Pusher
from upheld.sync.terms import Tracking
from upheld.sync.tracked import Tracked
from upheld.sync.trackers import Trackers


@dataclass(frozen=True, slots=True)
class Configured:
    """A connection as configured: its plugin's class, its own config, and what intake needs."""

    plugin: type[Connection[Any]]
    config: BaseModel
    source: Source

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it can do as it is configured."""
        return self.plugin.abilities_with(self.config)


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
    solutions: Solutions = field(default_factory=dict)
    templates: Path | None = None
    public_url: str | None = None
    config_hash: str = ""
    brake: Brake = field(default_factory=Brake)
    patience: Patience = field(default_factory=Patience)
    then: str | None = None
    bundle: Span = 0
    own_ways: Mapping[str, Ways] = field(default_factory=dict)
    ping: SecretStr | None = None
    witness: Sequence[str] = ()
    trackings: Mapping[str, Tracking] = field(default_factory=dict)
    watched: Mapping[str, Watched] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    watching: WatchingEntry = field(default_factory=WatchingEntry)


def cases_to(connections: Sequence[Configured]) -> str | None:
    """The tracker on which a case is opened that no connection brings: where mail opens its cases; else the
    only one there is."""
    meant = {each.source.cases_to for each in connections if each.source.cases_to}
    trackers = {each.source.name for each in connections if issubclass(each.plugin, Tracker)}
    found = meant or trackers
    return found.pop() if len(found) == 1 else None


def build_daemon(parts: Parts) -> Daemon:
    """The daemon: plugins are constructed (no I/O), nothing runs yet."""
    lives = {each.source.name: _live(parts, each) for each in parts.connections}
    hostclock = HostClock.of(parts.records.clock)
    records = _records(parts, hostclock)
    ledger, owner = records.ledger, _owner()
    letters = Letters(
        records,
        parts.directory,
        Composer(parts.templates),
        parts.site,
        parts.zone,
        parts.links,
        parts.solutions,
    )
    cases = Tracked(records, parts.directory, parts.trackings)
    colleagues = Colleagues(records, parts.directory)
    landing = Landing(records, parts.watched)
    intake = Intake(records, parts.directory, cases, colleagues, readings=Feeds(landing))
    trackers = _trackers(parts, lives)
    fields = Fields(intake, trackers, _sources(parts))
    planner = _planner(parts, records, lives)
    witness = _witness(parts, lives)
    pullers = tuple(
        _puller(lives[each.source.name], each.source, intake, owner) for each in parts.connections
    )
    reaching = Reaching(planner, parts.patience, parts.then)
    prober = _prober(parts, landing, lives, owner)
    others = (
        witness.found,
        partial(suspicious, pullers),
        partial(unlooked, reaching),
        partial(sightless, prober),
    )
    auditor = _auditor(parts, tuple(lives.values()), owner, hostclock, others)
    return Daemon(
        ledger=ledger,
        clock=records.clock,
        lives=tuple(lives.values()),
        pullers=pullers,
        sweeper=Sweeper(
            records,
            Look(intake, _sources(parts), lives),
            Shifts(records, parts.directory),
        ),
        pusher=Pusher(records, trackers, logger(loop="dispatch")),
        planner=planner,
        sender=Sender(records, letters, lives, owner, logger(loop="dispatch"), fields),
        reaching=reaching,
        prober=prober,
        auditor=auditor,
        alarm=_alarm(parts, lives, owner),
        heartbeat=Heartbeat(parts.ping, logger(loop="alarm")),
        witness=witness,
        pulse=auditor.pulse,
        hostclock=hostclock,
        config=parts.config_hash,
        log=logger(),
        beat=_beat(parts, owner),
        news=ledger.bell(),
        leave=lambda: ledger.retrying(lambda tx: tx.forget_node(owner)),
    )


def _planner(parts: Parts, records: Records, lives: Mapping[str, Live]) -> Planner:
    return Planner(
        records,
        parts.directory,
        parts.ways,
        parts.catch,
        lives,
        logger(loop="dispatch"),
        parts.brake,
        parts.own_ways,
        parts.bundle,
    )


def _prober(parts: Parts, landing: Landing, lives: Mapping[str, Live], owner: str) -> Prober:
    records = landing.records
    held = records.held or (lambda: False)
    hearing = Hearing(records.ledger, records.clock, parts.watched, lives, held)
    log = logger(loop="probe")
    return Prober(landing, parts.targets, parts.watching, hearing, owner, log)


def _sources(parts: Parts) -> Mapping[str, Source]:
    return {each.source.name: each.source for each in parts.connections}


def _trackers(parts: Parts, lives: Mapping[str, Live]) -> Trackers:
    heard = next((way.connection for way in parts.ways.customer), None)
    maps = {name: each.map for name, each in parts.trackings.items() if each.map.rules}
    return Trackers(lives, maps, heard)


def _records(parts: Parts, hostclock: HostClock) -> Records:
    clock = parts.records.clock
    return replace(
        parts.records,
        held=lambda: hostclock.holds(clock.now()),
        cases_to=cases_to(parts.connections),
    )


def _live(parts: Parts, each: Configured) -> Live:
    folder = parts.folder / "connections" / each.source.name
    folder.mkdir(parents=True, exist_ok=True)
    return connected(
        each, folder, parts.records.ledger, parts.records.clock, parts.site, parts.public_url
    )


def connected(
    each: Configured, folder: Path, ledger: Ledger, clock: Clock, site: str, public_url: str | None
) -> Live:
    """A connection at work, with ``folder`` for its own; whoever asked closes it. No I/O."""
    name = each.source.name
    context = ConnectionContext(
        name=name,
        site=site,
        public_url=public_url,
        folder=folder,
        log=logger(connection=name),
        vault=Vault(ledger, name),
        clock=clock,
    )
    return Live(name, each.plugin(each.config, context))


def _witness(parts: Parts, lives: Mapping[str, Live]) -> Witness:
    mail = next((way for way in parts.ways.customer if way.channel is Channel.MAIL), None)
    return Witness(
        parts.records.ledger,
        parts.records.clock,
        parts.witness,
        parts.catch,
        lives.get(mail.connection) if mail else None,
        parts.site,
        ZoneInfo(parts.zone),
        logger(loop="alarm"),
    )


def _auditor(
    parts: Parts, lives: Sequence[Live], owner: str, hostclock: HostClock, others: Sequence[Other]
) -> Auditor:
    clock = parts.records.clock
    return Auditor(
        parts.records.ledger,
        lives,
        logger(loop="audit"),
        owner,
        Pulse(clock),
        hostclock,
        free_on(parts.folder),
        clock.now(),
        others,
    )


def _alarm(parts: Parts, lives: Mapping[str, Live], owner: str) -> Alarm:
    return Alarm(
        parts.records.ledger,
        parts.records.clock,
        parts.directory,
        parts.ways,
        parts.catch,
        lives,
        owner,
        parts.site,
        logger(loop="alarm"),
        parts.own_ways,
    )


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
