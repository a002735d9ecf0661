"""A site: everything assembled from upheld.yaml, for the daemon and for every command."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from upheld.calendar.instant import Instant, instant
from upheld.calendar.version import Calendars
from upheld.calendar.wall import zone_named
from upheld.case.events import Actor, Side
from upheld.clock import Clock, SystemClock
from upheld.config import Config, embedded_default, load_config, validate_connection
from upheld.config.plugins import connection_named
from upheld.daemon.assembly import Configured, Parts, build_daemon
from upheld.daemon.observers import Observers
from upheld.daemon.opening import opened
from upheld.daemon.reach import Reach, comes_then, patience
from upheld.desk.book import Book
from upheld.desk.calendars import keep_first, kept_days
from upheld.desk.feeds import Fetch, fetching
from upheld.desk.intake import Source
from upheld.desk.records import Records
from upheld.desk.scope import Scopes, scopes
from upheld.desk.shifts import Shifts
from upheld.desk.verbs import Verbs
from upheld.directory import Directory, Override, Recipient
from upheld.dispatch.brake import Brake
from upheld.dispatch.routes import Mode, SafetyCatch, Ways
from upheld.errors import ConfigError, Refusal
from upheld.ledger import Ledger, Transaction
from upheld.logs import logger
from upheld.monitor.registration import register
from upheld.monitor.targets import Target, targets
from upheld.monitor.watchlist import Watched, probes, watchlist
from upheld.plugin import Ability, Notifier
from upheld.policy import Policy, load_policy, load_shipped, shipped
from upheld.registry import Registry
from upheld.source import parse, read, suggest
from upheld.sync.terms import trackings

if TYPE_CHECKING:
    from datetime import date

    from pydantic import SecretStr

    from upheld.config.monitors import MonitorEntry
    from upheld.daemon.loops import Daemon

CONFIG_VARIABLE: Final = "UPHELD_CONFIG"
ACTOR_VARIABLE: Final = "UPHELD_ACTOR"


def find_config(path: Path | None) -> Path | None:
    """The file to read: as given, $UPHELD_CONFIG, ./upheld.yaml; None where there is none."""
    if path is not None:
        return path
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    here = Path("upheld.yaml")
    return here if here.exists() else None


def config_at(path: Path | None) -> Config:
    """The config of the file that ``find_config`` finds, or the embedded default."""
    found = find_config(path)
    return load_config(found) if found else embedded_default(_data_folder())


@dataclass
class Site:
    """Config, ledger, policies, directory; plugins are loaded when they are needed."""

    config: Config
    ledger: Ledger
    clock: Clock
    _observers: Observers | None = field(default=None, init=False, repr=False)

    @classmethod
    def open(
        cls, path: Path | None = None, *, clock: Clock | None = None, create: bool = True
    ) -> Site:
        """From a file, or from none on the embedded default. ``create``: make a new ledger where
        there is none; an old one is never upgraded by itself."""
        return cls.of(config_at(path), clock=clock, create=create)

    @classmethod
    def of(cls, config: Config, *, clock: Clock | None = None, create: bool = True) -> Site:
        """From a config that was read."""
        if create:
            config.data_folder.mkdir(parents=True, exist_ok=True)
        ledger, new = opened(config, create=create)
        site = cls(config, ledger, clock or SystemClock())
        if new:  # nothing was owed before: what is live is so from the very first case
            ledger.retrying(lambda tx: site.scopes.keep(tx, site.clock.now()))
        return site

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the ledger, once observers have seen what they have to."""
        if self._observers is not None:
            self.ledger.on_commit = None
            self._observers.close()
        self.ledger.close()

    @cached_property
    def directory(self) -> Directory:
        """Customers and people; who is on duty is asked of the ledger too, at every question."""
        return self.config.directory().overridden(self._overrides)

    @cached_property
    def policy(self) -> Policy:
        """The policy for new cases that no other is for: the first that is configured."""
        return self.policies[0]

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """All policies that run side by side; ``ConfigError`` where two have one name."""
        found = [read_policy(name, self.config.folder) for name in self.config.policy]
        names = [policy.name for policy in found]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(
                f"policy: two of them are called {twice!r}",
                where=self.config.document.place("policy"),
                do_next="give each a name of its own: `policy: …` at the top of the file",
            )
        return tuple(found)

    @cached_property
    def book(self) -> Book:
        """Policies by version; those in force are kept in the ledger, for the cases pinned to them."""
        book = Book(
            self.policy,
            self.directory,
            beside=self.policies[1:],
            agreements=self.agreements,
            kept=self._kept_policy,
            days=self._kept_days,
            scopes=self.scopes,
        )
        for policy in book.current():
            self.ledger.retrying(partial(_keep, policy))
            keep_first(self.ledger, policy, self.fetch, now=self.clock.now())
        return book

    @property
    def fetch(self) -> Fetch:
        """Reads feeds of holidays; paths start at upheld.yaml."""
        return fetching(self.config.folder)

    @cached_property
    def scopes(self) -> Scopes:
        """Since when what go_live names is live; what it names anew is so from now on."""
        go_live = self.config.go_live
        named = scopes(go_live.mode, go_live.live_for, self.config.connections)
        with self.ledger.reading() as tx:
            return Scopes.under(named, tx.scopes(), self.clock.now())

    @cached_property
    def registry(self) -> Registry:
        """The plugins that connections and monitors name; those that observe are shown events from
        here on."""
        connections = (entry.plugin for entry in self.config.connections.values())
        registry = Registry.load((*connections, *probes(self.config)))
        if registry.observers:
            self._observers = Observers(registry, logger(loop="observers"))
            self._observers.start()
            self.ledger.on_commit = self._observers.take
        return registry

    @cached_property
    def watched(self) -> Mapping[str, Watched]:
        """What is watched, by name: by a customer's agreement, else by whichever policy says so first."""
        beside = self.policies[1:]
        return watchlist(self.config, self.policy, lambda entry: (*self._agreed(entry), *beside))

    def _agreed(self, entry: MonitorEntry) -> tuple[Policy, ...]:
        """A customer's own agreement stands for the site's policy."""
        at, customer = self.clock.now(), entry.customer
        known = customer is not None and customer in self.directory.customers
        agreed = self.directory.agreement(customer, at) if known and customer else None
        return (self.agreements[agreed.policy] if agreed else self.policy,)

    @cached_property
    def targets(self) -> Mapping[str, Target]:
        """How each of them is asked."""
        return targets(self.config, self.registry, self.watched)

    @cached_property
    def records(self) -> Records:
        """Facts in, cases out; without the classifiers of plugins."""
        return Records(self.ledger, self.book, self.clock)

    @cached_property
    def verbs(self) -> Verbs:
        """What people can do to a case."""
        return Verbs(self.records)

    @cached_property
    def connections(self) -> tuple[Configured, ...]:
        """Every connection with its plugin's class and checked config; all errors together."""
        found: list[Configured] = []
        problems: list[ConfigError] = []
        for name in self.config.connections:
            try:
                found.append(self._configured(name))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError.several(tuple(problems))
        return tuple(found)

    def daemon(self) -> Daemon:
        """The daemon; plugins are constructed, nothing runs yet. From here on it is on record what is
        live: a command beside a daemon does not change that. What is parked is tried: it may be mended."""
        daemon = build_daemon(self.parts())
        if not self.ledger.foreign:  # a copy watches nothing
            register(self.records, self.watched)
            Shifts(self.records, self.directory).begin()
        now = self.clock.now()
        self.ledger.retrying(lambda tx: self.scopes.keep(tx, now))
        self.ledger.retrying(lambda tx: tx.unpark_all(now=now))
        return daemon

    def parts(self) -> Parts:
        """All that a daemon is made of."""
        return Parts(
            records=Records(self.ledger, self.book, self.clock, self.registry),
            directory=self.directory,
            connections=self.connections,
            ways=self.ways(),
            own_ways=self.own_ways(),
            catch=self._catch(),
            site=self.config.site,
            zone=self.config.zone,
            folder=self.config.data_folder,
            links=self.config.links,
            solutions=self.config.solutions,
            templates=self.templates(),
            public_url=self.config.public_url,
            config_hash=self.config.hash,
            brake=self._brake(),
            patience=patience(self.config.reach),
            then=comes_then(self.config, self.directory),
            bundle=self.config.reach.bundle,
            witness=self.config.witness,
            ping=self._ping(),
            trackings=trackings(self.config, self.directory),
            watched=self.watched,
            targets=self.targets,
            watching=self.config.watching,
        )

    def actor(self, name: str | None) -> Actor:
        """Who acts: named, by $UPHELD_ACTOR, by the system's user, or the only person there is."""
        asked = name or os.environ.get(ACTOR_VARIABLE)
        people = self.directory.people
        if asked is not None:
            by_mail = {person.addresses.get("mail"): person.id for person in people.values()}
            found = asked if asked in people else by_mail.get(asked)
            if found is None:
                raise Refusal(f"there is nobody called {asked!r}", do_next=suggest(asked, people))
            return Actor(found, Side.STAFF)
        user = getpass.getuser()
        if user in people or len(people) == 1:
            return Actor(user if user in people else next(iter(people)), Side.STAFF)
        raise Refusal(
            "who are you?", do_next=f"say --as NAME or set {ACTOR_VARIABLE}: {', '.join(people)}"
        )

    def _overrides(self, at: Instant) -> tuple[Override, ...]:
        with self.ledger.reading() as tx:
            return tx.overrides(at)

    def _kept_policy(self, version: str) -> Policy | None:
        with self.ledger.reading() as tx:
            source = tx.kept_policy(version)
        return load_policy(parse(source, version)) if source is not None else None

    def _kept_days(self, policy: str, calendar: str | None) -> Calendars | None:
        with self.ledger.reading() as tx:
            return kept_days(tx, policy, calendar)

    @cached_property
    def agreements(self) -> Mapping[str, Policy]:
        """The policies of customers that have agreements of their own, by path."""
        paths = {
            agreement.policy
            for customer in self.directory.customers.values()
            for agreement in customer.agreements
        }
        return {path: read_policy(path, self.config.folder) for path in sorted(paths)}

    def _configured(self, name: str) -> Configured:
        entry = self.config.connections[name]
        where = self.config.document.place("connections", name, "plugin")
        plugin = connection_named(self.registry, entry.plugin, where)
        config = validate_connection(entry, plugin.Config, self.config.document, self.config.vault)
        since = self._day(entry.adopt_from) if entry.adopt_from else None
        alike = tuple(n for n, e in self.config.connections.items() if e.plugin == entry.plugin)
        source = Source(name, entry.plugin, since, entry.cases_to, alike, entry.reopen_within)
        return Configured(plugin, config, source)

    def _day(self, day: date) -> int:
        from datetime import datetime, time

        return instant(datetime.combine(day, time(), zone_named(self.config.zone)))

    def _catch(self) -> SafetyCatch:
        go_live = self.config.go_live
        mode = Mode(go_live.mode)
        local = (each.source.name for each in self.connections if Ability.LOCAL in each.abilities)
        return SafetyCatch(
            mode,
            self._redirect(go_live.redirect) if mode is Mode.REDIRECT else None,
            frozenset(go_live.live_for),
            frozenset(local),
        )

    def _brake(self) -> Brake:
        brake = self.config.go_live.brake
        return Brake(brake.pages, brake.customer_messages, (brake.answers, brake.answers_a_day))

    def _ping(self) -> SecretStr | None:
        ping, where = self.config.watch_me.ping, self.config.document.place("watch_me", "ping")
        return self.config.vault.open(ping, where) if ping is not None else None

    def _redirect(self, to: str | None) -> Recipient:
        """Who gets everything. Without somebody it would go to those whom it must not reach."""
        people = self.directory.resolve(to, at=self.clock.now()) if to else ()
        if not people:
            raise ConfigError(
                f"go_live.redirect: nobody is {to!r} just now",
                where=self.config.document.place("go_live", "redirect"),
                do_next="name a person of `people`",
            )
        return people[0]

    def ways(self) -> Ways:
        """How people are reached: as written in ``reach``, else over what can reach them."""
        return self._reach.ways()

    def own_ways(self) -> Mapping[str, Ways]:
        """The same by person, for those who have ways of their own."""
        return self._reach.own_ways()

    @property
    def _reach(self) -> Reach:
        channels = {
            each.source.name: each.plugin.channels
            for each in self.connections
            if issubclass(each.plugin, Notifier)
        }
        return Reach(self.config, channels)

    def templates(self) -> Path | None:
        """The site's own templates, if there are any."""
        folder = self.config.folder / "templates"
        return folder if folder.is_dir() else None


def _keep(policy: Policy, tx: Transaction) -> None:
    tx.keep_policy(policy.version, policy.source)


def read_policy(name: str, folder: Path) -> Policy:
    """A shipped policy by name, or one by path (relative paths start at upheld.yaml)."""
    if name in shipped():
        return load_shipped(name)
    return load_policy(read(folder / name))


def _data_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("upheld", appauthor=False)
