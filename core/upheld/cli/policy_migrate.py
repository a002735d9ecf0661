"""``upheld policy migrate``: open cases to another policy, looked at before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.moves import dues, moved_object, tell_moves
from upheld.cli.output import local, print_json, stamp
from upheld.cli.policy_pages import read_policy

if TYPE_CHECKING:
    from upheld.desk.migration import Clock, Move


@click.command("migrate")
@click.argument("cases", nargs=-1)
@click.option("--to", metavar="POLICY", help="A file or a name; the site's own policy by default.")
@click.option("--open", "every", is_flag=True, help="All open cases of a policy of the same name.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@for_machines
@in_the_name
@pass_app
def migrate_command(
    app: App, *, cases: Sequence[str], to: str | None, every: bool, dry_run: bool
) -> None:
    """Let open CASES be judged by another policy from now on, with its days as they are now.

    Each is shown with its due times before and after, and has it on record. Verdicts that were
    given stand; what the new policy would have wanted earlier wakes nobody.
    """
    from upheld.desk.migration import Migration

    if every == bool(cases):
        raise click.UsageError("Name CASES, or say --open for all that a policy of its name has.")
    with app.acting() as (site, actor):
        named = None if every else tuple(cases)
        migration = Migration(site.records, read_policy(app, to), site.fetch, cases=named)
        with site.ledger.reading() as tx:
            moves = migration.moves(tx)
        if not dry_run:
            moves = migration.apply(actor)
        zone = site.config.zone
    if app.json:
        print_json({"dry_run": dry_run, "cases": [_plain(move) for move in moves]})
    else:
        _tell(moves, zone, dry_run=dry_run)


def _plain(move: Move) -> dict[str, object]:
    return moved_object(move) | {
        "clocks": [
            {
                "clause": clock.clause,
                "target": clock.target,
                "due_before": stamp(clock.due_before),
                "due_after": stamp(clock.due_after),
            }
            for clock in move.clocks
        ],
    }


def _tell(moves: list[Move], zone: str, *, dry_run: bool) -> None:
    rows = []
    for move in moves:
        rows.append((move.case, move.number, "next", *dues(move, zone), move.title))
        rows += [(move.case, move.number, *_clock(clock, zone), "") for clock in move.clocks]
    columns = ("case", "number", "what", "due", "due then", "title")
    tell_moves(columns, rows, moves, dry_run=dry_run)


def _clock(clock: Clock, zone: str) -> tuple[str, str, str]:
    what = f"{clock.clause} {clock.target.replace('_', ' ')}"
    return what, local(clock.due_before, zone), local(clock.due_after, zone)
