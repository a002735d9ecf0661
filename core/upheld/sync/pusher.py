"""The pass over cases that moved: whose items are to be written to. It costs what moved.

Nothing of a value is kept in between: what is written is computed when it is written, so a case that
moves ten times while a tracker is down is written once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from upheld.desk.records import Records
from upheld.errors import LedgerError
from upheld.ledger import FIELDS, Link, OutboxState, Transaction
from upheld.plugin import Logger
from upheld.sync.ours import ours
from upheld.sync.push import allowed, moved
from upheld.sync.trackers import Trackers

#: Messages in these states are still to be sent, or were kept in.
_WAITING = (OutboxState.PENDING, OutboxState.PLANNED, OutboxState.HELD, OutboxState.SHADOW)


@dataclass(frozen=True, slots=True)
class Looked:
    """A case that was looked at, as of ``seq``, and the connections where there is something to write."""

    case: str
    seq: int
    write_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pusher:
    """Puts one message a link in the outbox, where the case is not as agreed with the item."""

    records: Records
    trackers: Trackers
    log: Logger

    def look(self, limit: int = 50) -> int:
        """Look at cases that moved since the last time; answers how many."""
        ledger = self.records.ledger
        if ledger.foreign:
            return 0
        with ledger.reading() as tx:
            found = [self._contained(tx, case, seq) for case, seq in tx.unsynced(limit)]
        if found:
            ledger.retrying(lambda tx: self._keep(tx, found))
        return len(found)

    def to_write(self, tx: Transaction, case: str) -> Iterator[Link]:
        """The links of a case whose items are not as the case is."""
        links = [each for each in tx.links(case) if self._in_step(each)]
        subject = tx.subject(case) if links else None
        if subject is None or subject.kind != "case":
            return
        values = ours(self.records.life(subject))
        held = {each.field for each in tx.conflicts(subject=case, unresolved=True)}
        for link in links:
            name = link.connection
            writes = moved(link, values, self.trackers.words(name), self.trackers.known(name))
            if allowed(writes, link, held, ""):
                yield link

    def _contained(self, tx: Transaction, case: str, seq: int) -> Looked:
        """One that can't be read back is parked and told elsewhere; the others go on."""
        try:
            return Looked(case, seq, tuple(link.connection for link in self.to_write(tx, case)))
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001  whatever a policy makes of its facts
            what = f"{type(error).__name__}: {error}"
            self.log.error("case_not_synced", case=case, error=what)  # noqa: TRY400  one line
            return Looked(case, seq)

    def _in_step(self, link: Link) -> bool:
        return link.gone is None and self.trackers.tracks(link.connection)

    def _keep(self, tx: Transaction, found: list[Looked]) -> None:
        for each in found:
            for connection in each.write_to:
                push(tx, each.case, connection, self.records.clock.now())
            tx.synced(each.case, each.seq)


def push(tx: Transaction, case: str, connection: str, now: int) -> bool:
    """Have the item written to; False where that is under way already."""
    items = tx.items(subject=case, states=_WAITING)
    if any(each.purpose == FIELDS and each.connection == connection for each in items):
        return False
    number = tx.next_number("fields")
    return tx.enqueue(
        f"fields:{case}@{connection}/{number}", case, FIELDS, now=now, connection=connection
    )
