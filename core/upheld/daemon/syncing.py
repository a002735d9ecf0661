"""What commands do with trackers, with the same parts as the daemon and beside it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from upheld.daemon.assembly import build_daemon
from upheld.daemon.pulls import Puller
from upheld.daemon.reconcile import Tally
from upheld.errors import NotFound
from upheld.plugin import Gone, Ref, RemoteCase, Tracker

if TYPE_CHECKING:
    from upheld.daemon.loops import Daemon
    from upheld.daemon.site import Site

#: More turns than any tracker needs to come to rest.
_TURNS = 10_000


@dataclass(frozen=True, slots=True)
class Once:
    """How much came in and how much was sent; ``broken`` tells which connections failed, and why."""

    news: int
    sent: int
    broken: dict[str, str]


@contextmanager
def at_hand(site: Site) -> Iterator[Daemon]:
    """The daemon's parts, put together for one command. Nothing runs, and nothing goes live by it."""
    daemon = build_daemon(site.parts())
    try:
        yield daemon
    finally:
        daemon.close()


def trackers(daemon: Daemon, names: Collection[str] = ()) -> tuple[Puller, ...]:
    """The trackers of a site, or those that are named; ``NotFound`` where one is none."""
    found = {p.source.name: p for p in daemon.pullers if isinstance(p.live.plugin, Tracker)}
    for name in names:
        if name not in found:
            known = ", ".join(found) or "none is configured"
            raise NotFound(f"there is no tracker {name!r}", do_next=f"there is: {known}")
    return tuple(each for name, each in found.items() if not names or name in names)


def reader(daemon: Daemon, name: str) -> Puller:
    """What reads this connection; ``NotFound`` where it is configured no more."""
    found = next((each for each in daemon.pullers if each.source.name == name), None)
    if found is None:
        raise NotFound(f"there is no connection {name!r} any more", do_next="see upheld.yaml")
    return found


def once(daemon: Daemon, names: Collection[str]) -> Once:
    """Read these trackers, then write to them what is to be written; nobody is told anything."""
    chosen = trackers(daemon, names)
    news = sum(_till_rest(each) for each in chosen)
    lives = {each.source.name: each.live for each in chosen}
    sender, sent = replace(daemon.sender, lives=lives), 0
    for _ in range(_TURNS):
        looked = daemon.pusher.look() + daemon.planner.plan()
        done = sender.send()
        sent += done
        if looked + done == 0:
            break
    return Once(news, sent, _broken(chosen))


def reconcile(daemon: Daemon, names: Collection[str]) -> dict[str, Tally]:
    """Read these trackers from the beginning; ``PluginError`` where one can't be read now."""
    found = {}
    for each in trackers(daemon, names):
        deque(each.reconciler.steps(), maxlen=0)
        name, now = each.source.name, daemon.clock.now()
        daemon.ledger.retrying(lambda tx, name=name, now=now: tx.reconciled(name, now))  # type: ignore[misc]
        found[name] = each.reconciler.tally
    return found


def item_called(puller: Puller, key: str) -> RemoteCase:
    """The item that people call so; ``NotFound``."""
    plugin = puller.live.plugin
    assert isinstance(plugin, Tracker)
    try:
        return puller.live.call(lambda: plugin.fetch(Ref("", key, key)), reading=True)
    except Gone as error:
        where = puller.source.name
        raise NotFound(f"there is no {key} on {where}", do_next="give its key or its id") from error


def _till_rest(puller: Puller) -> int:
    news = 0
    for _ in range(_TURNS):
        done = puller.pull()
        news += done
        if done == 0:
            break
    return news


def _broken(pullers: Sequence[Puller]) -> dict[str, str]:
    return {each.source.name: each.broken for each in pullers if each.broken is not None}
