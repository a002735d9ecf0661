"""``upheld webhooks``: have a far end call when something changes, so that nobody waits for a poll."""

from __future__ import annotations

import click

from upheld.cli.app import App, pass_app
from upheld.cli.output import say
from upheld.errors import NotFound, Refusal
from upheld.plugin import Ability


@click.group()
def webhooks() -> None:
    """Have far ends call when something changes."""


@webhooks.command()
@click.argument("connection")
@pass_app
def register(app: App, connection: str) -> None:
    """Register the webhook of CONNECTION at its far end; again renews it, and makes no second one."""
    from upheld.daemon.alone import alone

    with app.site() as site:
        base = site.config.public_url
        if not base:
            then = "say `web: {url: https://…}`, the address that the outside knows"
            raise Refusal("there is no address at which anybody could call", do_next=then)
        found = next((each for each in site.connections if each.source.name == connection), None)
        if found is None:
            known = ", ".join(each.source.name for each in site.connections)
            raise NotFound(f"there is no connection {connection!r}", do_next=f"there are {known}")
        if Ability.RECEIVE not in found.abilities:
            raise Refusal(f"{connection} takes no webhooks", do_next="it is polled")
        url = f"{base.rstrip('/')}/hooks/{connection}"
        with alone(site, found, site.config.data_folder / "connections" / connection) as live:
            say(live.call(lambda: live.plugin.subscribe(url)))
