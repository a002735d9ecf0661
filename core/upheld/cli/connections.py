"""``upheld connections``: what the far ends are made of; ``upheld PLUGIN describe``, for short."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import print_json, table
from upheld.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upheld.seam import Live

_WHAT: Final = click.argument("what")


@click.group()
def connections() -> None:
    """See what the far end of a connection is made of."""


@connections.command()
@click.argument("connection")
@_WHAT
@for_machines
@pass_app
def describe(app: App, *, connection: str, what: str) -> None:
    """Ask the far end what something of it is made of, such as the fields of a form. Changes nothing."""
    _show(app, what, name=connection)


def of_a_plugin(name: str) -> click.Command | None:
    """``upheld NAME describe WHAT`` for a plugin that can describe something; None for any other."""
    from upheld.plugin import Connection
    from upheld.registry import Registry, installed

    found = installed()
    if name not in found:
        return None
    plugin = Registry.load([name]).plugin(name)
    if not issubclass(plugin, Connection) or plugin.describe is Connection.describe:
        return None

    @click.command("describe", help=describe.help)
    @_WHAT
    @for_machines
    @pass_app
    def described(app: App, *, what: str) -> None:
        _show(app, what, plugin=name)

    return click.Group(name, [described], help=f"See what the far end of {name} is made of.")


def _show(app: App, what: str, *, name: str | None = None, plugin: str | None = None) -> None:
    from upheld.daemon.syncing import at_hand

    with app.site() as site, at_hand(site) as daemon:
        kinds = {each.source.name: each.source.plugin for each in site.connections}
        meant = [live for live in daemon.lives if name in {None, live.name}]
        found = [live for live in meant if plugin in {None, kinds.get(live.name)}]
        rows = _rows(_one(found, name or f"of the plugin {plugin}", kinds), what)
    if app.json:
        print_json(rows)
    else:
        columns = tuple(rows[0]) if rows else ()
        table(columns, [list(row.values()) for row in rows], empty="it has nothing")


def _one(found: list[Live], wanted: str, known: Mapping[str, str]) -> Live:
    if len(found) == 1:
        return found[0]
    what = f"there is no connection {wanted}" if not found else f"there are several {wanted}"
    raise NotFound(
        what, do_next=f"upheld connections describe NAME WHAT; there is: {', '.join(known)}"
    )


def _rows(live: Live, what: str) -> list[dict[str, str]]:
    found = live.call(partial(_described, live, what))
    return [{name: live.told(text) for name, text in row.items()} for row in found]


def _described(live: Live, what: str) -> list[Mapping[str, str]]:
    return list(live.plugin.describe(what))
