"""Trouble of our own in the ledger: kept once, told once each way, by one daemon."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.ledger.scene import (
    NOW,
    Database,
    counts,
    delivery,
    end,
    new_case,
    page_of,
    plan,
    tamper,
)
from upheld.calendar.instant import DAY, MINUTE
from upheld.ledger import Backlog, DeliveryState, Ledger, OutboxState, Trouble

SECONDS = 60.0


def comes(ledger: Ledger, key: str = "disk", *, now: int = NOW, what: str = "nearly full") -> None:
    ledger.retrying(lambda tx: tx.trouble(key, "disk", what, now))


def goes(ledger: Ledger, *keys: str, now: int = NOW + MINUTE) -> None:
    ledger.retrying(lambda tx: tx.troubles_over(keys or ("disk",), now))


def lease(ledger: Ledger, owner: str = "one", *, now: int = NOW, calm: int = 0) -> list[str]:
    rows = ledger.retrying(lambda tx: tx.lease_troubles(owner, seconds=SECONDS, now=now, calm=calm))
    return [row.key for row in rows]


def told(ledger: Ledger, *keys: str, owner: str = "one", now: int = NOW) -> None:
    ledger.retrying(lambda tx: tx.trouble_told(owner, keys or ("disk",), "ann/pager", now))


def rows(ledger: Ledger) -> list[Trouble]:
    with ledger.reading() as tx:
        return tx.troubles()


def test_it_is_kept_since_it_came_with_what_is_known_last(ledger: Ledger) -> None:
    comes(ledger)
    comes(ledger, now=NOW + MINUTE, what="full")
    assert rows(ledger) == [Trouble("disk", "disk", "full", NOW, None, None, None, 0)]


def test_one_daemon_at_a_time_tells(ledger: Ledger, database: Database) -> None:
    comes(ledger)
    with database.another() as other:
        assert (lease(ledger), lease(other, "two")) == (["disk"], [])
        ledger.retrying(lambda tx: tx.trouble_not_told("one", ["disk"]))
        assert lease(other, "two") == ["disk"]
    assert rows(ledger)[0].attempts == 1


def test_who_dies_while_telling_loses_the_lease_and_writes_nothing(ledger: Ledger) -> None:
    comes(ledger)
    lease(ledger)
    tamper(ledger, "UPDATE trouble SET lease_until = 1")
    assert lease(ledger, "two") == ["disk"]
    told(ledger, owner="one")
    assert rows(ledger)[0].told is None


def test_it_is_told_once_each_way(ledger: Ledger) -> None:
    comes(ledger)
    lease(ledger)
    told(ledger)
    assert lease(ledger) == []
    goes(ledger)
    assert lease(ledger, now=NOW + MINUTE) == ["disk"]
    ledger.retrying(lambda tx: tx.trouble_told_over("one", ["disk"]))
    assert (lease(ledger, now=NOW + DAY), rows(ledger)) == ([], [])


def test_it_has_to_be_over_for_a_while_and_what_comes_back_is_the_same(ledger: Ledger) -> None:
    comes(ledger)
    lease(ledger)
    told(ledger)
    goes(ledger)
    assert lease(ledger, now=NOW + 5 * MINUTE, calm=5 * MINUTE) == []
    comes(ledger, now=NOW + 5 * MINUTE)
    assert lease(ledger, now=NOW + DAY, calm=5 * MINUTE) == []
    assert rows(ledger)[0].since == NOW


def test_what_was_settled_is_new_when_it_comes_again(ledger: Ledger) -> None:
    comes(ledger)
    goes(ledger)
    assert rows(ledger) == [], "nobody had heard of it"
    comes(ledger, now=NOW + DAY)
    assert (rows(ledger)[0].since, lease(ledger)) == (NOW + DAY, ["disk"])


def test_what_was_told_together_is_over_together(ledger: Ledger) -> None:
    comes(ledger, "a")
    comes(ledger, "b")
    lease(ledger)
    told(ledger, "a", "b")
    goes(ledger, "a")
    assert lease(ledger, now=NOW + DAY) == []
    goes(ledger, "b")
    assert lease(ledger, now=NOW + DAY) == ["a", "b"]


def test_what_is_settled_for_long_is_forgotten(ledger: Ledger) -> None:
    comes(ledger)
    goes(ledger)
    goes(ledger, "other", now=NOW + 91 * DAY)
    assert counts(ledger, "trouble") == 0


# --- how much goes out, and what does not -----------------------------------------------------------


def test_what_was_planned_lately_is_counted_by_its_deliveries(ledger: Ledger) -> None:
    for minute in range(3):
        key = page_of(new_case(ledger)).key
        to = [delivery(f"{key}/{n}") for n in range(minute + 1)]
        ledger.retrying(lambda tx, k=key, d=to, m=minute: tx.plan(k, d, now=NOW + m * MINUTE))  # type: ignore[misc]
    with ledger.reading() as tx:
        (found,) = tx.planned_since(NOW, ["page", "call"])
        assert tx.planned_since(NOW, ["mail"]) == []
    assert (found.purpose, found.to, found.deliveries) == ("page", ("operations-manager",), 2 + 3)


def test_what_is_held_is_counted_by_its_reason(ledger: Ledger) -> None:
    for reason in ("a", "b", "b"):
        key = page_of(new_case(ledger)).key
        ledger.retrying(lambda tx, k=key, r=reason: tx.settle(k, OutboxState.HELD, r))  # type: ignore[misc]
    with ledger.reading() as tx:
        assert tx.held() == {"a": 1, "b": 2}


@pytest.fixture
def waiting(ledger: Ledger) -> Any:
    """The backlog some minutes after a page was decided, where pages may wait for two."""

    def found(minutes: int) -> list[Backlog]:
        now = NOW + minutes * MINUTE
        with ledger.reading() as tx:
            return tx.backlog(waking=now - 2 * MINUTE, others=now - 10 * MINUTE)

    return found


def test_what_should_have_gone_out_is_found_by_its_connection(ledger: Ledger, waiting: Any) -> None:
    plan(ledger, new_case(ledger))
    assert waiting(1) == []
    assert waiting(2) == [Backlog("pager", 1, NOW, None)]


def test_what_was_tried_in_vain_tells_why(ledger: Ledger, waiting: Any) -> None:
    plan(ledger, new_case(ledger))
    (leased,) = ledger.lease("one", limit=1, seconds=60)
    with ledger.transaction() as tx:
        tx.attempting(leased)
    end(ledger, leased, DeliveryState.PENDING, detail="busy", retry_in=MINUTE)
    assert waiting(2) == [Backlog("pager", 1, NOW, "busy")]


def test_what_was_stopped_is_late_only_after_it_was_resumed(ledger: Ledger, waiting: Any) -> None:
    new_case(ledger)
    plan(ledger, new_case(ledger))
    ledger.stop("a storm", "anna", NOW)
    ledger.resume("anna", NOW + 5 * MINUTE)
    assert (waiting(6), len(waiting(7))) == ([], 1)
    with ledger.reading() as tx:
        assert [tx.unplanned_before(NOW + m * MINUTE) for m in (4, 5)] == [0, 1]


def test_what_nobody_looked_at_in_time_is_listed_and_not_under_a_stop(ledger: Ledger) -> None:
    keys = [page_of(new_case(ledger)).key for _ in range(3)]
    waits = zip(keys, (NOW + 2 * MINUTE, NOW + MINUTE, None), strict=True)
    for key, at in waits:
        ledger.retrying(lambda tx, k=key, a=at: tx.wait_for(k, a))  # type: ignore[misc]

    def late(minutes: int) -> list[str]:
        with ledger.reading() as tx:
            return tx.not_looked_at(NOW + minutes * MINUTE, 2 * MINUTE)

    assert [late(minutes) for minutes in (2, 3, 4)] == [[], [keys[1]], [keys[1], keys[0]]]
    ledger.stop("a storm", "anna", NOW + 3 * MINUTE)
    assert late(10) == []
    ledger.resume("anna", NOW + 10 * MINUTE)
    assert (late(11), len(late(12))) == ([], 2)
