"""``upheld check``: everything that running will need, tried for real."""

from __future__ import annotations

import sys
from typing import Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import print_json, say, table

_COLUMNS: Final = ("", "about", "what", "do next")


@click.command()
@for_machines
@pass_app
def check(app: App) -> None:
    """Read upheld.yaml and the policy, look for everybody who is to be told, try every connection.

    Changes nothing, here or there. Exits with 3 where something would not work.
    """
    from upheld.daemon.checks import check_site
    from upheld.daemon.site import config_at
    from upheld.logs import silence
    from upheld.plugin import Level

    silence()
    found = list(check_site(config_at(app.config)))
    if app.json:
        print_json(
            [
                {"level": f.level.value, "about": f.subject, "what": f.what, "do_next": f.do_next}
                for f in found
            ]
        )
    else:
        table(_COLUMNS, ((f.level.value, f.subject, f.what, f.do_next) for f in found))
    wrong = sum(f.level is Level.ERROR for f in found)
    if not app.json:
        say(f"\n{wrong} would not work." if wrong else "\nEverything would work.")
    sys.exit(3 if wrong else 0)
