"""``upheld db``: the database itself."""

from __future__ import annotations

import click

from upheld.cli.app import App, pass_app
from upheld.cli.output import say


@click.group()
def db() -> None:
    """Create or upgrade the database."""


@db.command()
@pass_app
def upgrade(app: App) -> None:
    """Create the ledger, or bring it to this program's schema.

    What is there is kept in a backup first: of SQLite beside its file, of PostgreSQL in the data folder.
    """
    from upheld.daemon.site import config_at
    from upheld.ledger import Ledger

    config = config_at(app.config)
    config.data_folder.mkdir(parents=True, exist_ok=True)
    url = config.database_url()
    there = Ledger.exists(url)
    on_a_server = not url.startswith("sqlite")
    copy = Ledger.upgrade(url, folder=config.data_folder if on_a_server else None)
    if not there:
        say("A new ledger was made.")
    elif copy is None:
        say("The ledger is up to date.")
    else:
        say(f"The ledger was upgraded; as it was before it is kept in {copy}.")
