"""``upheld stop`` and ``upheld resume``: the one switch for everything outgoing."""

from __future__ import annotations

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import local, print_json, say, stamp


@click.command()
@click.argument("reason")
@in_the_name
@for_machines
@pass_app
def stop(app: App, *, reason: str) -> None:
    """Hold everything outgoing, at once and everywhere, for a REASON.

    Clocks and reading go on; `upheld outbox list` shows what waits, `upheld resume` lets it go.
    """
    with app.acting() as (site, actor):
        held = site.ledger.stop(reason, actor.id, site.clock.now())
        zone = site.config.zone
    if app.json:
        print_json({"stopped": stamp(held.at), "by": held.actor, "reason": held.reason})
    else:
        say(f"Everything outgoing is held since {local(held.at, zone)}, by {held.actor}.")
        say("It is let go with `upheld resume`.")


@click.command()
@in_the_name
@for_machines
@pass_app
def resume(app: App) -> None:
    """Let everything outgoing go again."""
    from upheld.cli.outbox import waiting

    with app.acting() as (site, actor):
        was = site.ledger.resume(actor.id, site.clock.now())
        with site.ledger.reading() as tx:
            left = len(waiting(tx))
    if app.json:
        print_json({"resumed": was, "waiting": left})
    elif was:
        say(f"It goes out again: {left} messages wait.")
    else:
        say("Nothing was held.")
