"""What ``upheld check`` looks at: the file, the ledger, the policy, the people, the connections."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from upheld.clock import SystemClock
from upheld.config import Config, secret_findings
from upheld.daemon.alone import alone
from upheld.daemon.assembly import Configured
from upheld.daemon.calendar_checks import calendar_findings
from upheld.daemon.coverage import coverage, strangers
from upheld.daemon.customer_checks import desk_findings, system_findings
from upheld.daemon.map_checks import map_findings, one_voice
from upheld.daemon.site import Site
from upheld.daemon.watch_checks import watch_findings
from upheld.dispatch.compose import Composer
from upheld.engine.terms import not_enforced
from upheld.errors import ConfigError, UpheldError
from upheld.ledger import Ledger
from upheld.plugin import Finding, Level, PluginError, Tracker
from upheld.policy import Policy
from upheld.policy.model import Condition, Every, Offers, Verb, When
from upheld.policy.names import SOLUTIONS
from upheld.seam import Live

#: What conditions may ask and nothing answers yet.
_UNANSWERED: Final = frozenset({"warned"})


def check_site(config: Config) -> Iterator[Finding]:
    """All that is right and wrong with a site; a part that can't be looked at is a finding too."""
    yield Finding(Level.OK, "config", f"{config.document.file} is read")
    yield from secret_findings(config)
    with tempfile.TemporaryDirectory(prefix="upheld-check-") as scratch:
        found: list[Finding] = []
        with _ledger(config, Path(scratch), found) as ledger:
            yield from found
            yield from _looked_at(Site(config, ledger, SystemClock()))


@contextmanager
def _ledger(config: Config, scratch: Path, found: list[Finding]) -> Iterator[Ledger]:
    """The site's own ledger; where there is none that can be used, an empty one for the time."""
    try:
        ledger = _opened(config, found)
    except UpheldError as error:
        found.append(Finding(Level.ERROR, "ledger", error.what, error.do_next))
        ledger = None
    if ledger is None:
        url = f"sqlite:///{(scratch / 'empty.db').as_posix()}"
        Ledger.create(url)
        ledger = Ledger.open(url, site=config.site)
    with ledger:
        yield ledger


def _opened(config: Config, found: list[Finding]) -> Ledger | None:
    url = config.database_url()
    if not Ledger.exists(url):
        found.append(Finding(Level.OK, "ledger", "there is none yet; the first run makes it"))
        return None
    ledger = Ledger.open(url, site=config.site)
    if ledger.foreign:
        what = f"it belongs to site {ledger.site.name!r}: nothing will be read or sent"
        found.append(Finding(Level.ERROR, "ledger", what, "use that name, or a new database"))
    else:
        found.append(Finding(Level.OK, "ledger", ledger.url))
    return ledger


def _looked_at(site: Site) -> Iterator[Finding]:
    try:
        policies, agreements = site.policies, site.agreements
    except UpheldError as error:
        yield from _told("policy", error)
    else:
        yield from _policies(site, (*policies, *agreements.values()))
        yield from _never_used(policies)
        yield from desk_findings(site.directory, (*policies, *agreements.values()))
        yield from system_findings(site.directory, site.clock.now())
        yield from calendar_findings(site, (*policies, *agreements.values()))
        yield from _watched(site)
    try:
        connections = site.connections
    except UpheldError as error:
        yield from _told("connections", error)
    else:
        for each in connections:
            yield from _connection(site, each)
    yield _go_live(site)


def _watched(site: Site) -> Iterator[Finding]:
    try:
        yield from watch_findings(site)
    except UpheldError as error:
        yield from _told("monitors", error)


def _policies(site: Site, policies: Sequence[Policy]) -> Iterator[Finding]:
    """What each of them says and needs; what several need is told once."""
    found = [each for policy in policies for each in _policy(site, policy)]
    found += [each for policy in policies for each in _people(site, policy)]
    yield from dict.fromkeys(found)


def _never_used(policies: Sequence[Policy]) -> Iterator[Finding]:
    for policy in policies[1:]:
        if not policy.applies.tests:
            what = (
                f"{policy.name}: no case will be pinned to it, for it does not say which it is for"
            )
            do_next = "add `for: {product: beta}`, or whatever tells its cases apart"
            yield Finding(Level.WARNING, "policy", what, do_next)


def _told(subject: str, error: UpheldError) -> Iterator[Finding]:
    """An error as findings, one for each problem in it."""
    problems = error.problems if isinstance(error, ConfigError) else (error,)
    for each in problems:
        where = f"{each.where}: " if each.where else ""
        yield Finding(Level.ERROR, subject, f"{where}{each.what}", each.do_next)


def _policy(site: Site, policy: Policy) -> Iterator[Finding]:
    what = f"{policy.name}: {len(policy.clauses)} clauses, version {policy.version}"
    yield Finding(Level.OK, "policy", what)
    waiting = sorted(_waiting(policy))
    if waiting:
        what = f"read and published, not enforced by this version: {', '.join(waiting)}"
        yield Finding(Level.WARNING, "policy", what)
    for name in policy.needs.links:
        if name not in site.config.links:
            what = f"the policy points to {name!r}: messages go out without it"
            yield Finding(Level.WARNING, "links", what, f"add `links: {{{name}: https://…}}`")
    if _offers_solutions(policy) and not site.config.solutions:
        what = "the policy offers solutions that are known, and there are none"
        yield Finding(
            Level.WARNING, "solutions", what, "add `solutions:` with title, url and words"
        )
    composer = Composer(site.templates())
    for name in policy.needs.templates:
        if not composer.knows(name):
            do_next = f"write templates/en/{name}.txt beside upheld.yaml"
            yield Finding(Level.ERROR, "templates", f"there is no template {name!r}", do_next)


def _offers_solutions(policy: Policy) -> bool:
    rules = (rule for clause in policy.clauses for rule in clause.rules)
    dos = (do for rule in rules if isinstance(rule, When | Every) for do in rule.do)
    return any(do.verb is Verb.OFFER and SOLUTIONS in do.keys for do in dos)


def _waiting(policy: Policy) -> set[str]:
    """Clauses that a part of is read and kept, but that nothing enforces yet."""
    lacking = {clause.id for clause, _, _ in not_enforced(policy)}
    for clause in policy.clauses:
        for rule in clause.rules:
            asks = _asks(rule) if isinstance(rule, When | Every) else frozenset()
            if isinstance(rule, Offers) or asks & _UNANSWERED:
                lacking.add(clause.id)
    return lacking


def _asks(rule: When | Every) -> frozenset[str]:
    condition: Condition = rule.when if isinstance(rule, When) else rule.holds
    return frozenset(test.key for test in condition.tests)


def _people(site: Site, policy: Policy) -> Iterator[Finding]:
    try:
        ways, own_ways = site.ways(), site.own_ways()
        plugins = {each.source.name: each.source.plugin for each in site.connections}
    except UpheldError:
        return  # told with the connections
    now = site.clock.now()
    yield from coverage(policy, site.directory, ways, plugins, now, own_ways)
    with site.ledger.reading() as tx:
        overrides = tx.overrides(now)
    yield from strangers(overrides, site.directory)


def _connection(site: Site, each: Configured) -> Iterator[Finding]:
    with _lent(site.config.data_folder / "connections" / each.source.name) as folder:
        yield from _tried_in(site, each, folder)
    yield from one_voice(site, each)


@contextmanager
def _lent(folder: Path) -> Iterator[Path]:
    """A folder as the daemon would make it; what was not there before is not there afterwards."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        for each in made:
            with suppress(OSError):  # somebody has put something in
                each.rmdir()


def _tried_in(site: Site, each: Configured, folder: Path) -> Iterator[Finding]:
    name = each.source.name
    with alone(site, each, folder) as live:
        try:
            yield from live.call(partial(_tried, live))
            plugin = live.plugin
            if isinstance(plugin, Tracker) and site.config.mapped(name).map:
                yield from map_findings(site, each, live.call(plugin.schema))
        except PluginError as error:
            yield Finding(Level.ERROR, name, error.what, error.do_next)


def _tried(live: Live) -> list[Finding]:
    found = live.plugin.check()
    return [replace(f, what=live.told(f.what), do_next=live.told(f.do_next)) for f in found]


def _go_live(site: Site) -> Finding:
    go_live = site.config.go_live
    if go_live.mode == "shadow":
        what = "shadow: nothing leaves; what would have gone out is kept as a list"
        return Finding(Level.OK, "go_live", what)
    if go_live.mode == "redirect":
        return Finding(Level.OK, "go_live", f"redirect: everything goes to {go_live.redirect}")
    if not go_live.live_for:
        what = "live, but for nobody: nothing leaves"
        return Finding(Level.WARNING, "go_live", what, "say for whom: `live_for: [all]`")
    return Finding(Level.OK, "go_live", f"live for {', '.join(go_live.live_for)}")
