"""What a page costs on its way: commits and statements are counted, and none reads a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from sqlalchemy import event, text

from tests.core.daemon.scene import House
from tests.core.desk.scene import ANN, PAT, message
from upheld.ledger import Ledger
from upheld.plugin import Permanent, Unknown

#: These grow for as long as a site runs.
GROWING: Final = frozenset(
    {"subject", "event", "payload", "outbox", "delivery", "attempt", "thread"}
)
#: A line of a plan: how a table is gone through, and by which index.
#: By these alone an index leads to a good part of all that ever was.
_COARSE: Final = re.compile(r"\((?:connection|customer|state|purpose|recipient|kind)=\?\)$")
_LINE: Final = re.compile(r"(?:SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?(?:INDEX (\w+)|(\w.*)))?")
#: A case of three messages: the opening's facts, three to plan, the lease, the letter, the beginning.
_STATEMENTS: Final = 19
_NO_PLAN: Final = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA")


def whole(line: str, partial: set[str]) -> str | None:
    """The table that a line of a plan reads as a whole; None where an index leads to what is wanted.

    All of a partial index is little. ``SEARCH subject`` without an index is the search for a least value.
    """
    found = _LINE.match(line)
    if found is not None and _COARSE.search(line):
        return found[1]
    if (
        found is None
        or found[3]
        or (found[2] and (line.startswith("SEARCH") or found[2] in partial))
    ):
        return None
    return found[1]


@contextmanager
def plans(ledger: Ledger) -> Iterator[list[tuple[str, str]]]:
    """The statements that read all of a table that grows, with the line of their plan."""
    found: list[tuple[str, str]] = []
    engine = ledger._engine
    with engine.connect() as connection:
        named = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
        partial = set(connection.execute(text(named)).scalars())

    def explain(connection: Any, _cursor: Any, sql: str, given: Any, _: Any, many: bool) -> None:
        if sql.startswith(_NO_PLAN):
            return
        raw = connection.connection.driver_connection
        rows = raw.execute(f"EXPLAIN QUERY PLAN {sql}", given[0] if many else given)
        found.extend((row[3], sql) for row in rows if whole(row[3], partial) in GROWING)

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", explain)


@pytest.mark.parametrize(
    ("line", "table"),
    [
        ("SCAN subject", "subject"),
        ("SCAN delivery USING INDEX ix_delivery_handle", "delivery"),
        ("SCAN delivery USING INDEX ix_delivery_unfinished", None),
        ("SEARCH subject", "subject"),
        ("SEARCH delivery USING INDEX ix_delivery_handle (connection=?)", "delivery"),
        ("SEARCH delivery USING INDEX ix_delivery_handle (connection=? AND handle=?)", None),
        ("SEARCH subject USING COVERING INDEX ix_subject_wake_at (wake_at>?)", None),
        ("SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)", None),
        ("USE TEMP B-TREE FOR ORDER BY", None),
    ],
)
def test_a_plan_is_read_for_whole_tables(line: str, table: str | None) -> None:
    assert whole(line, {"ix_delivery_unfinished"}) == table


def test_no_statement_from_the_news_to_the_page_reads_a_whole_table(home: House) -> None:
    """Nor do those that sweep, fail over, stand down, audit and seal beside it."""
    desk, clock = home.desk, home.desk.clock
    with plans(desk.ledger) as found:
        home.mail.say(message(PAT, "Nobody can connect"))
        home.daemon.once()
        home.pager.fail_next(Unknown("no answer"))
        desk.verbs.triage("C1", ANN, 1, number="1042")
        home.daemon.once()
        clock.forward(hours=2, minutes=5)
        home.mail.fail_next(Permanent("refused"))
        home.daemon.once()
        desk.ledger.next_wake()
        desk.verbs.work("C1", ANN)
        home.daemon.once()
    assert found == []


def test_nor_does_what_a_provider_says_of_a_page(home: House) -> None:
    with plans(home.desk.ledger) as found, home.desk.ledger.reading() as tx:
        tx.receipt("pager", "C1/M-11/page>ann")
        tx.waiting_for("ann")
        tx.gauges(home.desk.clock.now())
    # Whoever scrapes the metrics counts open cases and held messages: that is no part of the way.
    assert {table for line, _ in found if (table := line.split()[1])} <= {"subject", "outbox"}


def test_nor_does_the_look_for_the_next_time(home: House) -> None:
    with plans(home.desk.ledger) as found:
        home.desk.ledger.next_wake()
        home.desk.ledger.due(home.desk.clock.now(), 50)
    assert found == []


# --- what it costs ------------------------------------------------------------------------------------


@dataclass
class Cost:
    """What was done to the database until the page was handed to its plugin."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0
    #: Those until then, one number a page.
    paid: list[tuple[int, int]] = field(default_factory=list)


@contextmanager
def counted(house: House, patch: pytest.MonkeyPatch) -> Iterator[Cost]:
    """Counts from here to each page; what writes nothing is no commit."""
    cost, engine, send = Cost(), house.desk.ledger._engine, house.pager.send

    def ran(_c: Any, _u: Any, sql: str, *_: Any) -> None:
        cost.statements.append(sql)

    def committed(_connection: Any) -> None:
        cost.commits += 1

    def sending(*given: Any) -> Any:
        cost.paid.append((cost.commits, len(cost.statements)))
        return send(*given)

    patch.setattr(house.pager, "send", sending)
    event.listen(engine, "before_cursor_execute", ran)
    event.listen(engine, "commit", committed)
    try:
        yield cost
    finally:
        event.remove(engine, "before_cursor_execute", ran)
        event.remove(engine, "commit", committed)


def test_a_page_waits_for_one_commit(home_on_both: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever marks a case commits the marking; from there it is planned, leased and begun in one."""
    house = home_on_both
    house.mail.say(message(PAT, "Nobody can connect"))
    house.daemon.settle()
    house.desk.verbs.triage("C1", ANN, 1, number="1042")
    with counted(house, monkeypatch) as cost:
        house.daemon._dispatch()
    commits, statements = cost.paid[0]
    assert commits == 1
    assert statements <= _STATEMENTS


def test_that_it_is_being_sent_is_committed_before_the_call(
    home_on_both: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from another connection at the moment of the call: nothing of it hangs on ours."""
    house, seen, send = home_on_both, list[tuple[str, int]](), home_on_both.pager.send

    def sending(given: Any, to: Any, key: str) -> Any:
        with house.desk.ledger.reading() as tx:
            (delivery,) = (each for each in tx.deliveries(subject="C1") if each.key == key)
            seen.append((delivery.state.value, len(tx.attempts(key))))
        return send(given, to, key)

    monkeypatch.setattr(house.pager, "send", sending)
    house.mail.say(message(PAT, "Nobody can connect"))
    house.daemon.settle()
    house.desk.verbs.triage("C1", ANN, 1, number="1042")
    house.daemon.settle()
    assert len(seen) >= 2
    assert set(seen) == {("attempting", 1)}
