"""``upheld mail``: what came in and belongs to no case. It is kept, so that nothing is lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import clean, local, print_json, say, stamp, table

if TYPE_CHECKING:
    from upheld.ledger import Kept

_COLUMNS: Final = ("number", "when", "from", "title", "fate", "why")


@click.group()
def mail() -> None:
    """See what came in and belongs to no case."""


@mail.group()
def quarantine() -> None:
    """What was refused, and what was referred elsewhere."""


@quarantine.command("list")
@click.option(
    "--fate", type=click.Choice(["refused", "referred"]), help="Only what met with this fate."
)
@for_machines
@pass_app
def list_(app: App, *, fate: str | None) -> None:
    """All that is kept, oldest first."""
    from upheld.ledger import Fate

    with app.site() as site, site.ledger.reading() as tx:
        found = tx.kept(Fate(fate) if fate else None)
        zone = site.config.zone
    if app.json:
        print_json([_object(each) for each in found])
    else:
        table(_COLUMNS, (_row(each, zone) for each in found), empty="nothing is kept")


@quarantine.command()
@click.argument("number", type=int)
@click.option("--raw", is_flag=True, help="The bytes as they came.")
@pass_app
def show(app: App, *, number: int, raw: bool) -> None:
    """One message as it came."""
    with app.site() as site, site.ledger.reading() as tx:
        kept = tx.kept_as(number)
    if raw:
        sys.stdout.buffer.write(kept.raw)
    else:
        say(clean(kept.raw.decode("utf-8", "replace").replace("\r\n", "\n")))


def _row(kept: Kept, zone: str) -> tuple[object, ...]:
    return kept.number, local(kept.at, zone), kept.sender, kept.title, kept.fate.value, kept.reason


def _object(kept: Kept) -> dict[str, object]:
    return {
        "number": kept.number,
        "at": stamp(kept.at),
        "connection": kept.connection,
        "sender": kept.sender,
        "title": kept.title,
        "fate": kept.fate.value,
        "reason": kept.reason,
    }
