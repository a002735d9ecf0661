"""``upheld audit``: whether what is on record is what was written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import json_rows, print_json, say, stamp, table

if TYPE_CHECKING:
    from upheld.report.witness import Verified

_COLUMNS: Final = ("case", "event", "what")


@click.group()
def audit() -> None:
    """Verify that nothing on record was changed, and prove it."""


@audit.command()
@for_machines
@pass_app
def head(app: App) -> None:
    """Print the head of the newest seal, for somebody outside to keep.

    Send it to whoever is to witness it: by mail, on paper. `audit verify --witness FILE` reads it
    back.
    """
    from upheld.errors import NotFound
    from upheld.report.witness import head_of, written

    with app.site() as site, site.ledger.reading() as tx:
        newest = tx.newest_seal()
    if newest is None:
        raise NotFound("nothing was sealed yet", do_next="`upheld run` seals every minute")
    found = head_of(newest, site.ledger.site.name)
    if app.json:
        print_json({**found._asdict(), "check": found.check, "text": written(found)})
    else:
        say(written(found))


@audit.command()
@click.argument("case", required=False)
@click.option(
    "--witness",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Heads of seals that somebody outside kept: a mail, a typed page.",
)
@for_machines
@pass_app
def verify(app: App, *, case: str | None, witness: Path | None) -> None:
    """Follow the chain of every case (or of CASE) and all seals, and say what does not hold.

    Exits with 1 where an event was edited, removed, moved or put in. With --witness also where
    chains and seals were written anew since.
    """
    from upheld.report.witness import read
    from upheld.report.witness import verify as verified

    heads = read(witness) if witness else []
    with app.site() as site, site.ledger.reading() as tx:
        named = tx.find(case, of_any_kind=True) if case else None
        found = verified(tx, site.ledger.site.name, case=named, heads=heads)
    rows = [(fault.subject, fault.seq, fault.what) for fault in found.faults]
    if app.json:
        print_json(_as_dict(found) | {"faults": json_rows(_COLUMNS, rows)})
    elif rows:
        table(_COLUMNS, rows, right=("event",))
    else:
        _say_it_holds(found)
    sys.exit(1 if rows else 0)


def _as_dict(found: Verified) -> dict[str, object]:
    last = found.witnessed
    return {
        "holds": not found.faults,
        "seals": found.seals,
        "erased": found.erased,
        "witnessed": None if last is None else {"seal": last.number, "at": stamp(last.at)},
    }


def _say_it_holds(found: Verified) -> None:
    say("Every chain holds: nothing on record was changed.")
    say(f"Seals that hold too: {found.seals}.")
    if found.erased:
        say(f"{found.erased} payloads were erased: the events are there, what they said is not.")
    if found.witnessed is None:
        say(
            "Whether all of it was written anew can't be known from here: give a head that"
            " somebody outside kept, with --witness FILE."
        )
    else:
        at = stamp(found.witnessed.at)
        say(
            f"The witness agrees: what was sealed up to seal {found.witnessed.number}, {at}, stands."
        )


@audit.command()
@click.option("--customer", required=True, metavar="ID", help="Whose cases, windows, monitors.")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="A new or empty folder (evidence-ID).",
)
@for_machines
@pass_app
def export(app: App, *, customer: str, to: Path | None) -> None:
    """Write one customer's evidence into a folder, with the script that checks it offline.

    Internal notes stay here: only their digests go along, so that the chain can be followed.
    """
    from upheld.report.export import export as exported
    from upheld.report.verify import CHAINS

    with app.site() as site, site.ledger.reading() as tx:
        name = site.ledger.site.name
        folder = to or Path(f"evidence-{customer}")
        done = exported(tx, folder, site=name, customer=customer, now=site.clock.now())
    if app.json:
        print_json(
            {
                "folder": str(folder),
                **{CHAINS[kind]: count for kind, count in done.chains.items()},
                "events": done.events,
                "seals": done.seals,
                "stay": list(done.stay),
            }
        )
    else:
        said = ", ".join(f"{count} {CHAINS[kind]}" for kind, count in done.chains.items() if count)
        say(f"{said}, {done.events} events and {done.seals} seals are in {folder}.")
        if done.stay:
            say(f"{', '.join(done.stay)} stay here: they name what is another customer's.")
        say("Whoever gets it runs there: python verify.py --witness FILE")
