"""``upheld deadletters``: sendings that were given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import print_json, say, table
from upheld.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from upheld.ledger import Delivery, Transaction

_COLUMNS: Final = ("key", "case", "what", "to", "over", "tries", "why")
_KEYS: Final = click.argument("keys", nargs=-1, required=True)


@click.group()
def deadletters() -> None:
    """See, replay or drop what was given up."""


@deadletters.command("list")
@for_machines
@pass_app
def list_(app: App) -> None:
    """Every sending that was given up, oldest first, and why."""
    with app.site() as site, site.ledger.reading() as tx:
        found = tx.dead_letters()
    if app.json:
        print_json([_object(each) for each in found])
    else:
        table(_COLUMNS, map(_row, found), right=("tries",), empty="no dead letters")


@deadletters.command()
@_KEYS
@in_the_name
@for_machines
@pass_app
def replay(app: App, *, keys: tuple[str, ...]) -> None:
    """Try the sendings KEYS again."""
    _each(app, keys, "to be tried again", lambda tx, key, _actor: tx.replay(key))


@deadletters.command()
@_KEYS
@click.option("--reason", required=True, help="Why; it stays on record.")
@in_the_name
@for_machines
@pass_app
def drop(app: App, *, keys: tuple[str, ...], reason: str) -> None:
    """Take the sendings KEYS off the list."""
    _each(
        app, keys, "dropped", lambda tx, key, actor: tx.drop_dead(key, reason=reason, actor=actor)
    )


def _each(
    app: App, keys: tuple[str, ...], what: str, work: Callable[[Transaction, str, str], bool]
) -> None:
    """All of them or none."""

    def all_of_them(tx: Transaction) -> None:
        for key in keys:
            if not work(tx, key, actor.id):
                raise NotFound(f"{key} is no dead letter", do_next="see `upheld deadletters list`")

    with app.acting() as (site, actor):
        site.ledger.retrying(all_of_them)
    if app.json:
        print_json({"keys": list(keys), "state": what})
    else:
        say(f"{len(keys)} {what}.")


def _row(letter: Delivery) -> tuple[object, ...]:
    to = letter.recipient_name or letter.recipient
    why, over = letter.detail, letter.connection
    return letter.key, letter.subject, letter.purpose, to, over, letter.attempts, why


def _object(letter: Delivery) -> dict[str, object]:
    return {
        "key": letter.key,
        "case": letter.subject,
        "purpose": letter.purpose,
        "recipient": letter.recipient,
        "channel": letter.channel,
        "connection": letter.connection,
        "attempts": letter.attempts,
        "why": letter.detail,
    }
