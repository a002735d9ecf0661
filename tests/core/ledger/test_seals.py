"""Seals: they hold what moved, follow each other, and tell what was written anew."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from tests.core.ledger.scene import (
    BODY,
    NOW,
    Database,
    counts,
    deciding,
    event,
    new_case,
    record,
    tamper,
)
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import Noted
from upheld.ledger import Conflict, Leaf, Ledger, Seal
from upheld.ledger.chain import link_of
from upheld.ledger.merkle import head_hash, leaf_hash, root_of
from upheld.ledger.seals import _MOVED


def seal(ledger: Ledger, now: int = NOW) -> Seal | None:
    return ledger.retrying(lambda tx: tx.seal(now))


def leaves(ledger: Ledger, number: int) -> list[Leaf]:
    with ledger.reading() as tx:
        return tx.leaves(number)


def faults(ledger: Ledger) -> list[tuple[str | None, int | None, str]]:
    with ledger.reading() as tx:
        return [(fault.subject, fault.seq, fault.what) for fault in tx.verify_all()]


@pytest.fixture
def case(ledger: Ledger) -> str:
    """A case of three events, sealed after the first and after the third; the last is unsealed."""
    found = new_case(ledger)
    seal(ledger)
    for number in range(2):
        record(ledger, found, Noted(f"note {number}"))
    seal(ledger, NOW + MINUTE)
    record(ledger, found, BODY, now=NOW + MINUTE)
    return found


# --- what a seal is -----------------------------------------------------------------------------


def test_a_seal_holds_the_heads_that_moved_in_order_of_their_ids(ledger: Ledger) -> None:
    cases = [new_case(ledger) for _ in range(11)]
    made = seal(ledger)
    found = leaves(ledger, 1)
    assert [leaf.subject for leaf in found] == sorted(cases)
    assert [leaf.place for leaf in found] == list(range(11))
    with ledger.reading() as tx:
        assert {leaf.link for leaf in found} == {tx.events(case)[-1].link for case in cases}
    assert made is not None
    assert made.root == root_of([leaf_hash(x.subject, x.seq, x.link) for x in found])


def test_only_what_moved_since_is_sealed_again(ledger: Ledger) -> None:
    moves, _stays = new_case(ledger), new_case(ledger)
    seal(ledger)
    assert seal(ledger) is None
    record(ledger, moves, BODY)
    seal(ledger)
    assert [(leaf.subject, leaf.seq) for leaf in leaves(ledger, 2)] == [(moves, 2)]


def test_each_seal_follows_the_one_before(ledger: Ledger, case: str) -> None:
    third = seal(ledger, NOW + HOUR)
    with ledger.reading() as tx:
        one, two, three = tx.seals()
        assert tx.newest_seal() == three == third
        assert [leaf.seq for leaf in tx.seals_of(case)] == [1, 3, 4]
    assert (one.previous, two.previous, three.previous) == (b"", one.head, two.head)
    assert [each.number for each in (one, two, three)] == [1, 2, 3]
    assert two.head == head_hash(one.head, 2, NOW + MINUTE, two.root, 1)


def test_a_ledger_without_events_has_nothing_to_seal(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.new_subject("case", policy="p1", now=NOW)
    assert seal(ledger) is None
    with ledger.reading() as tx:
        assert (tx.newest_seal(), tx.seals()) == (None, [])


# --- two daemons --------------------------------------------------------------------------------


def test_daemons_that_seal_at_once_make_one_chain(database: Database, ledger: Ledger) -> None:
    for _ in range(20):
        new_case(ledger)
    start = threading.Barrier(4)

    def daemon(own: Ledger) -> None:
        start.wait(10)
        for _ in range(5):
            seal(own)

    with database.another() as second:
        threads = [
            threading.Thread(target=daemon, args=(own,)) for own in (ledger, second, ledger, second)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert counts(ledger, "leaf") == 20
    assert faults(ledger) == []


def test_whoever_follows_a_seal_that_was_followed_already_decides_again(ledger: Ledger) -> None:
    first = new_case(ledger)
    seal(ledger)
    record(ledger, first, BODY)
    with ledger.reading() as tx:
        before = tx.newest_seal()
    seal(ledger)
    new_case(ledger)
    with ledger.transaction() as tx:
        tx.newest_seal = lambda: before  # type: ignore[method-assign]
        with pytest.raises(Conflict):
            tx.seal(NOW)
    assert seal(ledger) is not None
    assert faults(ledger) == []


def test_what_is_being_written_is_left_for_the_next_seal(fresh_schema: str) -> None:
    Ledger.create(fresh_schema)
    with Ledger.open(fresh_schema, site="test") as ledger:
        busy, calm = new_case(ledger), new_case(ledger)
        with ledger.transaction() as tx:
            tx.record(busy, event(BODY), deciding(), now=NOW)
            seal(ledger)
        seal(ledger)
        assert [leaf.subject for leaf in leaves(ledger, 1)] == [calm]
        assert [(leaf.subject, leaf.seq) for leaf in leaves(ledger, 2)] == [(busy, 2)]


# --- cost ---------------------------------------------------------------------------------------


def test_what_moved_is_found_through_its_own_index(ledger: Ledger) -> None:
    new_case(ledger)
    explain = "EXPLAIN QUERY PLAN " if ledger._engine.dialect.name == "sqlite" else "EXPLAIN "
    with ledger.reading() as tx:
        run = tx._connection.execute
        if ledger._engine.dialect.name == "postgresql":
            run(text("SET LOCAL enable_seqscan = off"))  # so few rows would be read as they lie
        sql = _MOVED.compile(dialect=tx._connection.dialect).string
        plan = " ".join(str(row) for row in run(text(explain + sql)))
    assert "ix_subject_unsealed" in plan


# --- what it tells ------------------------------------------------------------------------------


def rebuild(ledger: Ledger, case: str) -> None:
    """Make the chain of a case hold again, as whoever owns the database can."""
    with ledger.transaction() as tx:
        run, head = tx._connection.execute, b""
        for row in tx.stored(case):
            head = link_of(head, row)
            values = {"s": case, "n": row["seq"], "l": head}
            run(text("UPDATE event SET link = :l WHERE subject = :s AND seq = :n"), values)
        run(text("UPDATE subject SET head = :l WHERE id = :s"), {"s": case, "l": head})


def test_an_untouched_ledger_holds(ledger: Ledger, case: str) -> None:
    assert faults(ledger) == []


def test_a_chain_that_was_written_anew_is_found_with_its_events(ledger: Ledger, case: str) -> None:
    tamper(ledger, "UPDATE event SET at = at - 1 WHERE seq = 2")
    rebuild(ledger, case)
    (found,) = faults(ledger)
    assert found == (case, 2, "written anew: not what seal 2 holds of events 2 to 3")


def test_an_end_cut_off_is_found(ledger: Ledger, case: str) -> None:
    tamper(ledger, "DELETE FROM event WHERE seq > 2")
    tamper(ledger, "UPDATE subject SET seq = 2")
    rebuild(ledger, case)
    assert faults(ledger) == [(case, 2, "gone: not what seal 2 holds of events 2 to 3")]


def test_a_case_that_was_taken_away_whole_is_found(ledger: Ledger, case: str) -> None:
    for table, column in (("event", "subject"), ("payload", "subject"), ("subject", "id")):
        tamper(ledger, f"DELETE FROM {table} WHERE {column} = :c", c=case)
    assert faults(ledger) == [(case, 3, "it was sealed, but the subject is gone")]


def test_an_event_that_is_dated_back_is_found(ledger: Ledger, case: str) -> None:
    seal(ledger, NOW + HOUR)
    record(ledger, case, Noted("we called them in time"), now=NOW)
    ((subject, seq, what),) = faults(ledger)
    assert (subject, seq) == (case, 5)
    assert what.startswith(
        "put in later: it says it was recorded at 2027-01-15T08:00:00Z, but seal 3"
    )


def test_a_case_that_is_dated_back_is_found(ledger: Ledger, case: str) -> None:
    seal(ledger, NOW + HOUR)
    assert [found[:2] for found in faults(ledger)] == []
    other = new_case(ledger)
    assert [found[:2] for found in faults(ledger)] == [(other, 1)]


def test_a_commit_that_took_its_time_is_no_fault(ledger: Ledger, case: str) -> None:
    seal(ledger, NOW + 9 * MINUTE)
    record(ledger, case, BODY, now=NOW)
    assert faults(ledger) == []


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE seal SET at = at - 1 WHERE number = 1", "edited"),
        ("UPDATE seal SET leaves = 2 WHERE number = 1", "edited"),
        ("UPDATE seal SET root = head WHERE number = 1", "edited"),
        ("UPDATE seal SET head = root WHERE number = 1", "edited"),
        ("UPDATE seal SET previous = root WHERE number = 2", "does not follow from seal 1"),
        ("DELETE FROM seal WHERE number = 1", "removed before this one: 1"),
        ("DELETE FROM seal WHERE number = 2", "the seal is gone"),
        ("UPDATE leaf SET seq = 2 WHERE seal = 2", "not those that were sealed"),
        ("UPDATE leaf SET subject = 'C9' WHERE seal = 2", "not those that were sealed"),
        ("UPDATE leaf SET place = 1 WHERE seal = 2", "not those that were sealed"),
        ("DELETE FROM leaf WHERE seal = 1", "not those that were sealed"),
    ],
)
def test_a_seal_that_was_touched_is_found(ledger: Ledger, case: str, sql: str, told: str) -> None:
    tamper(ledger, sql)
    of_seals = [what for subject, seq, what in faults(ledger) if subject is None and seq is None]
    assert told in " ".join(of_seals)


def test_erasing_leaves_chain_and_seals_as_they_were(ledger: Ledger, case: str) -> None:
    with ledger.transaction() as tx:
        ids = [stored.id for stored in tx.events(case)]
        tx.erase(case, ids[:2], now=NOW + HOUR)
        assert (tx.erased(case), tx.erased(), tx.erased("C99")) == (2, 2, 0)
    assert faults(ledger) == []
