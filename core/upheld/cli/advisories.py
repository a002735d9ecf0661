"""``upheld advisories``: security updates that systems need, and where they are not applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import print_json, say, table

if TYPE_CHECKING:
    from upheld.desk.advisories import Advisory

_COLUMNS: Final = ("id", "advisory", "product", "fixed in", "status", "not applied")


@click.group()
def advisories() -> None:
    """Say which update systems need; each gets an item, closed by the version that it reports."""


@advisories.command()
@click.argument("name")
@click.option("--product", required=True, help="What it is of, as `runs` of monitors says it.")
@click.option("--fixed-in", required=True, help="The first version without it.")
@click.option("--why", default="", help="What it is about, or the page that tells.")
@in_the_name
@for_machines
@pass_app
def add(app: App, *, name: str, product: str, fixed_in: str, why: str) -> None:
    """Keep advisory NAME: an item is opened for each system that runs something older."""
    from upheld.desk.advisories import Advisories
    from upheld.monitor.running import running

    with app.acting() as (site, actor):
        kept = Advisories(site.records)
        with site.ledger.reading() as tx:
            systems = running(tx, site.watched)
        made = kept.add(name, product, fixed_in, systems, actor, why)
        with site.ledger.reading() as tx:
            found = next(each for each in kept.all(tx) if each.id == made)
    silent = [each for each in systems if each.product == product]
    if app.json:
        print_json(_object(found))
    elif found.items:
        table(("monitor", "case"), [(each.monitor, each.case) for each in found.items], empty="")
        say(f"{made} is kept: {len(found.items)} of {len(silent)} systems run something older.")
    else:
        say(f"{made} is kept: none of {len(silent)} systems of {product} runs anything older.")


@advisories.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that are withdrawn, too.")
@for_machines
@pass_app
def list_(app: App, *, everything: bool) -> None:
    """Every advisory, and the systems on which it is not applied."""
    from upheld.desk.advisories import Advisories

    with app.site() as site, site.ledger.reading() as tx:
        found = Advisories(site.records).all(tx, withdrawn=everything)
    if app.json:
        print_json([_object(each) for each in found])
    else:
        table(_COLUMNS, [_row(each) for each in found], empty="no advisory is kept")


@advisories.command()
@click.argument("advisory")
@click.option("--reason", default="", help="Why it is none any more.")
@in_the_name
@for_machines
@pass_app
def withdraw(app: App, *, advisory: str, reason: str) -> None:
    """Take ADVISORY back, by its id; its items are closed."""
    from upheld.desk.advisories import Advisories

    with app.acting() as (site, actor):
        Advisories(site.records).withdraw(advisory.strip().upper(), actor, reason)
    if app.json:
        print_json({"withdrawn": advisory.strip().upper()})
    else:
        say(f"{advisory.strip().upper()} is withdrawn.")


def _row(each: Advisory) -> tuple[object, ...]:
    left = ", ".join(f"{item.monitor} ({item.case})" for item in each.items)
    return each.id, each.name, each.product, each.fixed_in, each.status, left or "-"


def _object(each: Advisory) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "product": each.product,
        "fixed_in": each.fixed_in,
        "status": each.status,
        "items": [{"monitor": item.monitor, "case": item.case} for item in each.items],
    }
