"""``upheld monitors test``: asks once, now, and changes nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import print_json, say

if TYPE_CHECKING:
    from upheld.case.monitor import Seen
    from upheld.cli.monitor_lines import Standing
    from upheld.daemon.site import Site
    from upheld.ledger import Transaction
    from upheld.monitor.targets import Target


@click.command("test")
@click.argument("name")
@for_machines
@pass_app
def test(app: App, *, name: str) -> None:
    """Ask NAME once, now: what its probe says and how long it took. Nothing of it is kept.

    Exits with 1 unless it is up.
    """
    from upheld.case.monitor import MonitorState
    from upheld.cli.monitor_lines import matching, reading, standings

    with app.site() as site:
        found = matching(site.watched, [name])[0]
        seen = _ask(found, _target(site, found), site)
        with site.ledger.reading() as tx:
            (each,) = standings(site, tx, [found])
            whole = reading(seen) | {"name": found, "asked": each.watched.asked}
            told = whole if app.json else _sentences(tx, each, seen)
    if isinstance(told, str):
        say(told)
    else:
        print_json(told)
    sys.exit(0 if seen.state is MonitorState.UP else 1)


def _target(site: Site, name: str) -> Target:
    """How it is asked; ``Refusal`` where nobody asks it. What is wrong with others is no matter here."""
    from upheld.errors import Refusal
    from upheld.monitor.targets import targets

    watched = site.watched[name]
    if watched.entry.probe is None:
        raise Refusal(
            f"nobody asks {name}: {watched.entry.fed_by} tells of it",
            do_next="see when it was heard of: `upheld monitors show`",
        )
    return targets(site.config, site.registry, {name: watched})[name]


def _ask(name: str, target: Target, site: Site) -> Seen:
    """As the daemon asks it, to the same timeout."""
    import asyncio

    from upheld.logs import logger
    from upheld.monitor.asking import Asking

    asking = Asking(site.config.watching.timeout, logger(loop="test"))
    return asyncio.run(asking.read(name, target, site.clock.now()))


def _sentences(tx: Transaction, each: Standing, seen: Seen) -> str:
    """What it says now, how it stands beside that, and what excuses it."""
    from upheld.cli.monitor_lines import latency, state
    from upheld.desk.windows import covering

    took = f" in {latency(seen.latency)}" if seen.latency is not None else ""
    version = f", version {seen.version}" if seen.version else ""
    lines = [f"{each.name}: {seen.state.value}{took}{version}"]
    lines += [f"  {seen.detail}"] if seen.detail else []
    lines.append(f"  asked: {each.watched.asked}; on record it is {state(each)}")
    window = covering(tx, each.name, seen.at)
    lines += [f"  under maintenance: {window}"] if window else []
    return "\n".join(lines)
