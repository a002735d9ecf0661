"""``upheld audit``: whether what is on record is what was written."""

from __future__ import annotations

import sys
from typing import Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import json_rows, print_json, say, table

_COLUMNS: Final = ("case", "event", "what")


@click.group()
def audit() -> None:
    """Verify that nothing on record was changed."""


@audit.command()
@click.argument("case", required=False)
@for_machines
@pass_app
def verify(app: App, *, case: str | None) -> None:
    """Follow the chain of every case (or of CASE) and say what does not hold.

    Exits with 1 where an event was edited, removed, moved or put in.
    """
    with app.site() as site, site.ledger.reading() as tx:
        found = tx.verify(tx.find(case)) if case else tx.verify_all()
    rows = [(fault.subject, fault.seq, fault.what) for fault in found]
    if app.json:
        print_json({"holds": not rows, "faults": json_rows(_COLUMNS, rows)})
    elif rows:
        table(_COLUMNS, rows, right=("event",))
    else:
        say("Every chain holds: nothing on record was changed.")
    sys.exit(1 if rows else 0)
