"""Several daemons, one ledger: nothing lost, nothing doubled, whatever crashes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from tests.core.ledger.scene import (
    BODY,
    NOW,
    Database,
    begin,
    counts,
    decide,
    delivery,
    end,
    event,
    lease,
    new_case,
    plan,
    record,
)
from upheld.case.decision import Decision, Subject
from upheld.case.events import Event, Noted
from upheld.errors import TooMuchRace
from upheld.ledger import Conflict, DeliveryState, Ledger, Transaction


def together(*works: Callable[[], object]) -> list[object]:
    """Run each in a thread of its own; their answers."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]


def test_the_loser_of_a_race_decides_again_with_the_winners_fact(
    ledger: Ledger, database: Database
) -> None:
    case = new_case(ledger)
    start = Barrier(2)

    def write(ledger: Ledger) -> object:
        start.wait(10)
        return [record(ledger, case, Noted("x")) is not None for _ in range(20)]

    with database.another() as other:
        together(lambda: write(ledger), lambda: write(other))
    with ledger.reading() as tx:
        subject = tx.subject(case)
        assert (subject.seq, len(subject.facts)) == (41, 41)
        assert subject.state == {"seen": 41, "facts": 40}
        assert tx.verify(case) == []


def test_a_lost_compare_and_set_writes_nothing(ledger: Ledger) -> None:
    case = new_case(ledger)

    def overtaken(subject: Subject, happened: Event) -> Decision:
        # SQLite has one writer, so the winner writes over the loser's own connection.
        tx._connection.execute(text("UPDATE subject SET seq = 7"))
        return decide(subject, happened)

    with pytest.raises(Conflict), ledger.transaction() as tx:
        tx.record(case, event(BODY), overtaken, now=NOW)
    with ledger.reading() as tx:
        assert tx.subject(case).seq == 1
    assert counts(ledger, "event") == 1


def test_who_is_always_overtaken_gives_up_in_the_end(ledger: Ledger) -> None:
    tries: list[int] = []

    def lose(_tx: Transaction) -> None:
        tries.append(1)
        raise Conflict("lost")

    with pytest.raises(TooMuchRace, match="3 times"):
        ledger.retrying(lose, tries=3)
    assert len(tries) == 3


def test_twenty_threads_over_a_hundred_cases_lose_nothing(
    ledger: Ledger, database: Database
) -> None:
    with ledger.transaction() as tx:
        cases = [tx.new_subject("case", policy="p", now=NOW) for _ in range(100)]
    start = Barrier(20)

    def write(worker: int, ledger: Ledger) -> None:
        start.wait(10)
        for number in range(10):
            record(ledger, cases[(worker * 7 + number * 13) % 100], Noted(f"{worker}/{number}"))

    with database.another() as other:
        together(*(lambda w=w: write(w, (ledger, other)[w % 2]) for w in range(20)))
    with ledger.reading() as tx:
        texts = [f.body.text for case in cases for f in tx.subject(case).facts]  # type: ignore[union-attr]
        assert sorted(texts) == sorted(f"{w}/{n}" for w in range(20) for n in range(10))
        assert tx.verify_all() == []


def test_batches_over_the_same_cases_lose_nothing(ledger: Ledger, database: Database) -> None:
    with ledger.transaction() as tx:
        cases = [tx.new_subject("case", policy="p", now=NOW) for _ in range(10)]

    def write(ledger: Ledger, *, backwards: bool) -> None:
        for _ in range(10):
            items = [(case, event(Noted("x"))) for case in cases]
            items = items[::-1] if backwards else items
            ledger.retrying(lambda tx, items=items: tx.record_all(items, decide, now=NOW))  # type: ignore[misc]

    with database.another() as other:
        together(lambda: write(ledger, backwards=False), lambda: write(other, backwards=True))
    with ledger.reading() as tx:
        assert {tx.subject(case).seq for case in cases} == {20}


def test_two_dispatchers_send_each_delivery_once(ledger: Ledger, database: Database) -> None:
    plan(ledger, new_case(ledger), *(delivery(f"d{n}", lane=f"{n % 5}") for n in range(40)))
    start = Barrier(2)

    def dispatch(ledger: Ledger, owner: str) -> list[str]:
        start.wait(10)
        sent: list[str] = []
        while counts(ledger, "delivery WHERE state = 'pending'"):
            for found in lease(ledger, owner, limit=3):
                assert begin(ledger, found)
                sent.append(found.key)
                end(ledger, found, DeliveryState.ACCEPTED)
        return sent

    with database.another() as other:
        one, two = together(lambda: dispatch(ledger, "one"), lambda: dispatch(other, "two"))
    assert isinstance(one, list)
    assert isinstance(two, list)
    assert sorted(one + two) == sorted(f"d{n}" for n in range(40))


_DIES = """
import os, signal, sys
from tests.core.ledger.scene import NOW, OPENED, decide, event
from upheld.ledger import Ledger

ledger = Ledger.open(sys.argv[1], site="test")
with ledger.transaction() as tx:
    case = tx.new_subject("case", policy="p", now=NOW)
    tx.record(case, event(OPENED), decide, now=NOW)
    tx.claim_item("mail", "m1")
    print("written", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_in_the_middle_leaves_nothing(ledger: Ledger, database: Database) -> None:
    died = subprocess.run(
        [sys.executable, "-c", _DIES, database.url], capture_output=True, text=True, check=False
    )
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "written\n")
    assert [counts(ledger, table) for table in ("subject", "event", "outbox", "inbound")] == [0] * 4
    assert new_case(ledger) == "C1"
