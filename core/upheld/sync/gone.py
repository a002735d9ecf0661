"""Items that are not there any more. Absence closes nothing and deletes nothing: it is told.

Only an item that was asked for twice by its id, a minute apart, and was not there both times, counts as
gone. What a listing leaves out may be the fault of the listing.
"""

from __future__ import annotations

from typing import Final

from upheld.calendar.instant import MINUTE
from upheld.case.events import UPHELD, Event, Noted
from upheld.desk.records import Records
from upheld.ledger import GONE, Link, Transaction


def missing(tx: Transaction, records: Records, link: Link) -> bool:
    """The item was asked for and is not there; whether it counts as gone from now on."""
    now = records.clock.now()
    current = tx.link_of(link.subject, link.connection)
    if current is None or current.remote_id != link.remote_id or current.is_gone:
        return False
    first = now if current.gone is None else current.gone
    again = current.gone is not None and now - current.gone >= _APART
    times = GONE if again else 1
    tx.missed(link.subject, link.connection, times, first)
    if again:
        text = f"[gone] {link.key} is not on {link.connection} any more; the case stays as it is"
        name = f"gone:{link.connection}:{link.remote_id}@{first}"
        records.add(tx, link.subject, Event(name, now, now, UPHELD, Noted(text)))
    return again


def back(tx: Transaction, link: Link) -> None:
    """The item is there: whatever was missed before, it counts no more."""
    if link.missed:
        tx.missed(link.subject, link.connection, 0, None)
        tx.synced(link.subject, 0)


_APART: Final = MINUTE
