"""Back from a backup: a new epoch, everything outgoing held, and nothing taken for unsent.

The far ends are ahead of what is restored: what went out since the backup is known to them alone. So
whatever was under way is *unknown* from here on, and what is decided for an instant before the
restore is looked up before it is sent (see ``dispatch.sender``).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection, delete, func, select, update

from upheld.calendar.instant import SECOND, Instant, Span
from upheld.errors import LedgerError, Refusal
from upheld.ledger import migrate
from upheld.ledger.backup import Backup, back_up, copy_pages, plain, storing, verified
from upheld.ledger.database import connect, parse_url, sqlite_file
from upheld.ledger.faults import translated
from upheld.ledger.machine import NOW
from upheld.ledger.part import one_of
from upheld.ledger.rows import transfer
from upheld.ledger.schema import delivery, node, pull, site
from upheld.ledger.states import UNFINISHED, DeliveryState
from upheld.ledger.transaction import Transaction
from upheld.ledger.troubles import trouble
from upheld.ledger.upgrade import free

#: A daemon that was not heard for so long is gone.
_GONE: Final[Span] = 180 * SECOND


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: the backup, the epoch that begins, and the backup of what was there (None
    where there was nothing, or nothing that could be read)."""

    backup: Backup
    epoch: int
    kept: Path | None


def restore(
    file: Path,
    url: str,
    *,
    folder: Path,
    actor: str,
    now: Instant,
    force: bool = False,
    gap: int = 0,
) -> Restored:
    """Put the ledger in ``file`` at ``url``; all of it is there afterwards, or nothing was changed.

    ``gap``: so many numbers are never handed out, since cases since the backup may have had them.

    What is there already is replaced with ``force`` alone, and a backup of it goes to ``folder``; so
    does a damaged SQLite file itself. ``Refusal`` without, and while a daemon runs there;
    ``LedgerError`` where the backup is not whole, ``SchemaMismatch`` where it is newer than this
    program.
    """
    backup = verified(file)
    if not migrate.known(backup.schema):
        raise migrate.mismatch(backup.schema, str(file))
    folder.mkdir(parents=True, exist_ok=True)
    kept, before = _made_way(url, folder, force=force)
    with TemporaryDirectory(prefix="restore-", dir=folder) as scratch:
        ready = Path(scratch, "ledger.db")
        with storing(folder):
            shutil.copyfile(file, ready)
        epoch = max(before, backup.epoch) + 1
        schema = _prepare(ready, epoch, f"restored from {file.name}", actor, now, gap)
        _put(ready, url, schema)
    return Restored(backup, epoch, kept)


def _made_way(url: str, folder: Path, *, force: bool) -> tuple[Path | None, int]:
    """What is there is kept; answers where, and its epoch (0: there was nothing)."""
    path = sqlite_file(parse_url(url))
    try:
        there = migrate.exists(url)
    except LedgerError:
        if path is None or not force:
            raise
        _put_aside(path, folder)
        there = False
    if not there:
        return None, 0
    if not force:
        raise Refusal(
            "there is a ledger already",
            where=migrate.shown(parse_url(url)),
            do_next="--force puts the backup in its place, and keeps a backup of what is there",
        )
    epoch = _epoch_of_the_idle(url)
    kept = free(folder / "ledger.before-restore")
    back_up(url, kept)
    return kept, epoch


def _put_aside(path: Path, folder: Path) -> None:
    """An SQLite file that can't be read makes way as it is."""
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            shutil.move(part, free(folder / f"{path.name}.damaged{suffix}"))


def _epoch_of_the_idle(url: str) -> int:
    """The epoch of a ledger in which no daemon is at work."""
    with _connected(url) as connection:
        heard = select(func.max(node.c.beat)).where(node.c.beat > NOW - _GONE)
        if connection.execute(heard).scalar() is not None:
            raise Refusal(
                "a daemon runs on this ledger, or did three minutes ago",
                where=migrate.where(connection.engine),
                do_next="stop it; one that was killed is forgotten after three minutes",
            )
        return int(connection.execute(select(site.c.epoch)).scalar() or 0)


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = connect(parse_url(url))
    try:
        with translated(migrate.where(engine)), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _prepare(ready: Path, epoch: int, reason: str, actor: str, now: Instant, gap: int) -> str:
    """The copy becomes the ledger as it is to be; answers its schema, this program's."""
    with plain(ready) as engine:
        with engine.begin() as connection:
            if migrate.revision(connection) != migrate.newest():
                migrate.run(connection)
            _forget_the_living(connection)
            tx = Transaction(connection)
            tx.begin_epoch(epoch, now)
            if gap:
                tx.skip_numbers(gap)
            standing = tx.stopped()
            if standing is not None:  # its reason goes on in ours: it held then, and holds now
                reason = f"{reason}; held before: {standing.reason}"
                tx.resume(actor, now)
            tx.stop(reason, actor, now)
        return migrate.newest()


def _forget_the_living(connection: Connection) -> None:
    """Who had what in hand is gone; and how that ended, nobody here knows."""
    free_again = {"owner": None, "lease_until": None}
    in_doubt = {"state": DeliveryState.UNKNOWN.value, "not_before": 0}
    connection.execute(delete(node))
    connection.execute(update(pull).values(free_again))
    connection.execute(update(delivery).values(free_again))
    connection.execute(
        update(delivery).where(one_of(delivery.c.state, UNFINISHED)).values(in_doubt)
    )
    connection.execute(update(trouble).values(free_again))


def _put(ready: Path, url: str, schema: str) -> None:
    path = sqlite_file(parse_url(url))
    if path is not None:
        with storing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            copy_pages(ready, path)
        return
    with plain(ready) as engine, engine.connect() as source, _connected(url) as target:
        migrate.run(target, to=schema)
        transfer(source, target)
