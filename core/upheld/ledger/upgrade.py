"""Bringing a ledger to this program's schema, with a backup of how it was."""

from __future__ import annotations

from pathlib import Path

from upheld.ledger import migrate
from upheld.ledger.backup import back_up, note
from upheld.ledger.database import connect, parse_url, sqlite_file
from upheld.ledger.faults import translated


def upgrade(url: str, *, folder: Path | None = None) -> Path | None:
    """Create or upgrade the ledger at ``url``; where one was changed, the backup of how it was.

    The backup goes to ``folder``, that of SQLite beside its file by default; without a folder there
    is none of PostgreSQL. A ledger that is newer than this program raises ``SchemaMismatch``, and
    where the backup can't be written ``LedgerError``; nothing is changed then.
    """
    parsed = parse_url(url)
    path = sqlite_file(parsed)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    found = _found(url) if path is None or path.exists() else None
    if found == migrate.newest():
        return None
    if found is not None and not migrate.known(found):
        raise migrate.mismatch(found, migrate.shown(parsed))
    kept = _kept(url, path, folder, found) if found is not None else None
    engine = connect(parsed)
    try:
        with translated(migrate.where(engine)), engine.begin() as connection:
            migrate.run(connection)
    finally:
        engine.dispose()
    return kept


def _found(url: str) -> str | None:
    engine = connect(parse_url(url))
    try:
        with translated(migrate.where(engine)), engine.connect() as connection:
            return migrate.revision(connection)
    finally:
        engine.dispose()


def _kept(url: str, path: Path | None, folder: Path | None, found: str) -> Path | None:
    place = folder or (path.parent if path is not None else None)
    if place is None:
        return None
    name = "ledger" if path is None else path.name
    to = free(place / f"{name}.before-{migrate.newest()}-was-{found}")
    back_up(url, to)
    return to


def free(path: Path) -> Path:
    """This path, or with a number behind it the first that nobody has."""
    candidate, number = path, 1
    while candidate.exists() or note(candidate).exists():
        number += 1
        candidate = path.with_name(f"{path.name}.{number}")
    return candidate
