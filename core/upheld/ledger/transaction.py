"""What can be done in one transaction: each part in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from upheld.ledger import migrate
from upheld.ledger.evidence import Evidence
from upheld.ledger.faults import translated
from upheld.ledger.inbound import Inbound
from upheld.ledger.leases import Leases
from upheld.ledger.links import Links
from upheld.ledger.listing import Listings
from upheld.ledger.parking import Parking
from upheld.ledger.pulls import Pulls
from upheld.ledger.site import Policies, Sites, Vault


class Transaction(
    Parking, Evidence, Listings, Leases, Pulls, Inbound, Links, Sites, Policies, Vault
):
    """Everything done through it is written together, or not at all."""

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is written inside is undone where it raises; the transaction itself can go on."""
        before = len(self.recorded)
        try:
            with (
                translated(migrate.where(self._connection.engine)),
                self._connection.begin_nested(),
            ):
                yield
        except BaseException:
            del self.recorded[before:]
            raise
