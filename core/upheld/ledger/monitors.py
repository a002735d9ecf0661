"""Monitors: when each is read next, who is at it, and what was counted so far.

A reading that is asked for is work that goes outside: leased, and landed under its fencing token, so that
none is counted twice and a dead daemon's targets are taken over when its leases run out.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    RowMapping,
    Table,
    Text,
    bindparam,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)

from upheld.calendar.instant import SECOND, Instant
from upheld.case.monitor import MonitorState, Seen, Tally
from upheld.ledger.faults import overtaken
from upheld.ledger.machine import NOW
from upheld.ledger.part import Part, among, dump, unless_there
from upheld.ledger.schema import event, metadata

monitor: Final = Table(
    "monitor",
    metadata,
    Column("name", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("customer", Text),
    # Policy time; None: nothing is due of it (it is paused, or heard of and may be silent).
    Column("due", BigInteger),
    Column("owner", Text),
    Column("lease_until", BigInteger),
    Column("token", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("streak", Integer, nullable=False),
    Column("since", BigInteger),
    Column("counted_at", BigInteger),
    Column("excuse", Text, nullable=False),
    Column("read_at", BigInteger),
    Column("recent", Text, nullable=False),
    Column("flapping", Boolean, nullable=False, server_default="0"),
    Column("paused", Boolean, nullable=False, server_default="0"),
    Column("heard", Text),
)
# A turn costs what is due, however much is watched.
Index(
    "ix_monitor_due",
    monitor.c.due,
    sqlite_where=monitor.c.due.is_not(None),
    postgresql_where=monitor.c.due.is_not(None),
)
Index("ix_monitor_subject", monitor.c.subject)
_PAUSED: Final = monitor.c.paused.is_(True)
Index("ix_monitor_paused", monitor.c.name, sqlite_where=_PAUSED, postgresql_where=_PAUSED)


_READ_COLUMNS: Final = (
    "name",
    "subject",
    "customer",
    "due",
    "token",
    "state",
    "streak",
    "since",
    "counted_at",
    "excuse",
    "recent",
    "read_at",
    "flapping",
    "paused",
    "heard",
)


@dataclass(frozen=True, slots=True)
class MonitorRow:
    """A monitor as stored. ``token`` counts its landings and leases; ``due`` is of the next
    reading, ``read_at`` of the last; both in policy time. ``heard`` is what was told of it last in the pause
    that it is in."""

    name: str
    subject: str
    customer: str | None
    due: Instant | None
    token: int
    tally: Tally
    read_at: Instant | None = None
    paused: bool = False
    heard: Seen | None = None

    @property
    def stands(self) -> MonitorState:
        """How it stands for those who look."""
        return MonitorState.PAUSED if self.paused else self.tally.stands


_ROW: Final = select(*(monitor.c[name] for name in _READ_COLUMNS))
_NAMED: Final = {name: _ROW.where(ids) for name, ids in among(monitor.c.name).items()}
_FREE: Final = or_(monitor.c.lease_until.is_(None), monitor.c.lease_until <= NOW)
_NEXT: Final = (
    select(monitor.c.due).where(monitor.c.due.is_not(None), _FREE).order_by(monitor.c.due).limit(1)
)
_DUE: Final = (
    select(monitor.c.name)
    .where(monitor.c.due <= bindparam("now"))
    .where(_FREE)
    .order_by(monitor.c.due, monitor.c.name)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
).cte("picked")
_LEASE: Final = (
    update(monitor)
    .where(monitor.c.name.in_(select(_DUE)))
    .values(
        owner=bindparam("who"),
        token=monitor.c.token + 1,
        lease_until=NOW + bindparam("span", type_=BigInteger),
    )
    .returning(*(monitor.c[name] for name in _READ_COLUMNS))
)
_OURS: Final = (monitor.c.name == bindparam("of")) & (monitor.c.token == bindparam("token_held"))
_LAND: Final = update(monitor).where(_OURS)
_HASTEN: Final = {
    name: update(monitor)
    .where(ids, monitor.c.due > bindparam("now"), monitor.c.paused.is_(False))
    .values(due=bindparam("now"))
    for name, ids in among(monitor.c.name).items()
}
_WATCH: Final = unless_there(monitor)
_TURNS: Final = (
    select(event.c.subject, func.max(event.c.at))
    .where(event.c.kind == literal_column("'turned'"))
    .group_by(event.c.subject)
)
_TURNED: Final = {name: _TURNS.where(ids) for name, ids in among(event.c.subject).items()}
_RETIRE: Final = {name: delete(monitor).where(ids) for name, ids in among(monitor.c.name).items()}


class Monitors(Part):
    """What is watched."""

    def watch(self, row: MonitorRow) -> None:
        """Begin with a monitor that is not known yet; ``Conflict`` where another daemon just did."""
        begin = _WATCH[self._dialect].values(name=row.name, **_values(row))
        if self._connection.execute(begin.returning(monitor.c.name)).first() is None:
            raise overtaken(row.name)

    def monitors(self, names: Collection[str] | None = None) -> list[MonitorRow]:
        """Those of these names (None: all), by name."""
        if names is None:
            found = self._connection.execute(_ROW)
        else:
            found = self._connection.execute(_NAMED[self._dialect], self._ids(names))
        return sorted((_read(row) for row in found.mappings()), key=lambda each: each.name)

    def paused(self) -> list[tuple[str, str]]:
        """Those that nobody reads because somebody said so: each with its subject."""
        found = select(monitor.c.name, monitor.c.subject).where(_PAUSED).order_by(monitor.c.name)
        return [(name, of) for name, of in self._connection.execute(found)]

    def turned_at(self, subjects: Collection[str]) -> dict[str, Instant]:
        """By subject, when each turned to the state that it is in; those that ever did."""
        asked = _TURNED[self._dialect], self._ids(subjects)
        return {str(of): int(at) for of, at in self._connection.execute(*asked)}

    def retire(self, names: Collection[str]) -> None:
        """Watch these no longer; what was recorded of them stays."""
        self._connection.execute(_RETIRE[self._dialect], self._ids(names))

    def lease_monitors(
        self, owner: str, now: Instant, *, limit: int, seconds: float
    ) -> list[MonitorRow]:
        """Take up to ``limit`` that are due at ``now``, longest due first; ``seconds`` are machine time."""
        asked = {"who": owner, "now": now, "most": limit, "span": int(seconds * SECOND)}
        rows = self._connection.execute(_LEASE, asked).mappings()
        return sorted((_read(row) for row in rows), key=lambda each: (each.due or 0, each.name))

    def land_monitor(self, row: MonitorRow) -> bool:
        """Store what was counted, and give the lease back; False where the row has moved since it was read
        (somebody else has it by now): then nothing is stored, and the reading does not count."""
        given = {"of": row.name, "token_held": row.token}
        landed = _LAND.values(_values(row) | {"token": row.token + 1})
        return self._connection.execute(landed, given).rowcount == 1

    def hasten(self, names: Collection[str], now: Instant) -> None:
        """Let these be read at once, save those that are paused: there is a reason to look."""
        self._connection.execute(_HASTEN[self._dialect], self._ids(names) | {"now": now})

    def next_reading(self) -> Instant | None:
        """When the next one is due that is in nobody's hands; None where none will be."""
        due: Instant | None = self._connection.execute(_NEXT).scalar()
        return due

    def monitors_by_state(self) -> dict[str, int]:
        """How many are in each state."""
        counted = select(monitor.c.state, func.count()).group_by(monitor.c.state)
        return {row.state: row[1] for row in self._connection.execute(counted)}


def _values(row: MonitorRow) -> dict[str, Any]:
    tally = row.tally
    return {
        "subject": row.subject,
        "customer": row.customer,
        "due": row.due,
        "owner": None,
        "lease_until": None,
        "token": row.token,
        "state": tally.state.value,
        "streak": tally.streak,
        "since": tally.since,
        "counted_at": tally.counted,
        "excuse": tally.excuse,
        "read_at": row.read_at,
        "recent": dump([_seen(each) for each in tally.recent]),
        "flapping": tally.flapping,
        "paused": row.paused,
        "heard": None if row.heard is None else dump(_seen(row.heard)),
    }


def _seen(seen: Seen) -> list[Any]:
    return [seen.at, seen.state.value, seen.latency, seen.detail, seen.version]


def _told(stored: Sequence[Any]) -> Seen:
    at, state, latency, detail, version = stored
    return Seen(at, MonitorState(state), latency, detail, version)


def _read(row: RowMapping) -> MonitorRow:
    tally = Tally(
        MonitorState(row["state"]),
        row["streak"],
        row["since"],
        row["counted_at"],
        row["excuse"],
        tuple(map(_told, json.loads(row["recent"]))),
        row["flapping"],
    )
    return MonitorRow(
        row["name"],
        row["subject"],
        row["customer"],
        row["due"],
        row["token"],
        tally,
        row["read_at"],
        row["paused"],
        _told(json.loads(row["heard"])) if row["heard"] else None,
    )
