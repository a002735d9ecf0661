"""``upheld stop`` and ``upheld resume``: the one switch for everything outgoing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import local, print_json, say, stamp
from upheld.errors import Refusal

if TYPE_CHECKING:
    from upheld.daemon.site import Site
    from upheld.dispatch.doubt import Doubt


@click.command()
@click.argument("reason")
@in_the_name
@for_machines
@pass_app
def stop(app: App, *, reason: str) -> None:
    """Hold everything outgoing, at once and everywhere, for a REASON.

    Clocks and reading go on; `upheld outbox list` shows what waits, `upheld resume` lets it go.
    """
    if not reason.strip():
        raise Refusal("there is no reason", do_next="say in a few words why everything is held")
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
    """Let everything outgoing go again.

    After a restore, what may have gone out since the backup is looked up before it is sent.
    """
    from upheld.cli.outbox import waiting

    with app.acting() as (site, actor):
        was, old = site.ledger.resume(actor.id, site.clock.now()), _doubt(site)
        with site.ledger.reading() as tx:
            left = len(waiting(tx))
    if app.json:
        print_json({"resumed": was, "waiting": left} | ({"restored": asdict(old)} if old else {}))
    elif was:
        say(f"It goes out again: {left} messages wait.")
        if old is not None:
            say(_in_words(old))
    else:
        say("Nothing was held.")


def _doubt(site: Site) -> Doubt | None:
    """What is in doubt; None where the ledger was never restored."""
    from upheld.dispatch.doubt import doubt

    if site.ledger.restored() is None:
        return None
    abilities = {each.source.name: each.abilities for each in site.connections}
    with site.ledger.reading() as tx:
        return doubt(tx, abilities)


def _in_words(old: Doubt) -> str:
    parts = [
        f"{old.looked_up} sendings are looked up first",
        f"{old.repeated} are repeated under their keys",
        f"{old.asked} nobody can look up: see `upheld deadletters list`, and decide",
    ]
    if old.unplanned:
        parts.append(f"{old.unplanned} messages wait for the daemon to look")
    return f"Of before the restore, {'; '.join(parts)}."
