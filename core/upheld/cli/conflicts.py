"""``upheld conflicts``: fields that both sides changed, and who won."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import local, print_json, say, stamp, table

if TYPE_CHECKING:
    from upheld.ledger import FieldConflict

_COLUMNS: Final = (
    "number",
    "case",
    "connection",
    "field",
    "was",
    "here",
    "there",
    "rule",
    "stands",
    "at",
)


@click.group()
def conflicts() -> None:
    """See what both sides changed, and say whose value stands."""


@conflicts.command("list")
@click.option("--case", help="Only those of this case.")
@click.option(
    "--open", "unresolved", is_flag=True, help="Only those that wait for somebody to decide."
)
@for_machines
@pass_app
def list_(app: App, *, case: str | None, unresolved: bool) -> None:
    """The journal of conflicts, newest first."""
    with app.site() as site, site.ledger.reading() as tx:
        which = tx.find(case) if case else None
        found = tx.conflicts(subject=which, unresolved=unresolved)
        zone = site.config.zone
    if app.json:
        print_json([_object(each) for each in found])
    else:
        table(_COLUMNS, [_row(each, zone) for each in found], empty="no such conflict")


@conflicts.command()
@click.argument("number", type=int)
@click.option(
    "--take",
    type=click.Choice(["ours", "theirs"]),
    required=True,
    help="Whose value stands: the case's here, or the item's there.",
)
@in_the_name
@for_machines
@pass_app
def resolve(app: App, *, number: int, take: str) -> None:
    """Decide conflict NUMBER; the value that stands is written, or taken in, the next time."""
    from upheld.sync.connecting import decide

    with app.acting() as (site, actor):
        now = site.clock.now()
        found = site.ledger.retrying(lambda tx: decide(tx, number, take, actor, now))
    if app.json:
        print_json(_object(found))
    else:
        value = found.ours if take == "ours" else found.theirs
        say(f"{found.field} of {found.subject}: {value} stands.")


def _row(each: FieldConflict, zone: str) -> tuple[object, ...]:
    values = (each.base, each.ours, each.theirs)
    stands, at = each.winner or "open", local(each.at, zone)
    return each.number, each.subject, each.connection, each.field, *values, each.rule, stands, at


def _object(each: FieldConflict) -> dict[str, object]:
    import json

    return {
        "number": each.number,
        "case": each.subject,
        "connection": each.connection,
        "field": each.field,
        "base": json.loads(each.base) if each.base is not None else None,
        "ours": json.loads(each.ours),
        "theirs": json.loads(each.theirs),
        "rule": each.rule,
        "winner": each.winner,
        "at": stamp(each.at),
        "resolved": stamp(each.resolved),
        "resolved_by": each.resolved_by,
    }
