"""The pass over cases that moved: whose items are to be written to. It costs what moved.

Nothing of a value is kept in between: what is written is computed when it is written, so a case that
moves ten times while a tracker is down is written once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose, Subject
from upheld.case.opening import whose_since
from upheld.case.state import CaseState
from upheld.desk.records import Records
from upheld.errors import LedgerError
from upheld.ledger import FIELDS, MIRROR, Link, OutboxState, Transaction
from upheld.plugin import Logger, Value
from upheld.sync.mirrors import News
from upheld.sync.ours import ours
from upheld.sync.push import allowed, moved
from upheld.sync.trackers import Trackers

#: Messages in these states are still to be sent, or were kept in.
WAITING: Final = (OutboxState.PENDING, OutboxState.PLANNED, OutboxState.HELD, OutboxState.SHADOW)


@dataclass(frozen=True, slots=True)
class Looked:
    """A case that was looked at, as of ``seq``: the connections where fields are to be written, the
    messages that are to stand elsewhere too, as (its ``seq``, connection), and what was answered on a
    tracker and is to be mailed, as (its ``seq``, text)."""

    case: str
    seq: int
    write_to: tuple[str, ...] = ()
    mirrors: tuple[tuple[int, str], ...] = ()
    answers: tuple[tuple[int, str], ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pusher:
    """Puts one message a link in the outbox, where the case is not as agreed with the item."""

    records: Records
    trackers: Trackers
    log: Logger

    def look(self, limit: int = 50) -> int:
        """Look at cases that moved since the last time; answers how many."""
        ledger = self.records.ledger
        if ledger.foreign or not self.trackers.any:
            return 0
        with ledger.reading() as tx:
            found = [self._contained(tx, case, seq) for case, seq in tx.unsynced(limit)]
        if found:
            ledger.retrying(lambda tx: self._keep(tx, found))
        return len(found)

    def looked(self, tx: Transaction, case: str, seq: int) -> Looked:
        """What is to be done about a case."""
        links = [each for each in tx.links(case) if self.in_step(each)]
        subject = tx.subject(case) if links else None
        if subject is None or subject.kind != "case":
            return Looked(case, seq)
        life = self.records.life(subject)
        held = {each.field for each in tx.conflicts(subject=case, unresolved=True)}
        values = ours(life)
        write_to = tuple(each.connection for each in links if self._to_write(each, values, held))
        news = self._news(tx, links, seq)
        return Looked(
            case,
            seq,
            write_to,
            tuple(news.mirrors(lambda name, public: self.trackers.shown(name, public=public))),
            tuple(news.answers(self.trackers.unheard, _promised(subject, life.state))),
            tuple(each.connection for each in links),
        )

    def _news(self, tx: Transaction, links: Sequence[Link], seq: int) -> News:
        after = min(link.mirrored for link in links)
        stored = tx.news(links[0].subject, after=after) if after < seq else []
        return News([(e.seq, e.event) for e in stored if e.event and e.seq <= seq], links)

    def _to_write(self, link: Link, values: Mapping[str, Value], held: Collection[str]) -> bool:
        name = link.connection
        writes = moved(link, values, self.trackers.words(name), self.trackers.known(name))
        return bool(allowed(writes, link, held, ""))

    def _contained(self, tx: Transaction, case: str, seq: int) -> Looked:
        """One that can't be read back is parked and told elsewhere; the others go on."""
        try:
            return self.looked(tx, case, seq)
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001  whatever a policy makes of its facts
            what = f"{type(error).__name__}: {error}"
            self.log.error("case_not_synced", case=case, error=what)  # noqa: TRY400  one line
            return Looked(case, seq)

    def in_step(self, link: Link) -> bool:
        """Whether the item is there to be written to, as far as is known."""
        return not link.is_gone and self.trackers.tracks(link.connection)

    def _keep(self, tx: Transaction, found: list[Looked]) -> None:
        now = self.records.clock.now()
        for each in found:
            for seq, name in each.mirrors:
                key, where = f"mirror:{each.case}/{seq}@{name}", {"seq": seq}
                tx.enqueue(key, each.case, MIRROR, now=now, connection=name, facts=where)
            for seq, text in each.answers:
                key, facts = f"mirror:{each.case}/{seq}@{self.trackers.hears_by}", {"text": text}
                to = ["reporter"]
                tx.enqueue(key, each.case, Purpose.REPLY, now=now, recipients=to, facts=facts)
            for name in each.links:
                tx.mirrored(each.case, name, each.seq)
            for name in each.write_to:
                push(tx, each.case, name, now)
            tx.synced(each.case, each.seq)


def _promised(subject: Subject, state: CaseState) -> Instant | None:
    """Since when the customer whose case it is now is promised anything; None: not at all."""
    if state.enforced_from is None:
        return None
    return max(state.enforced_from, whose_since(subject.facts) or 0)


def push(tx: Transaction, case: str, connection: str, now: int) -> bool:
    """Have the item written to; False where that is under way already."""
    items = tx.items(subject=case, states=WAITING)
    if any(each.purpose == FIELDS and each.connection == connection for each in items):
        return False
    number = tx.next_number("fields")
    return tx.enqueue(
        f"fields:{case}@{connection}/{number}", case, FIELDS, now=now, connection=connection
    )
