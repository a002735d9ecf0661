"""``upheld outbox``: what waits to go out, and what shadow mode kept in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import local, print_json, say, stamp, table
from upheld.errors import NotFound

if TYPE_CHECKING:
    from upheld.ledger import OutboxItem, Transaction

Where: TypeAlias = tuple[tuple[str, str], ...]
#: What messages can be chosen by, and what of a message that means.
_NAMES: Final[Mapping[str, Callable[[OutboxItem], Iterable[str]]]] = {
    "CLAUSE": lambda item: item.clauses,
    "CASE": lambda item: (item.subject,),
    "TO": lambda item: item.to,
    "PURPOSE": lambda item: (item.purpose,),
}
#: More messages than ever wait.
_MOST: Final = 1_000_000

_COLUMNS: Final = ("key", "case", "what", "to", "clauses", "due", "state", "why")
_KEYS: Final = click.argument("keys", nargs=-1)
_ALL: Final = click.option(
    "--all", "everything", is_flag=True, help="All that `outbox list` shows."
)


def _parsed(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> Where:
    pairs = [tuple(part.strip() for part in each.partition("=")[::2]) for each in given]
    for name, value in pairs:
        if name.upper() not in _NAMES or not value:
            raise click.BadParameter(f"write one of {', '.join(f'{each}=…' for each in _NAMES)}")
    return tuple((name.upper(), value) for name, value in pairs)


_WHERE: Final = click.option(
    "--where",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_parsed,
    help="Only those of a CLAUSE, a CASE, TO a role or person, or for a PURPOSE; all must hold.",
)


@click.group()
def outbox() -> None:
    """See, drop or release what waits to go out."""


def waiting(tx: Transaction, case: str | None = None) -> list[OutboxItem]:
    """Messages that are still to go out, or held."""
    from upheld.ledger import OutboxState

    states = (OutboxState.PENDING, OutboxState.PLANNED, OutboxState.HELD)
    return tx.items(subject=case, states=states, limit=_MOST)


def _fitting(items: Iterable[OutboxItem], where: Where) -> list[OutboxItem]:
    return [item for item in items if all(value in _NAMES[name](item) for name, value in where)]


@outbox.command("list")
@click.option("--case", help="Only those of this case.")
@click.option("--shadow", is_flag=True, help="What shadow mode kept in: it would have gone out.")
@click.option("--sent", is_flag=True, help="What went out, or was dropped.")
@_WHERE
@for_machines
@pass_app
def list_(app: App, *, case: str | None, shadow: bool, sent: bool, where: Where) -> None:
    """What waits to go out, oldest first."""
    with app.site() as site, site.ledger.reading() as tx:
        which = tx.find(case, of_any_kind=True) if case else None
        found = _fitting(_chosen(tx, which, shadow=shadow, sent=sent), where)
        zone = site.config.zone
    if app.json:
        print_json([_object(item) for item in found])
    else:
        rows = [_row(item, zone) for item in found]
        table(_COLUMNS, rows, empty="no such message is there")


def _chosen(tx: Transaction, case: str | None, *, shadow: bool, sent: bool) -> list[OutboxItem]:
    from upheld.ledger import OutboxState

    kept_in = tx.items(subject=case, states=(OutboxState.SHADOW,)) if shadow or sent else []
    if shadow:
        return [item for item in kept_in if item.unwanted is None]
    if sent:
        dropped = [item for item in kept_in if item.unwanted is not None]
        return dropped + tx.items(subject=case, states=(OutboxState.DONE, OutboxState.DROPPED))
    return waiting(tx, case)


@outbox.command()
@_KEYS
@_ALL
@_WHERE
@click.option("--reason", required=True, help="Why; it stays on record.")
@in_the_name
@for_machines
@pass_app
def drop(app: App, *, keys: tuple[str, ...], everything: bool, where: Where, reason: str) -> None:
    """Let the messages KEYS never go out; what has begun to go out is too late to drop."""
    with app.acting() as (site, actor):
        done = site.ledger.retrying(
            lambda tx: tx.drop(
                _meant(tx, keys, where, everything=everything), reason=reason, actor=actor.id
            )
        )
    _told(app, "dropped", done)


@outbox.command()
@_KEYS
@_ALL
@_WHERE
@in_the_name
@for_machines
@pass_app
def release(app: App, *, keys: tuple[str, ...], everything: bool, where: Where) -> None:
    """Let held messages go. What shadow mode kept in stays in: it is the list of what would have gone."""
    with app.acting() as (site, actor):
        done = site.ledger.retrying(
            lambda tx: tx.release(_meant(tx, keys, where, everything=everything), actor=actor.id)
        )
    _told(app, "released", done)


def _meant(tx: Transaction, keys: tuple[str, ...], where: Where, *, everything: bool) -> list[str]:
    if [bool(keys), bool(where), everything].count(True) != 1:
        raise click.UsageError("Name the messages by their KEYS, by --where, or say --all.")
    for key in keys:
        tx.item(key)
    return list(keys) or [item.key for item in _fitting(waiting(tx), where)]


def _told(app: App, what: str, done: int) -> None:
    if app.json:
        print_json({what: done})
    elif done:
        say(f"{done} {what}.")
    else:
        raise NotFound(f"nothing was {what}: it went out already, or is settled")


def _row(item: OutboxItem, zone: str) -> tuple[object, ...]:
    to, clauses = ", ".join(item.to), ", ".join(item.clauses)
    why = _why(item)
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
        "reason": _why(item),
    }


def _why(item: OutboxItem) -> str | None:
    # What shadow kept in has a reason from the beginning; why a person dropped it came later.
    return item.unwanted or item.reason if item.state == "shadow" else item.reason or item.unwanted
