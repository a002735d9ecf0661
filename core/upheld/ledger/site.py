"""Whose ledger this is, whether it may send, who is running, and small secrets."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, bindparam, delete, exists, select, update

from upheld.calendar.instant import Instant, Span
from upheld.ledger.machine import NOW
from upheld.ledger.part import Part, or_replace, unless_there
from upheld.ledger.records import Node, Site, StopState
from upheld.ledger.schema import counter, node, policy, site, stop, vault

_CLAIM: Final = unless_there(site)
_KEEP: Final = unless_there(policy)
_BEAT: Final = or_replace(node, "id")
_STORE: Final = or_replace(vault, "connection", "key")
_SET: Final = or_replace(counter, "name")
#: Kept among the counters: a number with a name, which every schema has room for.
_RESTORED: Final = "restored"
_NODES: Final = select(node).order_by(node.c.beat.desc())
_HEARD: Final = (
    select(node)
    .where(node.c.beat > NOW - bindparam("within", type_=BigInteger))
    .order_by(node.c.id)
)
_TIME: Final = select(NOW)
_STANDING: Final = select(stop).where(stop.c.resumed.is_(None))
#: Everything outgoing is held.
STOPPED: Final = exists().where(stop.c.resumed.is_(None))


class Sites(Part):
    """The ledger's own rows."""

    def site(self) -> Site | None:
        """Whose ledger this is; None while it is nobody's."""
        row = self._connection.execute(select(site)).first()
        return None if row is None else Site(row.name, row.epoch)

    def claim_site(self, name: str) -> Site:
        """Make an unclaimed ledger that of ``name``; whose it is then."""
        first = {"only": 1, "name": name, "epoch": 1}
        self._connection.execute(_CLAIM[self._dialect], first)
        row = self._connection.execute(select(site)).one()
        return Site(row.name, row.epoch)

    def begin_epoch(self, epoch: int, now: Instant) -> None:
        """After a restore, at ``now``: what was leased or sent before belongs to another life."""
        self._connection.execute(update(site).values(epoch=epoch))
        self._connection.execute(_SET[self._dialect], {"name": _RESTORED, "value": now})

    def restored(self) -> Instant | None:
        """When this ledger was last restored from a backup; None where it never was."""
        found = select(counter.c.value).where(counter.c.name == _RESTORED)
        at: Instant | None = self._connection.execute(found).scalar()
        return at

    def stop(self, reason: str, actor: str, now: Instant) -> StopState:
        """Hold everything outgoing; where it is held already, that stop stands."""
        standing = self.stopped()
        if standing is not None:
            return standing
        row = {"reason": reason, "actor": actor, "at": now}
        self._connection.execute(stop.insert().values(row))
        return StopState(reason, actor, now)

    def resume(self, actor: str, now: Instant) -> bool:
        """Let it go again; False where nothing was held."""
        ended = update(stop).where(stop.c.resumed.is_(None))
        done = self._connection.execute(ended.values(resumed=now, resumed_by=actor))
        return done.rowcount > 0

    def stopped(self) -> StopState | None:
        """Since when, by whom and why everything outgoing is held; None where it isn't."""
        row = self._connection.execute(_STANDING).first()
        return None if row is None else StopState(row.reason, row.actor, row.at)

    def beat(self, node_id: str, *, version: str, config: str) -> None:
        """A daemon's sign of life, with its version and the hash of its configuration."""
        row = {"id": node_id, "version": version, "config": config}
        beat = _BEAT[self._dialect].values(beat=NOW)
        self._connection.execute(beat, row)

    def nodes(self) -> list[Node]:
        """Every daemon that was ever seen, the last to be heard first."""
        rows = self._connection.execute(_NODES)
        return [Node(row.id, row.version, row.config, row.beat) for row in rows]

    def heard(self, within: Span) -> list[Node]:
        """Those that were heard within so long of machine time, by their names."""
        rows = self._connection.execute(_HEARD, {"within": within})
        return [Node(row.id, row.version, row.config, row.beat) for row in rows]

    def forget_node(self, node_id: str) -> None:
        """A daemon that ended in order leaves no row behind."""
        self._connection.execute(delete(node).where(node.c.id == node_id))

    def machine_time(self) -> Instant:
        """The machine's time, by which leases and signs of life are to be read."""
        return int(self._connection.execute(_TIME).scalar_one())


class Policies(Part):
    """The text of every policy that cases were ever pinned to."""

    def keep_policy(self, version: str, source: str) -> None:
        """Keep the text under its version, which names its content; again changes nothing."""
        self._connection.execute(_KEEP[self._dialect], {"version": version, "source": source})

    def kept_policy(self, version: str) -> str | None:
        """The text of a version; None where it was never in force here."""
        found = select(policy.c.source).where(policy.c.version == version)
        source: str | None = self._connection.execute(found).scalar()
        return source


class Vault(Part):
    """Small secrets of connections: rotated tokens, webhook secrets. Never logged, never listed."""

    def vault_get(self, connection: str, key: str) -> str | None:
        """The stored value; None where there is none."""
        found = select(vault.c.value).where(vault.c.connection == connection, vault.c.key == key)
        value: str | None = self._connection.execute(found).scalar()
        return value

    def vault_set(self, connection: str, key: str, value: str) -> None:
        """Store a value, or replace it."""
        row = {"connection": connection, "key": key, "value": value}
        self._connection.execute(_STORE[self._dialect], row)

    def vault_delete(self, connection: str, key: str) -> bool:
        """Forget a value; False where there was none."""
        which = (vault.c.connection == connection) & (vault.c.key == key)
        return self._connection.execute(delete(vault).where(which)).rowcount == 1

    def vault_keys(self, connection: str) -> list[str]:
        """The names of what is stored, never the values."""
        found = select(vault.c.key).where(vault.c.connection == connection).order_by(vault.c.key)
        return list(self._connection.execute(found).scalars())
