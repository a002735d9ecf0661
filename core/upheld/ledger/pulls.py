"""Who reads a connection, and how far it has been read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Update, bindparam, exists, func, literal, or_, select, update

from upheld.calendar.instant import SECOND, Instant, Span
from upheld.errors import Fenced
from upheld.ledger.hints import hint
from upheld.ledger.machine import NOW
from upheld.ledger.part import Part, unless_there
from upheld.ledger.records import PullLease, PullStatus
from upheld.ledger.schema import pull, scope

_FIRST: Final = {name: query.returning(pull.c.token) for name, query in unless_there(pull).items()}
_OURS: Final = (pull.c.connection == bindparam("of")) & (pull.c.token == bindparam("token_held"))
_FREE: Final[Mapping[str, Any]] = {"owner": None, "lease_until": None}
_PAUSED: Final = exists().where(
    scope.c.name == literal("paused/").concat(pull.c.connection), scope.c.until.is_(None)
)
_TAKE: Final = (
    update(pull)
    .where(
        pull.c.connection == bindparam("of"),
        ~_PAUSED,
        or_(
            pull.c.lease_until.is_(None),
            pull.c.lease_until <= NOW,
            pull.c.owner == bindparam("who"),
        ),
    )
    .values(
        owner=bindparam("who"),
        token=pull.c.token + 1,
        lease_until=NOW + bindparam("span", type_=BigInteger),
    )
    .returning(
        pull.c.cursor,
        pull.c.token,
        exists().where(hint.c.connection == bindparam("of")).label("hinted"),
    )
)
_MOVED: Final = (
    update(pull)
    .where(_OURS)
    .values(
        cursor=bindparam("upto"),
        succeeded=bindparam("at"),
        as_of=func.coalesce(bindparam("known", type_=BigInteger), pull.c.as_of),
        failures=0,
        error=None,
    )
)
_MOVED_LAST: Final = _MOVED.values(_FREE)
_FAILED: Final = (
    update(pull)
    .where(_OURS)
    .values(failed=bindparam("at"), failures=pull.c.failures + 1, error=bindparam("what"), **_FREE)
)
_RELEASED: Final = update(pull).where(_OURS).values(_FREE)


class Pulls(Part):
    """Cursors, leased: one daemon at a time reads a connection."""

    def lease_pull(self, connection: str, owner: str, *, seconds: float) -> PullLease | None:
        """The right to pull, until ``seconds`` from now; None while somebody else has it.

        Whoever could not give it back (the disk was full) need not wait for it to run out.
        """
        asked = {"of": connection, "who": owner, "span": int(seconds * SECOND)}
        row = self._connection.execute(_TAKE, asked).first()
        if row is None and self._is_new(connection):
            row = self._connection.execute(_TAKE, asked).first()
        return (
            None if row is None else PullLease(connection, row.cursor, row.token, bool(row.hinted))
        )

    def move_cursor(
        self,
        lease: PullLease,
        cursor: str | None,
        *,
        as_of: Instant | None,
        now: Instant,
        last: bool = False,
    ) -> None:
        """Everything before ``cursor`` is in this very transaction; ``Fenced`` without the lease.

        ``as_of`` None: there is more to read, so it stays as it was. ``last``: the lease is given
        back with it.
        """
        moved = {"upto": cursor, "at": now, "known": as_of}
        self._fenced(lease, _MOVED_LAST if last else _MOVED, moved)

    def pull_failed(self, lease: PullLease, error: str, *, now: Instant) -> None:
        """Note that the connection could not be read, and give the lease back; ``Fenced`` without it."""
        self._fenced(lease, _FAILED, {"at": now, "what": error})

    def begin_round(self, connection: str, now: Instant, every: Span) -> bool:
        """Whether all is to be read from the beginning, and by whoever asks: then nobody else does."""
        due = or_(pull.c.reconciled.is_(None), pull.c.reconciled <= now - every)
        begun = update(pull).where(pull.c.connection == connection, due).values(reconciled=now)
        return self._connection.execute(begun).rowcount == 1

    def reconciled(self, connection: str, now: Instant) -> None:
        """All that is there was read from the beginning."""
        done = update(pull).where(pull.c.connection == connection)
        self._connection.execute(done.values(reconciled=now))

    def release_pull(self, lease: PullLease) -> None:
        """Let somebody else pull at once; nothing happens where the lease was lost."""
        held = {"of": lease.connection, "token_held": lease.token}
        self._connection.execute(_RELEASED, held)

    def pulls(self) -> list[PullStatus]:
        """How reading goes, by connection."""
        columns = [pull.c[name] for name in PullStatus.__slots__]
        rows = self._connection.execute(select(*columns).order_by(pull.c.connection))
        return [PullStatus(*row) for row in rows]

    def _is_new(self, connection: str) -> bool:
        """Whether nobody has ever read it; from here on it has its row."""
        first = {"connection": connection, "token": 0, "failures": 0}
        return self._connection.execute(_FIRST[self._dialect], first).first() is not None

    def _fenced(self, lease: PullLease, change: Update, values: Mapping[str, Any]) -> None:
        held = {"of": lease.connection, "token_held": lease.token}
        done = self._connection.execute(change, {**held, **values})
        if done.rowcount != 1:
            raise Fenced(
                "the lease was lost; another daemon pulls this connection now",
                where=lease.connection,
                do_next="nothing to do: what was read is read again there",
            )
