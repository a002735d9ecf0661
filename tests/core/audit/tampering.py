"""Whoever owns the database, and how far they go to hide what they did to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from upheld.ledger import Transaction
from upheld.ledger.chain import EVENT_ROW, PAYLOAD_ROW, link_of
from upheld.ledger.inspection import LATE
from upheld.ledger.merkle import head_hash, leaf_hash, root_of
from upheld.ledger.schema import event, leaf, payload, seal, subject

Rows = list[dict[str, Any]]

#: What was done is left as it is; the chain is made to hold again; and all seals as well.
NAIVE, CHAIN, SEALS = range(3)


@dataclass(frozen=True)
class Tampering:
    """What was done, to which case, from which event on, and how well it was hidden."""

    how: str
    case: str
    seq: int
    depth: int


class Tamperer:
    """Writes past the ledger, inside a transaction that the test rolls back."""

    def __init__(self, connection: Connection, chance: Random) -> None:
        self.connection = connection
        self.chance = chance
        self.tx = Transaction(connection)

    def tamper(self, case: str, *, sealed: int, before: int) -> Tampering:
        """Do something to one of the first ``sealed`` events; an event dated back is older than
        ``before``."""
        how = self.chance.choice(sorted(_WAYS))
        depth = self.chance.choice([NAIVE, CHAIN, SEALS])
        rows = [dict(row) for row in self.tx.stored(case)]
        if how == "date back":
            depth, seq = CHAIN, len(rows) + 1
            rows.append(_forged(rows[-1], before - LATE - self.chance.randrange(1, 10**9)))
        else:
            seq = _WAYS[how](self, rows, sealed)
        if depth > NAIVE:
            _link(case, rows)
        self._store(case, rows, depth)
        if depth is SEALS:
            self._reseal(case, seq, {"remove": -1, "insert": 1}.get(how, 0))
        return Tampering(how, case, seq, depth)

    def edit(self, rows: Rows, sealed: int) -> int:
        """Change a word, an instant or what was said."""
        row = rows[self.chance.randrange(sealed)]
        what = self.chance.choice(["id", "kind", "origin", "at", "seen", "recorded", "bytes"])
        if what == "bytes":
            row["bytes"] = row["bytes"].replace(b"note", b"gift")
            row["digest"] = sha256(row["salt"] + row["bytes"]).digest()
        elif what in {"id", "kind", "origin"}:
            row[what] += "x"
        else:
            row[what] += self.chance.randrange(1, 10**6)
        return int(row["seq"])

    def whisper(self, rows: Rows, sealed: int) -> int:
        """Change what was said, and nothing else."""
        row = rows[self.chance.randrange(sealed)]
        row["bytes"] += b" "
        return int(row["seq"])

    def remove(self, rows: Rows, sealed: int) -> int:
        """Take an event out."""
        place = self.chance.randrange(sealed)
        del rows[place]
        return place + 1

    def reorder(self, rows: Rows, sealed: int) -> int:
        """Let two events change places."""
        one, two = sorted(self.chance.sample(range(sealed), 2))
        rows[one], rows[two] = rows[two], rows[one]
        for name in ("seq", "recorded"):  # whoever does this with care leaves the dates in order
            rows[one][name], rows[two][name] = rows[two][name], rows[one][name]
        return one + 1

    def insert(self, rows: Rows, sealed: int) -> int:
        """Put an event in, and count on."""
        place = self.chance.randrange(sealed)
        rows.insert(place, _forged(rows[place], rows[place]["recorded"]))
        for seq, row in enumerate(rows, 1):
            row["seq"] = seq
        return place + 1

    def _store(self, case: str, rows: Rows, depth: int) -> None:
        run = self.connection.execute
        for table in (event, payload):
            run(delete(table).where(table.c.subject == case))
        run(insert(event), [{name: row[name] for name in EVENT_ROW} for row in rows])
        run(insert(payload), [{name: row[name] for name in PAYLOAD_ROW} for row in rows])
        if depth > NAIVE:
            ends = {"seq": rows[-1]["seq"], "head": rows[-1]["link"]}
            run(update(subject).where(subject.c.id == case).values(ends))

    def _reseal(self, case: str, seq: int, shift: int) -> None:
        """Write every leaf and every seal as if it had always been so."""
        links = {row["seq"]: row["link"] for row in self.tx.stored(case)}
        previous = b""
        for old in self.tx.seals():
            leaves = self.tx.leaves(old.number)
            for found in leaves:
                if found.subject == case:
                    at = found.seq + (shift if found.seq >= seq else 0)
                    which = (leaf.c.seal == found.seal) & (leaf.c.place == found.place)
                    values = {"seq": at, "link": links[at]}
                    self.connection.execute(update(leaf).where(which).values(values))
            hashes = [leaf_hash(x.subject, x.seq, x.link) for x in self.tx.leaves(old.number)]
            root = root_of(hashes)
            head = head_hash(previous, old.number, old.at, root, old.leaves)
            values = {"previous": previous, "root": root, "head": head}
            self.connection.execute(update(seal).where(seal.c.number == old.number).values(values))
            previous = head


_WAYS: dict[str, Callable[[Tamperer, Rows, int], int]] = {
    "edit": Tamperer.edit,
    "whisper": Tamperer.whisper,
    "remove": Tamperer.remove,
    "reorder": Tamperer.reorder,
    "insert": Tamperer.insert,
    "date back": lambda _self, rows, _sealed: len(rows),
}


def _forged(like: dict[str, Any], recorded: int) -> dict[str, Any]:
    seq = like["seq"] + 1
    return like | {"id": f"forged-{like['id']}", "seq": seq, "recorded": recorded}


def _link(case: str, rows: Rows) -> None:
    head = b""
    for seq, row in enumerate(rows, 1):
        row |= {"seq": seq, "subject": case}
        row["digest"] = sha256(row["salt"] + row["bytes"]).digest()
        row["link"] = head = link_of(head, row)
