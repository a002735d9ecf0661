"""``upheld sync``: how the trackers stand, what would be written, and reading and writing by hand."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import json_rows, local, print_json, say, stamp, table
from upheld.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upheld.daemon.loops import Daemon
    from upheld.daemon.site import Site
    from upheld.ledger import PullStatus, Transaction
    from upheld.sync.plan import Planned

_NAMES: Final = click.argument("connections", nargs=-1)
_NAME: Final = click.argument("connection")
_STATUS: Final = (
    "connection",
    "links",
    "gone",
    "conflicts",
    "to write",
    "dead",
    "read",
    "in full",
    "paused",
)
_TIMES: Final = ("read", "in full", "paused")
_PLAN: Final = ("case", "connection", "what", "field", "there", "here")
_UNKNOWN: Final = ("connection", "what", "who", "items")
_WIDE: Final = 60


@click.group()
def sync() -> None:
    """See and steer how cases and the items of trackers are kept in step."""


@sync.command()
@for_machines
@pass_app
def status(app: App) -> None:
    """How each tracker stands: links, conflicts, what is to be written, when it was read."""
    from upheld.daemon.syncing import at_hand

    with app.site() as site, at_hand(site) as daemon, site.ledger.reading() as tx:
        found = list(_standing(daemon, tx))
        zone = site.config.zone
    if app.json:
        print_json([_object(row) for row in found])
        return
    rows = [[local(row[n], zone) if n in _TIMES else row[n] for n in _STATUS] for row in found]
    table(_STATUS, rows, empty="no tracker is configured")


@sync.command()
@_NAMES
@for_machines
@pass_app
def plan(app: App, *, connections: tuple[str, ...]) -> None:
    """All that would be written now, and whom on the trackers nobody knows; writes nothing."""
    from upheld.daemon.syncing import at_hand, trackers
    from upheld.plugin import PluginError
    from upheld.sync.plan import Plan
    from upheld.sync.unmatched import unmatched

    with app.site() as site, at_hand(site) as daemon:
        names = [each.source.name for each in trackers(daemon, connections)]
        for name in names:
            try:
                daemon.pusher.trackers.schema(daemon.pusher.trackers.lives[name])
            except PluginError as error:
                say(f"{name} can't be asked what its items look like: {error}")
        with site.ledger.reading() as tx:
            found = [each for each in Plan(daemon.pusher, tx).writes() if each.connection in names]
            unknown = {name: unmatched(tx, name, site.directory) for name in names}
    rows = [
        (name, what, who, many)
        for name, each in unknown.items()
        for what, people in (("customer", each.customers), ("person", each.people))
        for who, many in people.most_common()
    ]
    if app.json:
        nobody = json_rows(_UNKNOWN, rows)
        print_json({"writes": [asdict(each) for each in found], "unmatched": nobody})
        return
    table(_PLAN, map(_row, found), empty="nothing is to be written")
    say()
    table(_UNKNOWN, rows, right=("items",), empty="everybody on the trackers is known")


@sync.command()
@_NAMES
@for_machines
@pass_app
def once(app: App, *, connections: tuple[str, ...]) -> None:
    """Read the trackers and write to them, now; exits with 1 where one can't be read."""
    from upheld.daemon.syncing import at_hand
    from upheld.daemon.syncing import once as run

    with app.site() as site, at_hand(site) as daemon:
        found = run(daemon, connections)
    if app.json:
        print_json(asdict(found))
    else:
        say(f"{found.news} items with news; {found.sent} sendings taken in hand.")
        for name, why in found.broken.items():
            say(f"{name}: {why}")
    sys.exit(1 if found.broken else 0)


@sync.command()
@_NAMES
@for_machines
@pass_app
def reconcile(app: App, *, connections: tuple[str, ...]) -> None:
    """Read the trackers from the beginning; exits with 1 where what one lists can't be trusted."""
    from upheld.daemon.syncing import at_hand
    from upheld.daemon.syncing import reconcile as run

    with app.site() as site, at_hand(site) as daemon:
        found = run(daemon, connections)
    wrong = [name for name, each in found.items() if each.suspicious]
    if app.json:
        print_json({name: asdict(each) for name, each in found.items()})
    else:
        columns = ("connection", "listed", "news", "fetched", "missing", "suspicious")
        rows = [(n, t.listed, t.news, t.fetched, t.missing, t.suspicious) for n, t in found.items()]
        table(columns, rows, empty="no tracker is configured")
    sys.exit(1 if wrong else 0)


@sync.command()
@_NAME
@in_the_name
@for_machines
@pass_app
def pause(app: App, *, connection: str) -> None:
    """Neither read nor write CONNECTION until it is resumed; what is to be written waits."""
    with app.acting() as (site, actor):
        now = _known(site, connection)
        site.ledger.retrying(lambda tx: _pause(tx, connection, now))
    _told(app, "paused", connection, actor.id)


@sync.command()
@_NAME
@in_the_name
@for_machines
@pass_app
def resume(app: App, *, connection: str) -> None:
    """Read and write CONNECTION again."""
    with app.acting() as (site, actor):
        now = _known(site, connection)
        site.ledger.retrying(lambda tx: _resume(tx, connection, now))
    _told(app, "resumed", connection, actor.id)


def _known(site: Site, connection: str) -> int:
    from upheld.errors import NotFound
    from upheld.source import suggest

    names = site.config.connections
    if connection not in names:
        raise NotFound(f"there is no connection {connection!r}", do_next=suggest(connection, names))
    return site.clock.now()


def _pause(tx: Transaction, connection: str, now: int) -> None:
    from upheld.ledger.scopes import paused

    if tx.since(paused(connection)) is not None:
        raise Refusal(f"{connection} is paused already", do_next="see `upheld sync status`")
    tx.begin_scope(paused(connection), now)


def _resume(tx: Transaction, connection: str, now: int) -> None:
    from upheld.ledger.scopes import paused

    if tx.since(paused(connection)) is None:
        raise Refusal(f"{connection} is not paused", do_next="see `upheld sync status`")
    tx.end_scope(paused(connection), now)


def _told(app: App, what: str, connection: str, by: str) -> None:
    if app.json:
        print_json({what: connection, "by": by})
    else:
        say(f"{connection} is {what}.")


def _standing(daemon: Daemon, tx: Transaction) -> Iterator[dict[str, Any]]:
    from upheld.daemon.syncing import trackers
    from upheld.ledger import UNFINISHED, DeliveryState
    from upheld.ledger.scopes import paused

    pulls: dict[str, PullStatus] = {each.connection: each for each in tx.pulls()}
    waiting = tx.deliveries(states=UNFINISHED, limit=1_000_000)
    dead = tx.deliveries(states=(DeliveryState.DEAD,), limit=1_000_000)
    conflicts = tx.conflicts(unresolved=True, limit=1_000_000)
    for puller in trackers(daemon):
        name = puller.source.name
        read, (linked, gone) = pulls.get(name), tx.count_links(name)
        yield {
            "connection": name,
            "links": linked,
            "gone": gone,
            "conflicts": sum(each.connection == name for each in conflicts),
            "to write": sum(each.connection == name for each in waiting),
            "dead": sum(each.connection == name for each in dead),
            "read": read.as_of if read else None,
            "in full": read.reconciled if read else None,
            "paused": tx.since(paused(name)),
        }


def _object(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name.replace(" ", "_"): stamp(value) if name in _TIMES else value
        for name, value in row.items()
    }


def _row(each: Planned) -> tuple[object, ...]:
    after = " ".join(str(each.after).split())
    short = after if len(after) <= _WIDE else f"{after[: _WIDE - 1]}…"
    return each.case, each.connection, each.what, each.name, each.before, short
