"""Whatever is done to events older than the last witnessed head is found, however it is hidden."""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest
from sqlalchemy import Connection

from tests.core.audit.conftest import Life
from tests.core.audit.tampering import SEALS, Tamperer, Tampering
from upheld.ledger import Transaction
from upheld.report.witness import Verified, verify

#: A long run: UPHELD_TAMPERINGS=1000 pytest tests/core/audit/test_tampering.py
TIMES = int(os.environ.get("UPHELD_TAMPERINGS", "100"))


def tampered(life: Life, connection: Connection, seed: int) -> Tampering:
    chance = Random(seed)
    case = chance.choice(life.cases)
    tamperer = Tamperer(connection, chance)
    return tamperer.tamper(case, sealed=life.sealed[case], before=life.witnessed_at)


def named(found: Verified, done: Tampering) -> bool:
    """Whether what was found names the case, and an event no later than the one after."""
    seqs = [f.seq for f in found.faults if f.subject == done.case and f.seq is not None]
    if (
        done.depth is SEALS
    ):  # of what stood there a head tells nothing: the cases under it are named
        return bool(seqs) and any("not the one that was witnessed" in f.what for f in found.faults)
    return bool(seqs) and min(seqs) <= done.seq + 1


@pytest.mark.timeout(60 + TIMES)
def test_every_tampering_is_found_and_named(life: Life) -> None:
    missed, kinds = [], Counter[tuple[str, int]]()
    for seed in range(TIMES):
        with life.ledger._engine.connect() as connection:
            done = tampered(life, connection, seed)
            found = verify(Transaction(connection), "test", heads=life.heads)
            connection.rollback()
        kinds[done.how, done.depth] += 1
        if not named(found, done):
            missed.append((seed, done, found.faults))
    assert missed == []
    assert len(kinds) >= 12, "every way at every depth"


def test_what_was_not_touched_holds_before_and_after(life: Life) -> None:
    with life.ledger.reading() as tx:
        found = verify(tx, "test", heads=life.heads)
    assert found.faults == ()
    assert found.witnessed is not None
    assert found.witnessed.number == life.heads[-1].number


def test_without_a_witness_a_rebuilt_ledger_holds(life: Life) -> None:
    """What the witness is for: chains and seals alone can't tell."""
    rebuilt = 0
    for seed in range(40):
        with life.ledger._engine.connect() as connection:
            done = tampered(life, connection, seed)
            found = verify(Transaction(connection), "test")
            connection.rollback()
        if done.depth is SEALS:
            rebuilt += 1
            assert found.faults == (), done
        else:
            assert found.faults != (), done
    assert rebuilt > 5
