"""What is watched: leased while it is read, and stored with what was counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.ledger.scene import BODY, event
from upheld.calendar.instant import MINUTE, Instant
from upheld.case.decision import Decision, Subject
from upheld.case.events import Event, Turned
from upheld.case.monitor import MonitorState, Seen, Tally
from upheld.ledger import Ledger
from upheld.ledger.monitors import MonitorRow

NOW: Instant = 1_000 * MINUTE


def row(name: str, due: Instant | None = NOW) -> MonitorRow:
    return MonitorRow(name, f"M-{name}", "acme", due, 0, Tally())


@pytest.fixture
def watched(ledger: Ledger) -> Ledger:
    with ledger.transaction() as tx:
        for name, due in (("web", NOW), ("mail", NOW - MINUTE), ("beats", None)):
            tx.watch(row(name, due))
    return ledger


def leased(
    ledger: Ledger, owner: str = "a", *, now: Instant = NOW, seconds: float = 60
) -> list[str]:
    with ledger.transaction() as tx:
        return [each.name for each in tx.lease_monitors(owner, now, limit=10, seconds=seconds)]


def test_what_is_due_is_leased_longest_due_first_and_once(watched: Ledger) -> None:
    assert leased(watched) == ["mail", "web"]
    assert leased(watched, "b") == []


def test_what_is_not_due_waits(watched: Ledger) -> None:
    assert leased(watched, now=NOW - MINUTE) == ["mail"]
    with watched.reading() as tx:
        assert tx.next_reading() == NOW, "of what is in nobody's hands"


def test_a_lease_that_ran_out_is_taken_over_and_the_late_reading_does_not_count(
    watched: Ledger,
) -> None:
    with watched.transaction() as tx:
        slow = tx.lease_monitors("a", NOW, limit=1, seconds=0)[0]
    assert leased(watched, "b", seconds=60) == ["mail", "web"]
    with watched.transaction() as tx:
        assert not tx.land_monitor(replace(slow, due=NOW + MINUTE))


def test_what_was_counted_is_stored_with_the_reading(watched: Ledger) -> None:
    seen = Seen(NOW, MonitorState.DOWN, 1500, "connection refused", "2.1")
    tally = Tally(MonitorState.SOFT_DOWN, 3, NOW - MINUTE, NOW - MINUTE, "window W1", (seen,), True)
    with watched.transaction() as tx:
        held = tx.lease_monitors("a", NOW, limit=1, seconds=60)[0]
        after = replace(held, due=NOW + MINUTE, tally=tally, read_at=NOW, heard=seen)
        assert tx.land_monitor(after)
    with watched.reading() as tx:
        assert tx.monitors(["mail"]) == [replace(after, token=held.token + 1)]
    assert leased(watched, now=NOW + MINUTE) == ["web", "mail"]


def test_the_same_reading_lands_once(watched: Ledger) -> None:
    with watched.transaction() as tx:
        held = tx.lease_monitors("a", NOW, limit=1, seconds=60)[0]
        assert tx.land_monitor(held)
        assert not tx.land_monitor(held)


def test_what_there_is_reason_to_look_at_is_due_at_once(watched: Ledger) -> None:
    with watched.transaction() as tx:
        tx.hasten(["web", "mail", "beats"], NOW - 5 * MINUTE)
    with watched.reading() as tx:
        dues = {each.name: each.due for each in tx.monitors()}
    assert dues == {"beats": None, "mail": NOW - 5 * MINUTE, "web": NOW - 5 * MINUTE}


def test_what_is_watched_no_longer_is_forgotten(watched: Ledger) -> None:
    with watched.transaction() as tx:
        tx.retire(["web", "mail"])
        assert [each.name for each in tx.monitors()] == ["beats"]
        assert tx.next_reading() is None


def test_when_each_turned_last_is_asked_of_its_facts(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        turned, never = (tx.new_subject("monitor", policy="p", now=NOW) for _ in range(2))
        for minute, state in ((1, "up"), (3, "down"), (2, "up")):
            body = Turned(state, "unread", NOW)
            tx.record(turned, event(body, at=NOW + minute * MINUTE), _decided, now=NOW)
        tx.record(never, event(BODY), _decided, now=NOW)
    with ledger.reading() as tx:
        assert tx.turned_at([turned, never]) == {turned: NOW + 3 * MINUTE}
        assert tx.turned_at([]) == {}


def test_those_that_are_paused_are_found_with_their_subjects(watched: Ledger) -> None:
    with watched.transaction() as tx:
        (web,) = tx.monitors(["web"])
        assert tx.land_monitor(replace(web, paused=True))
    with watched.reading() as tx:
        assert tx.paused() == [("web", "M-web")]


def test_what_is_paused_is_not_hastened(watched: Ledger) -> None:
    with watched.transaction() as tx:
        (web,) = tx.monitors(["web"])
        tx.land_monitor(replace(web, due=NOW + MINUTE, paused=True))
        tx.hasten(["web"], NOW)
    with watched.reading() as tx:
        assert [row.due for row in tx.monitors(["web"])] == [NOW + MINUTE]


def _decided(_subject: Subject, _event: Event) -> Decision:
    return Decision({})
