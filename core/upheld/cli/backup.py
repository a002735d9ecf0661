"""``upheld backup`` and ``upheld restore``: the whole ledger in a file, and back."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import print_json, say

if TYPE_CHECKING:
    from upheld.config import Config
    from upheld.ledger.restore import Restored


#: More numbers than a site gives in its life; a slip of the keyboard beyond that is refused.
_WIDEST_GAP: Final = 1_000_000


@click.command()
@click.argument("to", required=False, type=click.Path(dir_okay=False, path_type=Path))
@for_machines
@pass_app
def backup(app: App, *, to: Path | None) -> None:
    """Write all of the ledger to the new file TO, while the daemon runs.

    TO.json beside it says what it is, with its checksum. Without TO it goes to the data folder. The
    file holds what customers wrote, and keys of connections: keep it as you keep those.
    """
    from upheld.daemon.site import config_at
    from upheld.ledger.backup import back_up

    config = config_at(app.config)
    target = to or _named(config)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = back_up(config.database_url(), target)
    if app.json:
        facts = {"site": made.site, "epoch": made.epoch, "schema": made.schema, "made": made.made}
        print_json({"file": str(target), **facts, "size": made.size, "sha256": made.sha256})
    else:
        size = f"{made.size / 1_000_000:.1f} MB"
        say(f"{target}: the ledger of {made.site!r}, {size}, schema {made.schema}.")


def _named(config: Config) -> Path:
    from upheld.calendar.instant import moment
    from upheld.clock import SystemClock

    stamp = f"{moment(SystemClock().now()):%Y%m%dT%H%M%SZ}"
    return config.data_folder / "backups" / f"upheld-{stamp}.backup"


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Put it in the place of a ledger that is there.")
@click.option(
    "--gap",
    type=click.IntRange(0, _WIDEST_GAP),
    default=0,
    help="Never hand out the next N numbers: cases since the backup had them.",
)
@in_the_name
@for_machines
@pass_app
def restore(app: App, *, file: Path, force: bool, gap: int) -> None:
    """Bring the ledger back from the backup FILE, with everything outgoing held.

    Stop every daemon first. Afterwards run one: it reads what came in since the backup and decides
    what has become due, and `upheld outbox list` shows it. `upheld resume` lets it go; what may have
    gone out since the backup is looked up before it is sent.
    """
    from upheld.clock import SystemClock
    from upheld.daemon.site import config_at
    from upheld.ledger.restore import restore as bring_back

    config = config_at(app.config)
    done = bring_back(
        file,
        config.database_url(),
        folder=config.data_folder,
        actor=_whoever(app),
        now=SystemClock().now(),
        force=force,
        gap=gap,
    )
    if app.json:
        print_json(_object(done))
    else:
        _told(done, config.site, gap)


def _whoever(app: App) -> str:
    # Not held against `people`: the machine was lost, and somebody else's hands may be at work.
    from upheld.daemon.site import ACTOR_VARIABLE

    return app.name or os.environ.get(ACTOR_VARIABLE) or getpass.getuser()


def _told(done: Restored, site: str, gap: int) -> None:
    backup = done.backup
    say(
        f"The ledger of {backup.site!r} is back as it was at {backup.made}; epoch {done.epoch} begins."
    )
    if done.kept is not None:
        say(f"What was there before is kept in {done.kept}.")
    if backup.site not in {"", site}:
        say(f"Here is {site!r}: under that name nothing of it is ever sent.")
        return
    if gap:
        say(f"The next {gap} numbers are left out: they may be those of cases since the backup.")
    say("Everything outgoing is held. What people entered since the backup is to be entered again.")
    say("Next: upheld run, upheld outbox list, upheld resume.")


def _object(done: Restored) -> dict[str, Any]:
    return {
        "site": done.backup.site,
        "made": done.backup.made,
        "schema": done.backup.schema,
        "epoch": done.epoch,
        "kept": None if done.kept is None else str(done.kept),
    }
