"""``upheld outbox``: what waits to go out, and what shadow mode kept in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import local, print_json, say, stamp, table
from upheld.errors import NotFound

if TYPE_CHECKING:
    from upheld.ledger import OutboxItem, Transaction

_COLUMNS: Final = ("key", "case", "what", "to", "clauses", "due", "state", "why")
_KEYS: Final = click.argument("keys", nargs=-1)
_ALL: Final = click.option(
    "--all", "everything", is_flag=True, help="All that `outbox list` shows."
)


@click.group()
def outbox() -> None:
    """See, drop or release what waits to go out."""


def waiting(tx: Transaction, case: str | None = None) -> list[OutboxItem]:
    """Messages that are still to go out, or held."""
    from upheld.ledger import OutboxState

    states = (OutboxState.PENDING, OutboxState.PLANNED, OutboxState.HELD)
    return tx.items(subject=case, states=states)


@outbox.command("list")
@click.option("--case", help="Only those of this case.")
@click.option("--shadow", is_flag=True, help="What shadow mode kept in: it would have gone out.")
@click.option("--sent", is_flag=True, help="What went out, or was dropped.")
@for_machines
@pass_app
def list_(app: App, *, case: str | None, shadow: bool, sent: bool) -> None:
    """What waits to go out, oldest first."""
    with app.site() as site, site.ledger.reading() as tx:
        which = tx.find(case) if case else None
        found = _chosen(tx, which, shadow=shadow, sent=sent)
        zone = site.config.zone
    if app.json:
        print_json([_object(item) for item in found])
    else:
        rows = [_row(item, zone) for item in found]
        table(_COLUMNS, rows, empty="no such message is there")


def _chosen(tx: Transaction, case: str | None, *, shadow: bool, sent: bool) -> Sequence[OutboxItem]:
    from upheld.ledger import OutboxState

    if shadow:
        return tx.items(subject=case, states=(OutboxState.SHADOW,))
    if sent:
        return tx.items(subject=case, states=(OutboxState.DONE, OutboxState.DROPPED))
    return waiting(tx, case)


@outbox.command()
@_KEYS
@_ALL
@click.option("--reason", required=True, help="Why; it stays on record.")
@in_the_name
@for_machines
@pass_app
def drop(app: App, *, keys: tuple[str, ...], everything: bool, reason: str) -> None:
    """Let the messages KEYS never go out; what has begun to go out is too late to drop."""
    with app.acting() as (site, actor):
        done = site.ledger.retrying(
            lambda tx: tx.drop(
                _meant(tx, keys, everything=everything), reason=reason, actor=actor.id
            )
        )
    _told(app, "dropped", done)


@outbox.command()
@_KEYS
@_ALL
@in_the_name
@for_machines
@pass_app
def release(app: App, *, keys: tuple[str, ...], everything: bool) -> None:
    """Let held messages go. What shadow mode kept in stays in: it is the list of what would have gone."""
    with app.acting() as (site, _actor):
        done = site.ledger.retrying(lambda tx: tx.release(_meant(tx, keys, everything=everything)))
    _told(app, "released", done)


def _meant(tx: Transaction, keys: tuple[str, ...], *, everything: bool) -> list[str]:
    if bool(keys) == everything:
        raise click.UsageError("Name the messages by their KEYS, or say --all.")
    for key in keys:
        tx.item(key)
    return [item.key for item in waiting(tx)] if everything else list(keys)


def _told(app: App, what: str, done: int) -> None:
    if app.json:
        print_json({what: done})
    elif done:
        say(f"{done} {what}.")
    else:
        raise NotFound(f"nothing was {what}: it went out already, or is settled")


def _row(item: OutboxItem, zone: str) -> tuple[object, ...]:
    to, clauses = ", ".join(item.to), ", ".join(item.clauses)
    why = item.reason or item.unwanted
    due = local(item.due, zone)
    return item.key, item.subject, item.purpose, to, clauses, due, item.state.value, why


def _object(item: OutboxItem) -> dict[str, object]:
    return {
        "key": item.key,
        "case": item.subject,
        "purpose": item.purpose,
        "to": list(item.to),
        "clauses": list(item.clauses),
        "due": stamp(item.due),
        "state": item.state.value,
        "reason": item.reason or item.unwanted,
    }
