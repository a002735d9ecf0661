"""``upheld links``: which items of trackers the cases are."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import json_rows, local, print_json, say, table
from upheld.errors import ConfigError, UpheldError

if TYPE_CHECKING:
    from upheld.case.events import Actor
    from upheld.daemon.loops import Daemon
    from upheld.daemon.site import Site

_COLUMNS: Final = ("case", "connection", "key", "id", "since", "state", "url")
_PAIRS: Final = ("case", "connection", "key", "result")


@click.group()
def links() -> None:
    """See, make and undo links between cases and items."""


@links.command("list")
@click.option("--case", help="Only those of this case.")
@click.option("--connection", help="Only those on this connection.")
@for_machines
@pass_app
def list_(app: App, *, case: str | None, connection: str | None) -> None:
    """Which item each case is, and since when."""
    with app.site() as site, site.ledger.reading() as tx:
        zone = site.config.zone
        of_case = tx.links(tx.find(case)) if case else tx.all_links()
        found = [each for each in of_case if connection in {None, each.connection}]
    rows = [
        (
            each.subject,
            each.connection,
            each.key,
            each.remote_id,
            local(each.since, zone) if each.since else "",
            "gone" if each.is_gone else "linked",
            each.url or "",
        )
        for each in found
    ]
    if app.json:
        print_json(json_rows(_COLUMNS, rows))
    else:
        table(_COLUMNS, rows, empty="no case is linked to an item")


@links.command()
@click.argument("case", required=False)
@click.argument("connection", required=False)
@click.argument("key", required=False)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Many at once: a CSV with the columns case, connection and key.",
)
@in_the_name
@for_machines
@pass_app
def connect(
    app: App, *, case: str | None, connection: str | None, key: str | None, file: Path | None
) -> None:
    """Link CASE to the item KEY of CONNECTION, where both are there; nothing is doubled by it.

    With --file the others go on where one can't be linked; it exits with 1 then.
    """
    from upheld.daemon.syncing import at_hand

    if (file is None) == (key is None) or (file is not None and case is not None):
        raise click.UsageError("Name CASE, CONNECTION and KEY, or give --file.")
    pairs = _pairs(file) if file is not None else [(str(case), str(connection), str(key))]
    with app.acting() as (site, actor), at_hand(site) as daemon:
        if file is None:
            rows = [(*pairs[0], _connect(site, daemon, actor, *pairs[0]))]
        else:
            rows = [(*each, _tried(site, daemon, actor, *each)) for each in pairs]
    _show(app, rows)
    sys.exit(1 if any(not row[3].startswith("linked") for row in rows) else 0)


@links.command()
@click.argument("case")
@click.argument("connection")
@click.option("--reason", required=True, help="Why; it stays on record.")
@in_the_name
@for_machines
@pass_app
def unlink(app: App, *, case: str, connection: str, reason: str) -> None:
    """Part CASE from its item on CONNECTION; both stay as they are, and the item opens no case anew."""
    from upheld.daemon.syncing import at_hand
    from upheld.sync.connecting import part

    with app.acting() as (site, actor), at_hand(site) as daemon:
        intake = daemon.pullers[0].intake
        link = site.ledger.retrying(
            lambda tx: part(tx, intake, tx.find(case), connection, reason, actor)
        )
    if app.json:
        print_json({"unlinked": link.key, "case": link.subject, "connection": connection})
    else:
        say(f"{link.subject} is no longer {link.key} on {connection}; both stay as they are.")


def _pairs(file: Path) -> list[tuple[str, str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = {"case", "connection", "key"} - set(reader.fieldnames or ())
        if missing:
            raise ConfigError(
                f"{file.name} has no column {', '.join(sorted(missing))}",
                do_next="its first line is `case,connection,key`",
            )
        return [(row["case"] or "", row["connection"] or "", row["key"] or "") for row in reader]


def _tried(site: Site, daemon: Daemon, actor: Actor, case: str, connection: str, key: str) -> str:
    try:
        return _connect(site, daemon, actor, case, connection, key)
    except UpheldError as error:
        return error.what


def _connect(site: Site, daemon: Daemon, actor: Actor, case: str, connection: str, key: str) -> str:
    from upheld.daemon.syncing import item_called, trackers
    from upheld.sync.connecting import connect as link_up

    (puller,) = trackers(daemon, [connection])
    item = item_called(puller, key)
    link = site.ledger.retrying(
        lambda tx: link_up(tx, puller.intake, puller.source, tx.find(case), item, actor)
    )
    return f"linked to {link.key}"


def _show(app: App, rows: list[tuple[str, str, str, str]]) -> None:
    if app.json:
        print_json(json_rows(_PAIRS, rows))
    else:
        table(_PAIRS, rows, empty="the file names nothing")
