"""The ledger: the one place where anything is written, and the one way in."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy import Connection, Engine

from upheld.calendar.instant import Instant
from upheld.errors import Busy, TooMuchRace
from upheld.ledger import migrate
from upheld.ledger.database import BUSY_SECONDS, connect, for_reading, parse_url, sqlite_file
from upheld.ledger.faults import Conflict, DeciderFault, translated
from upheld.ledger.memory import LIMIT as MEMORY_BYTES
from upheld.ledger.memory import Memory
from upheld.ledger.newness import Bell, Newness
from upheld.ledger.records import LeasedDelivery, PullLease, Recorded, Site, StopState
from upheld.ledger.transaction import Transaction
from upheld.ledger.upgrade import upgrade

T = TypeVar("T")

TRIES: Final = 25
_TRIES_WHEN_BUSY: Final = 3
_LONGEST_PAUSE: Final = 0.05
#: Seconds after which a writer looks again whether the database is still the one that was opened.
_LOOK_AGAIN: Final = 1.0


class Ledger:
    """Subjects, their events, the outbox and everything leased, in one database.

    Safe to share among threads. ``foreign`` is True where the database belongs to another site (a
    copy): whoever sends must refuse to.
    """

    def __init__(
        self, engine: Engine, site: Site, memory: Memory, *, foreign: bool, busy_seconds: float
    ) -> None:
        self.site = site
        self.foreign = foreign
        self.url = migrate.where(engine)
        #: Called with what a transaction has recorded, once it is committed; must not raise or wait.
        self.on_commit: Callable[[Sequence[Recorded]], None] | None = None
        self._engine = engine
        self._reading = for_reading(engine)
        self._busy_seconds = busy_seconds
        self._memory = memory
        self._look_at = 0.0
        # SQLite has one writer; our own threads queue up here, which is fair and costs no polling.
        self._writer = threading.Lock() if engine.dialect.name == "sqlite" else None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        site: str,
        busy_seconds: float = BUSY_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
    ) -> Ledger:
        """Open the ledger at ``url``; ``SchemaMismatch`` unless its schema is this program's.

        Up to ``memory_bytes`` of facts are remembered between transactions.
        """
        parsed = parse_url(url)
        path = sqlite_file(parsed)
        if path is not None and not path.exists():
            raise migrate.mismatch(None, str(path))
        engine = connect(parsed, busy_seconds=busy_seconds)
        try:
            found = _site(engine, site)
        except BaseException:
            engine.dispose()
            raise
        memory = Memory(memory_bytes)
        return cls(engine, found, memory, foreign=found.name != site, busy_seconds=busy_seconds)

    @classmethod
    def create(cls, url: str) -> None:
        """Make a new ledger, or bring an old one up to date: the same as ``upgrade``."""
        upgrade(url)

    @classmethod
    def exists(cls, url: str) -> bool:
        """Whether there is a ledger at ``url``, of whatever schema."""
        return migrate.exists(url)

    @classmethod
    def upgrade(cls, url: str, *, folder: Path | None = None) -> Path | None:
        """Bring the schema up to date; answers the backup of how it was, see ``upgrade.upgrade``."""
        return upgrade(url, folder=folder)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing: committed at the end of the block, rolled back if it raises."""
        with self._alone(), translated(self.url), self._engine.begin() as connection:
            self._look_again(connection)
            tx = Transaction(connection, self._memory)
            yield tx
            _refuse_undone(tx)
        if self.on_commit is not None and tx.recorded:
            self.on_commit(tx.recorded)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """One moment's view for reading; holds nobody up. Writing here is a mistake."""
        with translated(self.url), self._reading.connect() as connection:
            yield Transaction(connection, self._memory)

    def retrying(self, work: Callable[[Transaction], T], *, tries: int = TRIES) -> T:
        """Do ``work`` in a transaction, again from the start when somebody else wrote first.

        Raises ``TooMuchRace`` after ``tries``, ``Busy`` where the database stays locked, and what
        ``work`` raises.
        """
        busy = 0
        for done in range(tries):
            try:
                with self.transaction() as tx:
                    return work(tx)
            except Conflict as error:
                last: Exception = error
            except Busy:
                busy += 1
                if busy >= min(_TRIES_WHEN_BUSY, tries):
                    raise
            _pause(done)
        raise TooMuchRace(
            f"somebody else wrote first, {tries} times",
            where=self.url,
            do_next="nothing was written; it is tried again with the next news",
        ) from last

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._writer is None:
            yield
            return
        if not self._writer.acquire(timeout=self._busy_seconds):
            raise Busy(
                "another thread has been writing for too long; nothing was written", where=self.url
            )
        try:
            yield
        finally:
            self._writer.release()

    def check_schema(self) -> None:
        """Raise where the database is not any more what it was when it was opened.

        ``SchemaMismatch`` when it was upgraded under us, ``LedgerError`` when it was restored. Every
        transaction that writes looks by itself, once a second: nobody goes on deciding then.
        """
        with translated(self.url), self._reading.connect() as connection:
            migrate.check_life(connection, self.url, self.site.epoch)

    def _look_again(self, connection: Connection) -> None:
        if time.monotonic() >= self._look_at:
            migrate.check_life(connection, self.url, self.site.epoch)
            self._look_at = time.monotonic() + _LOOK_AGAIN

    # --- one-line transactions that everybody needs ------------------------------------------

    def due(self, now: Instant, limit: int) -> list[str]:
        """Subjects to be looked at, the longest overdue first; parked ones when their time comes."""
        with self.reading() as tx:
            return tx.peek_due(now, limit)

    def bell(self) -> Bell:
        """Rings when something was committed that may have to be sent; whoever asked closes it."""
        return Bell(Newness(self._engine))

    def next_wake(self) -> Instant | None:
        """When the next subject is due, or a message to be looked at; None where nothing waits."""
        with self.reading() as tx:
            found = (tx.next_wake(), tx.next_look())
        return min((each for each in found if each is not None), default=None)

    def next_work(self) -> Instant | None:
        """The same, or when the next reading is due: where a clock that is stepped has to stop."""
        with self.reading() as tx:
            found = (tx.next_wake(), tx.next_look(), tx.next_reading())
        return min((each for each in found if each is not None), default=None)

    def lease(
        self,
        owner: str,
        *,
        limit: int,
        seconds: float,
        connections: Collection[str] | None = None,
    ) -> list[LeasedDelivery]:
        """Take deliveries that may go out now; see ``Leases.lease``."""
        return self.retrying(
            lambda tx: tx.lease(owner, limit=limit, seconds=seconds, connections=connections)
        )

    def lease_pull(self, connection: str, owner: str, *, seconds: float) -> PullLease | None:
        """Take the right to read a connection; None while somebody else has it."""
        return self.retrying(lambda tx: tx.lease_pull(connection, owner, seconds=seconds))

    def stop(self, reason: str, actor: str, now: Instant) -> StopState:
        """Hold everything outgoing."""
        return self.retrying(lambda tx: tx.stop(reason, actor, now))

    def resume(self, actor: str, now: Instant) -> bool:
        """Let it go again; False where nothing was held."""
        return self.retrying(lambda tx: tx.resume(actor, now))

    def stopped(self) -> StopState | None:
        """Whether everything outgoing is held, and why."""
        with self.reading() as tx:
            return tx.stopped()

    def restored(self) -> Instant | None:
        """When it was last restored from a backup; None, at no cost, where it never was."""
        if self.site.epoch == 1:
            return None
        with self.reading() as tx:
            return tx.restored()


def _refuse_undone(tx: Transaction) -> None:
    """Decided is done: what a subject does to another is committed with its decision, or neither is."""
    for subject, deed in tx.deeds:
        raise DeciderFault(f"nobody carried out {type(deed).__name__}", where=subject)


def _site(engine: Engine, name: str) -> Site:
    place = migrate.where(engine)
    with translated(place):
        with for_reading(engine).connect() as connection:
            migrate.check(connection, place)
            found = Transaction(connection).site()
        if found is not None:
            return found
        with engine.begin() as connection:
            return Transaction(connection).claim_site(name)


def _pause(done: int) -> None:
    # A jitter, so that those who collided don't collide again.
    time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.001 * 2**done)))  # noqa: S311
