"""``upheld monitors pause`` and ``resume``: for a while nobody looks, and whoever said so is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import local, print_json, say, stamp
from upheld.cli.texts import coming
from upheld.errors import Refusal

if TYPE_CHECKING:
    from upheld.calendar.instant import Instant


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--until", help="Until when: `2026-12-01 09:00`. Without an end it is found after a day."
)
@click.option("--for", "lasting", help="For how long: `2 hours`.")
@click.option("--why", default="", help="In a few words.")
@in_the_name
@for_machines
@pass_app
def pause(
    app: App, *, names: tuple[str, ...], until: str | None, lasting: str | None, why: str
) -> None:
    """Look at NAMES (`acme/*` too) no more for a while; maintenance that customers hear of is a window."""
    from upheld.cli.monitor_lines import matching
    from upheld.monitor.landing import Landing
    from upheld.monitor.pauses import Pauses

    if until and lasting:
        raise click.UsageError("Give --until or --for.")
    with app.acting() as (site, actor):
        zone = site.config.zone
        asked = until or lasting
        end = coming(asked, now=site.clock.now(), zone=zone) if asked else None
        found = matching(site.watched, names)
        Pauses(Landing(site.records, site.watched)).pause(found, actor, until=end, reason=why)
    if app.json:
        print_json([{"name": name, "until": stamp(end)} for name in found])
        return
    for name in found:
        say(f"{name} is paused{_until(end, zone)}.")


def _until(end: Instant | None, zone: str) -> str:
    if end is not None:
        return f" until {local(end, zone)}"
    return ", without an end: `upheld monitors resume` ends it"


@click.command()
@click.argument("names", nargs=-1, required=True)
@in_the_name
@for_machines
@pass_app
def resume(app: App, *, names: tuple[str, ...]) -> None:
    """Look at NAMES (`acme/*` too) again, at once."""
    from upheld.case.monitor import MonitorState
    from upheld.cli.monitor_lines import matching, standings
    from upheld.monitor.landing import Landing
    from upheld.monitor.pauses import Pauses

    with app.acting() as (site, actor):
        found = matching(site.watched, names)
        if any("*" in name for name in names):  # of many, those that are paused are meant
            with site.ledger.reading() as tx:
                there = standings(site, tx, found)
            found = tuple(each.name for each in there if each.state is MonitorState.PAUSED)
        if not found:
            raise Refusal("none of these is paused", do_next="see `upheld monitors list`")
        Pauses(Landing(site.records, site.watched)).resume(found, actor)
    if app.json:
        print_json([{"name": name} for name in found])
        return
    for name in found:
        say(f"{name} is read again.")
