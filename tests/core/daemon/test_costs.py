"""What a page costs on its way must not grow with what the ledger holds: no statement reads a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
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
_LINE: Final = re.compile(r"(?:SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?(?:INDEX (\w+)|(\w.*)))?")
_NO_PLAN: Final = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA")


def whole(line: str, partial: set[str]) -> str | None:
    """The table that a line of a plan reads as a whole; None where an index leads to what is wanted.

    All of a partial index is little. ``SEARCH subject`` without an index is the search for a least value.
    """
    found = _LINE.match(line)
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


def test_nor_does_the_look_for_the_next_time(home: House) -> None:
    with plans(home.desk.ledger) as found:
        home.desk.ledger.next_wake()
        home.desk.ledger.due(home.desk.clock.now(), 50)
    assert found == []
