"""What can be done in one transaction: each part in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import NestedTransaction
from sqlalchemy.exc import DBAPIError

from upheld.errors import Busy, DiskFull
from upheld.ledger import migrate
from upheld.ledger.bundling import Bundles
from upheld.ledger.calendars import Calendars
from upheld.ledger.conflicts import Conflicts
from upheld.ledger.evidence import Evidence
from upheld.ledger.faults import translate, translated
from upheld.ledger.gauges import Counts
from upheld.ledger.hints import Hints
from upheld.ledger.inbound import Inbound
from upheld.ledger.leases import Leases
from upheld.ledger.links import Links
from upheld.ledger.listing import Listings
from upheld.ledger.monitors import Monitors
from upheld.ledger.overrides import Overrides
from upheld.ledger.parking import Parking
from upheld.ledger.pulls import Pulls
from upheld.ledger.scopes import Scopes
from upheld.ledger.site import Policies, Sites, Vault
from upheld.ledger.traffic import Traffic
from upheld.ledger.troubles import Troubles
from upheld.ledger.waiting import Waiting
from upheld.ledger.windows import Windows


class Transaction(
    Parking,
    Evidence,
    Listings,
    Leases,
    Bundles,
    Waiting,
    Traffic,
    Pulls,
    Hints,
    Counts,
    Inbound,
    Links,
    Conflicts,
    Scopes,
    Sites,
    Policies,
    Calendars,
    Vault,
    Troubles,
    Overrides,
    Monitors,
    Windows,
):
    """Everything done through it is written together, or not at all."""

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is written inside is undone where it raises; the transaction itself can go on."""
        before, deeds = len(self.recorded), len(self.deeds)
        where = migrate.where(self._connection.engine)
        savepoint = self._connection.begin_nested()
        try:
            with translated(where):
                yield
        except BaseException as error:
            del self.recorded[before:], self.deeds[deeds:]
            _undo(savepoint, error, where)
            raise
        with translated(where):
            savepoint.commit()


def _undo(savepoint: NestedTransaction, error: BaseException, where: str) -> None:
    try:
        savepoint.rollback()
    except DBAPIError as failed:
        # The database has given up all of the transaction (SQLite does when its disk is full):
        # nobody may go on as if the rest still stood.
        if not isinstance(error, DiskFull | Busy):
            raise translate(failed, where) from error
