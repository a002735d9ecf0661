"""``upheld mail``: what came in and belongs to no case. It is kept, so that nothing is lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import clean, local, print_json, say, stamp, table

if TYPE_CHECKING:
    from upheld.case.events import Actor
    from upheld.daemon.site import Site
    from upheld.ledger import Kept

_FATES: Final = ("refused", "referred", "released", "dropped")
#: More than anybody keeps.
_MOST: Final = 1_000_000
_NUMBER: Final = click.argument("number", type=int)
_COLUMNS: Final = ("number", "when", "from", "title", "fate", "why")


@click.group()
def mail() -> None:
    """See what came in and belongs to no case."""


@mail.group()
def quarantine() -> None:
    """What was refused, and what was referred elsewhere: see it, let it in, or drop it."""


@quarantine.command("list")
@click.option("--fate", type=click.Choice(_FATES), help="Only what met with this fate.")
@click.option("--all", "everything", is_flag=True, help="What was released or dropped, too.")
@for_machines
@pass_app
def list_(app: App, *, fate: str | None, everything: bool) -> None:
    """What is kept, oldest first."""
    from upheld.ledger import Fate

    fates = tuple(map(Fate, (fate,) if fate else _FATES if everything else _FATES[:2]))
    with app.site() as site, site.ledger.reading() as tx:
        found = tx.kept(*fates, limit=_MOST)
        zone = site.config.zone
    if app.json:
        print_json([_object(each) for each in found])
    else:
        table(_COLUMNS, (_row(each, zone) for each in found), empty="nothing is kept")


@quarantine.command()
@_NUMBER
@click.option("--raw", is_flag=True, help="The bytes as they came.")
@pass_app
def show(app: App, *, number: int, raw: bool) -> None:
    """One message as it came."""
    with app.site() as site, site.ledger.reading() as tx:
        kept = tx.kept_as(number)
    if raw:
        sys.stdout.buffer.write(kept.raw)
    else:
        say(clean(kept.raw.decode("utf-8", "replace").replace("\r\n", "\n")))


@quarantine.command()
@_NUMBER
@in_the_name
@for_machines
@pass_app
def release(app: App, *, number: int) -> None:
    """Let message NUMBER in: it opens a case, or goes on with one, as if a person had sent it.

    It is read by what is configured now; the case says who released it.
    """
    with app.acting() as (site, actor):
        case = _released(site, number, actor)
    if app.json:
        print_json({"number": number, "case": case, "fate": "released"})
    else:
        say(f"{number} is in {case} now.")


@quarantine.command()
@_NUMBER
@click.option("--reason", required=True, help="Why; it stays on record.")
@in_the_name
@for_machines
@pass_app
def drop(app: App, *, number: int, reason: str) -> None:
    """Take message NUMBER off the list. Nothing is erased: `list --all` and `show` have it still."""
    from upheld.desk.release import settle
    from upheld.errors import Refusal
    from upheld.ledger import Fate

    if not reason.strip():
        raise Refusal("there is no reason", do_next="say in a few words why it is dropped")
    with app.acting() as (site, actor):
        now = site.clock.now()
        site.ledger.retrying(
            lambda tx: settle(tx, tx.kept_as(number), Fate.DROPPED, actor, reason, now)
        )
    if app.json:
        print_json({"number": number, "fate": "dropped", "reason": reason})
    else:
        say(f"{number} is dropped.")


def _released(site: Site, number: int, actor: Actor) -> str:
    from upheld.daemon.syncing import at_hand, reader
    from upheld.desk.release import read_again, release

    with at_hand(site) as daemon:
        with site.ledger.reading() as tx:
            kept = tx.kept_as(number)
        puller = reader(daemon, kept.connection)
        message = read_again(kept, puller.live.plugin)
        return site.ledger.retrying(
            lambda tx: release(tx, puller.intake, puller.source, kept, message, actor)
        )


def _row(kept: Kept, zone: str) -> tuple[object, ...]:
    at, why = local(kept.at, zone), kept.reason
    if kept.settled is not None:
        told = f": {kept.settled_why}" if kept.settled_why else ""
        why = f"{why}; {kept.fate.value} by {kept.settled_by} {local(kept.settled, zone)}{told}"
    return kept.number, at, kept.sender, kept.title, kept.fate.value, why


def _object(kept: Kept) -> dict[str, object]:
    return {
        "number": kept.number,
        "at": stamp(kept.at),
        "connection": kept.connection,
        "sender": kept.sender,
        "title": kept.title,
        "fate": kept.fate.value,
        "reason": kept.reason,
        "settled": stamp(kept.settled) if kept.settled is not None else None,
        "settled_by": kept.settled_by,
        "settled_why": kept.settled_why,
    }
