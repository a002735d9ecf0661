"""What ``upheld check`` says of monitors: what is watched, and what can't be as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from upheld.daemon.site import Site
from upheld.plugin import Finding, Level

_SUBJECT: Final = "monitors"


def watch_findings(site: Site) -> Iterator[Finding]:
    """How much is watched; ``ConfigError`` with all that is wrong with it."""
    watched, asked = site.watched, site.targets
    if watched:
        what = f"{len(watched)} watched, {len(asked)} of them asked by us"
        yield Finding(Level.OK, _SUBJECT, what)
    servers = {each.id for each in site.config.customers if each.entry.servers}
    for customer in sorted(servers - {each.entry.customer for each in watched.values()}):
        what = f"{customer} has servers, and no clause says that servers are watched"
        yield Finding(Level.WARNING, _SUBJECT, what, "add a clause with `monitor: {of: servers}`")
    if asked and not site.config.watching.link:
        what = "nothing tells an outage of our own line from one of all servers"
        do_next = "name what answers while it works: `watching: {link: [192.0.2.1:443]}`"
        yield Finding(Level.WARNING, _SUBJECT, what, do_next)
