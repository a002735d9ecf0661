"""A case and an item that both exist are made one, or are parted; and open conflicts are decided."""

from __future__ import annotations

import json
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.events import Actor, Event, Linked, Noted
from upheld.desk.intake import Intake, Source
from upheld.errors import NotFound, Refusal
from upheld.ledger import FieldConflict, Link, Transaction
from upheld.plugin import RemoteCase
from upheld.sync.merge import Winner

_TAKES: Final = {"ours": Winner.OURS, "theirs": Winner.THEIRS}


def connect(
    tx: Transaction, intake: Intake, source: Source, case: str, item: RemoteCase, by: Actor
) -> Link:
    """Link them; ``Refusal`` where either is linked otherwise. The item's history is the case's from
    now on, and what was said of the case before is not said there again."""
    ref, now = item.ref, intake.records.clock.now()
    subject = tx.subject(case)
    if subject.kind != "case":
        raise Refusal(f"{case} is no case", do_next="see `upheld cases list`")
    new = tx.link_of(case, source.name) is None
    tx.link(
        case,
        source.name,
        remote_id=ref.id,
        key=ref.key,
        url=ref.url,
        scope=ref.scope,
        now=now,
        mirrored=subject.seq,
    )
    if new:
        body = Linked(source.name, ref.id, ref.key, ref.url)
        name = f"{source.name}:{ref.id}/linked:{ref.key}@{subject.seq}"
        intake.records.add(tx, case, Event(name, now, now, by, body))
    intake.take(tx, source, item)
    tx.synced(case, 0)
    link = tx.link_of(case, source.name)
    assert link is not None
    return link


def part(
    tx: Transaction, intake: Intake, case: str, connection: str, reason: str, by: Actor
) -> Link:
    """Unlink them; both stay as they are. ``NotFound`` where there is no link."""
    now = intake.records.clock.now()
    link = tx.unlink(case, connection, reason=f"{reason} ({by.id})", now=now)
    if link is None:
        raise NotFound(
            f"{case} has no item on {connection}", do_next="see `upheld links list --case`"
        )
    text = f"[unlinked] {link.key} on {connection}: {reason}"
    name = f"unlinked:{connection}:{link.remote_id}@{now}"
    intake.records.add(tx, case, Event(name, now, now, by, Noted(text)))
    return link


def decide(tx: Transaction, number: int, take: str, by: Actor, now: Instant) -> FieldConflict:
    """Somebody says whose value stands: it is written, or taken in, the next time.

    ``Refusal`` where it was decided before.
    """
    conflict, winner = tx.conflict(number), _TAKES[take]
    if conflict.winner is not None:
        raise Refusal(f"conflict {number} was decided: {conflict.winner} stands")
    tx.resolve_conflict(number, winner.value, by=by.id, now=now)
    link = tx.link_of(conflict.subject, conflict.connection)
    if link is None:
        return tx.conflict(number)
    ours, theirs = json.loads(conflict.ours), json.loads(conflict.theirs)
    base = link.agreed.get(conflict.field, (None, None))
    # Whose value stands is the one that has changed since; the other one is what was agreed.
    pair = (base[0], theirs) if winner is Winner.OURS else (ours, base[1])
    tx.agree(conflict.subject, conflict.connection, {conflict.field: pair}, link.version)
    where = {"scope": link.scope, "remote_id": link.remote_id, "key": link.key, "url": link.url}
    tx.keep_hint(conflict.connection, **where, now=now)  # type: ignore[arg-type]
    tx.synced(conflict.subject, 0)
    return tx.conflict(number)
