"""``upheld plugins``: what is installed, and whether it loads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import json_rows, print_json, table
from upheld.cli.plugins_new import new
from upheld.cli.plugins_verify import verify

if TYPE_CHECKING:
    from upheld.registry import Installed, Registry

_COLUMNS: Final = ("name", "kind", "can", "from", "problem")


@click.group()
def plugins() -> None:
    """See which plugins there are, how far one can be trusted, and begin one."""


plugins.add_command(new)
plugins.add_command(verify)


@plugins.command("list")
@for_machines
@pass_app
def list_(app: App) -> None:
    """Every installed plugin, what it is, and why it can't be used where it can't."""
    from upheld.registry import Registry, installed

    found = installed()
    rows = list(_rows(found, Registry.load(found)))
    if app.json:
        print_json(json_rows(_COLUMNS, rows))
    else:
        table(_COLUMNS, rows, empty="no plugin is installed")


def _rows(found: dict[str, Installed], registry: Registry) -> Iterator[tuple[str, ...]]:
    from upheld.errors import UpheldError

    for name, plugin in found.items():
        try:
            loaded = registry.plugin(name)
        except UpheldError as error:
            yield name, "", "", plugin.source, str(error)
        else:
            abilities = sorted(getattr(loaded, "abilities", ()))
            yield name, _kind(loaded), ", ".join(abilities), plugin.source, ""


def _kind(loaded: type) -> str:
    from upheld.plugin import Notifier, Probe, Tracker

    kinds: dict[str, type] = {"tracker": Tracker, "notifier": Notifier, "probe": Probe}
    return next((kind for kind, base in kinds.items() if issubclass(loaded, base)), "feed")
