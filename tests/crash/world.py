"""The demo's stage with its daemon in another process: here are the far ends, the people, the clock.

The world can be put back to where it was: every row of the ledger, every far end, the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Connection, insert, select

from tests.crash.daemon import POLICY, Daemons, Process, Setting
from upheld.calendar.instant import Instant
from upheld.ledger import UNFINISHED
from upheld.ledger.schema import metadata
from upheld.testing.faults import Passed, kill
from upheld.testing.stage import Stage

#: Longer than any lease: 120 seconds for a pull.
_LONGEST_LEASE: Final = 121_000_000
#: So often work waits for its time at most, before it has come to its end.
_TURNS: Final = 20
_MACHINE_TIME: Final = {
    "delivery": ("not_before", "lease_until", "changed"),
    "pull": ("lease_until",),
    "attempt": ("began", "ended"),
    "monitor": ("lease_until",),
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where everything stood. Far ends: mailboxes, all that was sent, incidents, calls."""

    at: Instant
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    far_ends: tuple[Any, ...]


class World(Stage):
    """A stage whose daemon runs elsewhere; use it in a ``with``."""

    def __init__(self, folder: Path, database: str | None = None, **config: Any) -> None:
        super().__init__(folder, database=database, config=config)
        self.daemons: Daemons
        self.process: Process | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        self.site.policy = POLICY
        # A secret that the plugin would make up, so that two runs can be compared.
        self.site.ledger.retrying(lambda tx: tx.vault_set("mailbox", "thread-key", "5a" * 32))
        setting = Setting(self._config(), self.folder, self._secrets())
        self.daemons = Daemons(setting, self._lose_answer)
        self.process = self.daemons.first
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()
        self.daemons.__exit__()
        super().__exit__(*exc)  # type: ignore[arg-type]  # as it was given

    def another(self, strike: Callable[[], object] = kill) -> Process:
        """One more daemon."""
        return self.daemons.another(strike)

    def end(self) -> None:
        """The daemon ends while it has nothing to do; the next settling has a new one."""
        if self.process is not None and self.process is not self.daemons.first:
            self.process.end()
        self.process = None

    def settle(self) -> None:
        """As on any stage, but elsewhere."""
        self.settled()

    def settled(self, number: int | None = None) -> list[Passed] | None:
        """What the daemon went through; None where it died, at the moment with this number."""
        if self.process is None:
            self.process = self.another()
        passed = self.process.settle(self.clock.now(), number)
        if passed is None:
            self.process = None
        return passed

    def started(self, number: int | None = None) -> list[Passed] | None:
        """What a daemon goes through that begins in place of the one there was; as `settled`."""
        self.end()
        self.process = self.another()
        passed = self.process.start(self.clock.now(), number)
        if passed is None:
            self.process = None
        return passed

    def commanded(self, words: Sequence[str], number: int | None = None) -> list[Passed] | None:
        """What ``upheld cases`` (or ``monitors``) with these words goes through; None where it died."""
        return self.another().command(self.clock.now(), words, number)

    def recover(self) -> None:
        """Leases run out, a new daemon goes on until nothing waits for its time any more."""
        for _ in range(_TURNS):
            self.time_passes()
            self.settle()
            if not self.unfinished():
                return
        raise AssertionError(f"never comes to an end: {self.unfinished()}")

    def time_passes(self) -> None:
        """Machine time, by more than any lease; policy time stands still."""
        with self._writing() as connection:
            expire(connection)

    def unfinished(self) -> list[str]:
        """Deliveries that may still go out."""
        with self.site.ledger.reading() as tx:
            return [each.key for each in tx.deliveries(states=UNFINISHED)]

    # --- there and back ---------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Where everything stands."""
        with self._writing() as connection:
            rows = {
                table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in metadata.sorted_tables
            }
        return Snapshot(self.clock.now(), rows, deepcopy(self._held_there()))

    def restore(self, snapshot: Snapshot) -> None:
        """Put everything back; there is no daemon then."""
        self.end()
        self.clock._now = snapshot.at
        with self._writing() as connection:
            for table in metadata.sorted_tables:
                connection.execute(table.delete())
                if snapshot.rows[table.name]:
                    connection.execute(insert(table), list(snapshot.rows[table.name]))
        self._put_back(*deepcopy(snapshot.far_ends))

    def _put_back(self, accounts: Any, sent: Any, desk: Any, said: str) -> None:
        store = self.mail._store
        store.accounts, store.sent = accounts, sent
        vars(self.pager._desk).update(desk)
        store.faults = type(store.faults)()
        self.pager._faults.clear()
        self._calls_file.parent.mkdir(parents=True, exist_ok=True)
        self._calls_file.write_text(said, encoding="utf-8")

    def _held_there(self) -> tuple[Any, ...]:
        store, calls = self.mail._store, self._calls_file
        said = calls.read_text(encoding="utf-8") if calls.exists() else ""
        desk = {each: held for each, held in vars(self.pager._desk).items() if each != "told"}
        return store.accounts, store.sent, desk, said

    @property
    def _calls_file(self) -> Path:
        return self.folder / "connections" / "phone" / "calls.txt"

    def _writing(self) -> Any:
        return self.site.ledger._engine.begin()

    def _lose_answer(self, connection: str) -> bool:
        """The phone has no answer to lose: it is a file."""
        if connection == "mailbox":
            self.mail.lose_reply_after_data()
        elif connection == "pager":
            self.pager.fail_next("drop_reply")
        return connection in {"mailbox", "pager"}


def expire(connection: Connection) -> None:
    """Machine time passes, by more than any lease."""
    for name, columns in _MACHINE_TIME.items():
        table = metadata.tables[name]
        earlier = {each: table.c[each] - _LONGEST_LEASE for each in columns}
        connection.execute(table.update().values(earlier))
