"""``upheld monitors``: what is watched and how it stands; the rest is in files of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from upheld.case.monitor import MonitorState
from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.monitors_import import imported
from upheld.cli.monitors_pause import pause, resume
from upheld.cli.monitors_show import show
from upheld.cli.monitors_test import test
from upheld.cli.monitors_window import window
from upheld.cli.output import print_json, say, table
from upheld.cli.root import InOrder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upheld.cli.monitor_lines import Standing

_FINE = (MonitorState.UP, MonitorState.PAUSED)


@click.command("list")
@click.argument("names", nargs=-1)
@click.option(
    "--state",
    type=click.Choice([state.value for state in MonitorState]),
    help="Only those that stand so.",
)
@click.option("--failing", is_flag=True, help="Only those that are not up, nor paused.")
@click.option("--customer", metavar="ID", help="Only those of this customer.")
@click.option("--of", metavar="KIND", help="Only those of this kind: servers, backups …")
@for_machines
@pass_app
def list_(
    app: App,
    *,
    names: tuple[str, ...],
    state: str | None,
    failing: bool,
    customer: str | None,
    of: str | None,
) -> None:
    """What is watched, what needs somebody first. NAMES may hold `*`; all by default."""
    from upheld.cli.monitor_lines import COLUMNS, as_object, matching, row, standings, summary

    with app.site() as site, site.ledger.reading() as tx:
        wanted = matching(site.watched, names) if names else None
        found = list(_fitting(standings(site, tx, wanted), state, customer, of, failing=failing))
        now = site.clock.now()
    if app.json:
        print_json([as_object(each) for each in found])
        return
    table(COLUMNS, (row(each, now) for each in found), empty="nothing like that is watched")
    if found:
        say(f"\n{summary(found)}")


def _fitting(
    found: Iterable[Standing],
    state: str | None,
    customer: str | None,
    of: str | None,
    *,
    failing: bool,
) -> Iterator[Standing]:
    for each in found:
        entry = each.watched.entry
        if (
            state in {None, each.state.value}
            and customer in {None, entry.customer}
            and of in {None, entry.of}
            and not (failing and each.state in _FINE)
        ):
            yield each


monitors = InOrder(
    "monitors",
    help="See what is watched, try it, pause it, plan maintenance of it.",
    commands=[list_, show, test, pause, resume, window, imported],
)
