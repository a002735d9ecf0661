"""An item that changed is read again, however often and whenever that was said."""

from __future__ import annotations

from tests.core.ledger.scene import NOW
from upheld.calendar.instant import SECOND, Instant
from upheld.ledger import Ledger


def hint(ledger: Ledger, remote_id: str, *, on: str = "jira", now: Instant = NOW) -> None:
    with ledger.transaction() as tx:
        tx.keep_hint(
            on, scope="OPS", remote_id=remote_id, key=f"OPS-{remote_id}", url=None, now=now
        )


def waiting(ledger: Ledger, on: str = "jira") -> list[str]:
    with ledger.reading() as tx:
        return [each.remote_key for each in tx.hints(on, limit=10)]


def test_the_oldest_is_read_first(ledger: Ledger) -> None:
    for remote_id in ("7", "3", "5"):
        hint(ledger, remote_id)
    assert waiting(ledger) == ["OPS-7", "OPS-3", "OPS-5"]


def test_ten_hints_of_one_item_are_one(ledger: Ledger) -> None:
    for later in range(10):
        hint(ledger, "7", now=NOW + later * SECOND)
    with ledger.reading() as tx:
        (found,) = tx.hints("jira", limit=10)
    assert (found.times, found.since) == (10, NOW)


def test_connections_do_not_see_each_others(ledger: Ledger) -> None:
    hint(ledger, "7")
    hint(ledger, "7", on="other")
    assert waiting(ledger) == waiting(ledger, "other") == ["OPS-7"]


def test_what_was_read_is_gone(ledger: Ledger) -> None:
    hint(ledger, "7")
    hint(ledger, "8")
    with ledger.transaction() as tx:
        tx.drop_hints(tx.hints("jira", limit=1))
    assert waiting(ledger) == ["OPS-8"]


def test_one_that_came_again_while_it_was_read_stays(ledger: Ledger) -> None:
    hint(ledger, "7")
    with ledger.reading() as tx:
        read = tx.hints("jira", limit=10)
    hint(ledger, "7")
    with ledger.transaction() as tx:
        tx.drop_hints(read)
    assert waiting(ledger) == ["OPS-7"]


def test_how_many_wait_and_since_when_is_known_by_connection(ledger: Ledger) -> None:
    hint(ledger, "7")
    hint(ledger, "8", now=NOW + SECOND)
    hint(ledger, "1", on="other", now=NOW + 2 * SECOND)
    with ledger.reading() as tx:
        assert tx.hints_waiting() == {"jira": (2, NOW), "other": (1, NOW + 2 * SECOND)}
