"""Mutated mail, all the way: delivered, fetched, taken in by a desk; and what became of all of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import select

from tests.core.desk.scene import Desk
from tests.plugins.email.conftest import settings
from upheld.ledger import Ledger
from upheld.ledger.schema import event, kept
from upheld.plugin import Inbound, Message, Receipt, Refused
from upheld.testing import make_context
from upheld_email.adapter import Email
from upheld_email.simulator import MailSimulator

CORPUS: Final = Path(__file__).with_name("corpus")
#: Mails that lie in the mailbox at a time.
_HEAP: Final = 500


@dataclass
class Tally:
    """What came of so many mails. ``lost``: ids that are in no case, no note and no quarantine;
    ``untaken``: reasons of those that intake choked on; ``longest``: seconds for a page."""

    delivered: int = 0
    fetched: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    lost: set[str] = field(default_factory=set)
    untaken: list[str] = field(default_factory=list)
    longest: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether every mail was fetched, and is somewhere."""
        return self.delivered == self.fetched and not self.lost and not self.untaken


def mutated(data: bytes, seed: int, others: Sequence[bytes]) -> bytes:
    """Bytes changed, cut, doubled and moved, and pieces of other mails put in."""
    dice, found = random.Random(seed), bytearray(data)
    for _ in range(dice.randint(1, 12)):
        here, there = sorted(dice.randrange(len(found) + 1) for _ in range(2))
        match dice.randrange(5):
            case 0 if here < len(found):
                found[here] = dice.randrange(256)
            case 1:
                del found[here : min(there, here + 40)]
            case 2:
                found[here:here] = found[here : min(there, here + 200)]
            case 3:
                found[here:here] = dice.choice(
                    [b"\0", b"\r\n", b"\n\n", b"=?", b"\xff", b'"', b"--"]
                )
            case _:
                found[here:here] = dice.choice(others)[:300]
    return bytes(found)


def mails(number: int, seed: int = 0) -> Iterator[bytes]:
    """So many mutations of the corpus, the same for the same ``seed``."""
    corpus = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]
    for each in range(number):
        yield mutated(corpus[each % len(corpus)], seed + each, corpus)


def played(
    ledger: Ledger,
    folder: Path,
    number: int,
    seed: int = 0,
    watch: Callable[[int], object] = lambda _done: None,
) -> Tally:
    """Take in so many mutated mails, heap by heap, as a daemon does: a page, a transaction.

    After each heap ``watch`` is told how many are done.
    """
    desk, tally, source = Desk(ledger), Tally(), mails(number, seed)
    clock = desk.clock.as_datetime
    ids: set[str] = set()
    while heap := list(islice(source, _HEAP)):
        desk.clock.forward(hours=1)  # nobody writes more in an hour than anybody may
        with make_context(folder, clock, "mailbox") as context, MailSimulator(clock) as far:
            for mail in heap:
                far.deliver(mail)
            with closing(Email(settings(far), context)) as mailbox:
                for page in pages(mailbox, tally):
                    desk.take(*page)
                    ids |= {item.id for item in page if isinstance(item, Message | Refused)}
        tally.delivered += len(heap)
        watch(tally.delivered)
    in_cases, in_quarantine = found(ledger)
    tally.lost = ids - in_cases - in_quarantine
    tally.fates = Counter(cases=len(ids & in_cases), kept=len(ids & in_quarantine))
    tally.untaken = [each.reason for each in desk.kept() if "could not be taken" in each.reason]
    return tally


def pages(mailbox: Email, tally: Tally) -> Iterator[Sequence[Inbound]]:
    """Each page, with the longest time that one took. A bounce is two items: itself, and a receipt."""
    cursor, more = None, True
    while more:
        began = time.perf_counter()
        page = mailbox.pull(cursor)
        tally.longest = max(tally.longest, time.perf_counter() - began)
        cursor, more = page.cursor, page.more
        tally.fetched += sum(not isinstance(item, Receipt) for item in page.items)
        yield page.items


def found(ledger: Ledger) -> tuple[set[str], set[str]]:
    """The ids of all messages that are events of a subject, and of all that are kept."""
    with ledger._engine.connect() as connection:
        return (
            set(connection.execute(select(event.c.id)).scalars()),
            set(connection.execute(select(kept.c.item)).scalars()),
        )
