"""``upheld oncall handover``: the open Severity 1 that go from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.case_lines import COLUMNS, as_object, row
from upheld.cli.output import print_json, say, table

if TYPE_CHECKING:
    from upheld.daemon.site import Site
    from upheld.ledger import ListedCase


@click.command()
@click.argument("rotation")
@click.option("--take", is_flag=True, help="Assign them to whoever is on duty now.")
@in_the_name
@for_machines
@pass_app
def handover(app: App, *, rotation: str, take: bool) -> None:
    """The open Severity 1 of ROTATION that are not with whoever is on duty now.

    A case that is assigned to a person stays with them until it is handed over: `--take` does that, by
    name, so that it stays there when the turn is over.
    """
    with app.acting() as (site, actor):
        holder, found = _to_hand_over(site, rotation)
        if take:
            for case in found:
                site.verbs.assign(case.id, actor, holder)
        zone = site.config.zone
    if app.json:
        cases = [as_object(case) for case in found]
        print_json({"rotation": rotation, "to": holder, "taken": take, "cases": cases})
        return
    rows = (row(case, zone) for case in found)
    table(COLUMNS, rows, right=("sev",), empty=f"no open Severity 1 waits for {holder}")
    if found:
        say(f"\n{'Taken by' if take else 'To be handed over to'} {holder}.")


def _to_hand_over(site: Site, rotation: str) -> tuple[str, Sequence[ListedCase]]:
    """Who is on duty, and what waits for them."""
    from upheld.desk.shifts import HandingOver
    from upheld.directory.standing import known
    from upheld.errors import Refusal

    known(site.directory, rotation)
    directory, now = site.directory.settled(), site.clock.now()
    duty = directory.resolve(rotation, at=now)
    if not duty:
        then = "put somebody there: `upheld oncall override`"
        raise Refusal(f"nobody is on duty for {rotation!r}", do_next=then)
    holder = duty[0].id
    with site.ledger.reading() as tx:
        return holder, HandingOver(directory, now).waiting(tx, rotation, holder)
