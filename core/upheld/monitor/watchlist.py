"""What a site watches: monitors of upheld.yaml and servers of customers, with the clauses they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from upheld.calendar.instant import MINUTE, Span
from upheld.case.monitor import Cadence
from upheld.config import Config
from upheld.config.monitors import MonitorEntry
from upheld.directory.build import WrittenCustomer
from upheld.engine.checks import phase
from upheld.errors import ConfigError, Place
from upheld.policy.model import Clause, Monitor, Policy
from upheld.source import suggest

#: What no clause says how often to look at is looked at so often.
OFTEN: Final[Span] = 5 * MINUTE
#: The kind of what a customer lists as `servers`.
SERVERS: Final = "servers"

Rules: TypeAlias = tuple[tuple[Clause, Monitor], ...]
#: The policies that may speak of a monitor, the one that comes before the others first.
PoliciesOf: TypeAlias = Callable[[MonitorEntry], Sequence[Policy]]


@dataclass(frozen=True, slots=True)
class Watched:
    """One monitor, with the rules that it is watched for; ``policy`` is the version that they are of.

    ``implied``: nobody wrote it as a monitor, it is a customer's server.
    """

    name: str
    entry: MonitorEntry
    rules: Rules
    cadence: Cadence
    policy: str
    place: Place | None = None
    implied: bool = False

    @property
    def asked(self) -> str:
        """What it is, in a line: how it is asked and where, or who tells of it."""
        if self.entry.probe is None:
            return f"heard of by {self.entry.fed_by}"
        options = self.entry.options
        if isinstance(options.get("url"), str):
            return f"{self.entry.probe} {_shown(options['url'])}"
        place = [str(options[key]) for key in ("host", "port", "name") if key in options]
        return " ".join((self.entry.probe, ":".join(place))).strip()


@dataclass(frozen=True, slots=True)
class _Written:
    """A monitor as it is written down."""

    entry: MonitorEntry
    place: Place | None
    implied: bool = False


def watchlist(
    config: Config, policy: Policy, policies_of: PoliciesOf | None = None
) -> Mapping[str, Watched]:
    """Everything that is watched, by name; ``ConfigError`` with all that does not fit.

    The first of the policies that speak of a monitor counts; left out, there is ``policy`` alone. Servers
    of customers are watched where a clause says that servers are.
    """
    written = {each.entry.name: each for each in _written(config)}
    problems = [*_mismatches(config, written), *_circles(written)]
    found: dict[str, Watched] = {}
    for name, each in written.items():
        policies = policies_of(each.entry) if policies_of else (policy,)
        watched = next((w for p in policies if (w := _watched(each, p)) is not None), None)
        if watched is not None:
            found[name] = watched
        elif not each.implied:
            problems.append(_unwatched(each, policies))
    if problems:
        raise ConfigError.several(tuple(problems))
    return found


def probes(config: Config) -> tuple[str, ...]:
    """The plugins that are needed for it."""
    named = (each.entry.probe for each in _written(config))
    return tuple(dict.fromkeys(name for name in named if name is not None))


def backups(watched: Mapping[str, Watched]) -> Mapping[str, tuple[str, ...]]:
    """By name, what stands in for it."""
    found: dict[str, tuple[str, ...]] = {}
    for name, each in watched.items():
        if each.entry.backup_of is not None:
            found[each.entry.backup_of] = (*found.get(each.entry.backup_of, ()), name)
    return found


def cadence(entry: MonitorEntry, rules: Rules) -> Cadence:
    """How it is read: as often as the strictest of its rules says, and counted as the one that asks for
    most says, so that none sees an outage that is not one for it.

    Who tells of something has counted already: one failure is an outage, unless its entry says otherwise.
    """
    every = min((rule.every.span for _, rule in rules if rule.every), default=OFTEN)
    if entry.fed_by is not None:
        silence = None if entry.grace is None else every + entry.grace
        return Cadence(every, entry.requests or 1, silence=silence, asked=False)
    counts = max((rule for _, rule in rules), key=lambda rule: rule.requests)
    spaced = counts.spaced.span if counts.spaced else None
    return Cadence(every, entry.requests or counts.requests, spaced, phase(entry.name, every))


def _watched(written: _Written, policy: Policy) -> Watched | None:
    entry = written.entry
    rules = tuple(
        (clause, rule)
        for clause in policy.clauses
        for rule in clause.rules
        if isinstance(rule, Monitor) and entry.of in rule.of
    )
    if not rules:
        return None
    how = cadence(entry, rules)
    version, place = policy.version, written.place
    return Watched(entry.name, entry, rules, how, version, place, written.implied)


def _shown(url: str) -> str:
    """A URL without what people sign in with, and without what is asked for in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


# --- what is written ----------------------------------------------------------------------------


def _written(config: Config) -> Iterator[_Written]:
    for customer in config.customers:
        yield from _servers(customer)
    for name, entry in config.monitors.items():
        yield _Written(entry, config.document.place("monitors", name))


def _servers(customer: WrittenCustomer) -> Iterator[_Written]:
    """A customer's servers, named by the customer and where they answer."""
    names = _names(customer)
    main = next((names[s.url] for s in customer.entry.servers if not s.backup), None)
    backups = {server.url for server in customer.entry.servers if server.backup}
    for url, name in names.items():
        probe, options = _probe(url)
        entry = MonitorEntry(
            name=name,
            of=SERVERS,
            customer=customer.id,
            probe=probe,
            backup_of=main if url in backups else None,
            options=options,
        )
        yield _Written(entry, customer.place, implied=True)


def _names(customer: WrittenCustomer) -> Mapping[str, str]:
    """By URL: its host, or all that tells it from another at the same host."""
    urls = dict.fromkeys(server.url for server in customer.entry.servers)
    hosts = [urlsplit(_with_scheme(url)).hostname or url for url in urls]
    rest = [url.partition("://")[2].strip("/") or url for url in urls]
    return {
        url: f"{customer.id}/{host if hosts.count(host) == 1 else whole}"
        for url, host, whole in zip(urls, hosts, rest, strict=True)
    }


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"https://{url}"


def _probe(url: str) -> tuple[str, Mapping[str, object]]:
    """The probe that a URL's scheme asks for, and its options."""
    parts = urlsplit(_with_scheme(url))
    if parts.scheme in {"http", "https"}:
        return "http", {"url": _with_scheme(url)}
    port = {"port": parts.port} if parts.port else {}
    return parts.scheme, {"host": parts.hostname or parts.path, **port}


# --- what does not fit --------------------------------------------------------------------------


def _mismatches(config: Config, written: Mapping[str, _Written]) -> Iterator[ConfigError]:
    """Names that lead nowhere."""
    customers = {each.id: each.entry for each in config.customers}
    for name, entry in config.monitors.items():
        known: Mapping[str, tuple[Iterable[str | None], Iterable[str]]] = {
            "customer": ((entry.customer,), customers),
            "provider": ((entry.provider,), config.providers),
            "fed_by": ((entry.fed_by,), config.connections),
            "after": (entry.after, written),
            "backup_of": ((entry.backup_of,), written),
        }
        if entry.customer in customers:
            systems = [each.system for each in customers[entry.customer].systems]
            known = {**known, "system": ((entry.system,), systems)}
        for key, (named, choices) in known.items():
            yield from _unknown(config, name, key, named, choices)


def _unknown(
    config: Config, name: str, key: str, named: Iterable[str | None], choices: Iterable[str]
) -> Iterator[ConfigError]:
    there = set(choices)
    for each in named:
        if each is not None and each not in there:
            yield ConfigError(
                f"monitors.{name}.{key}: {each!r} is not known here",
                where=config.document.place("monitors", name, key),
                do_next=suggest(each, there),
            )


def _circles(written: Mapping[str, _Written]) -> Iterator[ConfigError]:
    """Monitors that lie behind each other in a ring: the first that fails would excuse all of them."""
    order = TopologicalSorter({name: each.entry.after for name, each in written.items()})
    try:
        order.prepare()
    except CycleError as error:
        ring: list[str] = error.args[1]
        yield ConfigError(
            f"monitors.{ring[-1]}.after: {' lies behind '.join(reversed(ring))}: a circle",
            where=written[ring[-1]].place,
            do_next="take one of them out of `after`",
        )


def _unwatched(written: _Written, policies: Sequence[Policy]) -> ConfigError:
    kinds = {
        kind
        for policy in policies
        for clause in policy.clauses
        for rule in clause.rules
        if isinstance(rule, Monitor)
        for kind in rule.of
    }
    name, of = written.entry.name, written.entry.of
    told = " or ".join(policy.name for policy in policies)
    return ConfigError(
        f"monitors.{name}: no clause of {told} watches {of!r}",
        where=written.place,
        do_next=suggest(of, kinds),
    )
