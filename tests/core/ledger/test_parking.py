"""A decider that fails parks its subject; nothing is lost, and nothing overtakes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.ledger.scene import BODY, NOW, counts, decide, deciding, event, new_case, record
from upheld.calendar.instant import MINUTE
from upheld.case.decision import Decision, Subject
from upheld.case.events import Event, Noted, Ticked
from upheld.errors import NotFound
from upheld.ledger import Ledger


def park(ledger: Ledger, case: str, happened: Event, *, now: int = NOW) -> None:
    with ledger.transaction() as tx:
        tx.park(case, happened, "division by zero", now=now, retry_after=5 * MINUTE)


@pytest.fixture
def case(ledger: Ledger) -> str:
    return new_case(ledger, decider=deciding(wake_at=NOW))


def test_a_parked_event_is_kept_undecided(ledger: Ledger, case: str) -> None:
    happened = event(BODY)
    park(ledger, case, happened)
    with ledger.reading() as tx:
        stored = tx.events(case)
        assert tx.subject(case).facts[-1] == happened
        assert tx.verify(case) == []
    assert [(e.kind, e.undecided) for e in stored[1:]] == [("noted", True), ("undecided", False)]


def test_a_parked_subject_waits(ledger: Ledger, case: str) -> None:
    park(ledger, case, event(BODY))
    assert ledger.due(NOW, 10) == []
    assert ledger.next_wake() == NOW + 5 * MINUTE
    assert ledger.due(NOW + 5 * MINUTE, 10) == [case]


def test_parked_subjects_are_listed_with_error_and_events(ledger: Ledger, case: str) -> None:
    happened = event(BODY)
    park(ledger, case, happened)
    with ledger.reading() as tx:
        (parked,) = tx.parked()
    assert (parked.id, parked.until, parked.times) == (case, NOW + 5 * MINUTE, 1)
    assert (parked.error, parked.events) == ("division by zero", (happened.id,))


def test_the_next_tick_decides_what_was_left(ledger: Ledger, case: str) -> None:
    happened = event(BODY)
    park(ledger, case, happened)
    told: list[str] = []
    record(ledger, case, Ticked(), decider=_noting(told), now=NOW + 5 * MINUTE)
    assert told == ["noted with 1", "ticked with 2"]
    with ledger.reading() as tx:
        assert tx.parked() == []
        assert not any(e.undecided for e in tx.events(case))
        assert tx.verify(case) == []


def test_news_does_not_overtake_what_is_left(ledger: Ledger, case: str) -> None:
    park(ledger, case, event(Noted("first")))
    park(ledger, case, event(Noted("second")))
    told: list[str] = []
    record(ledger, case, Noted("third"), decider=_noting(told))
    assert told == ["noted with 1", "noted with 2", "noted with 3"]


def test_parking_twice_counts_and_keeps_the_event_once(ledger: Ledger, case: str) -> None:
    happened = event(BODY)
    park(ledger, case, happened)
    before = counts(ledger, "event")
    park(ledger, case, happened, now=NOW + MINUTE)
    assert counts(ledger, "event") == before
    with ledger.reading() as tx:
        (parked,) = tx.parked()
    assert (parked.times, parked.until) == (2, NOW + 11 * MINUTE)


def test_a_tick_is_not_kept_but_told_once(ledger: Ledger, case: str) -> None:
    park(ledger, case, event(Ticked()))
    park(ledger, case, event(Ticked()), now=NOW + MINUTE)
    with ledger.reading() as tx:
        assert [e.kind for e in tx.events(case)] == ["opened", "undecided"]


def test_an_event_that_is_parked_is_not_recorded_again(ledger: Ledger, case: str) -> None:
    happened = event(BODY)
    park(ledger, case, happened)
    with ledger.transaction() as tx:
        assert tx.record(case, happened, decide, now=NOW) is None
    with ledger.reading() as tx:
        assert len(tx.parked()) == 1


def test_unparking_makes_it_due_at_once(ledger: Ledger, case: str) -> None:
    park(ledger, case, event(BODY))
    with ledger.transaction() as tx:
        tx.unpark(case, now=NOW)
    assert ledger.due(NOW, 10) == [case]


def test_it_is_tried_again_after_growing_pauses_of_at_most_an_hour(
    ledger: Ledger, case: str
) -> None:
    pauses = []
    for _ in range(6):
        park(ledger, case, event(Ticked()))
        with ledger.reading() as tx:
            pauses.append((tx.parked()[0].until - NOW) // MINUTE)
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_all_that_is_parked_may_be_tried_at_once(ledger: Ledger, case: str) -> None:
    new_case(ledger)
    park(ledger, case, event(BODY))
    with ledger.transaction() as tx:
        tx.unpark_all(now=NOW)
    assert ledger.due(NOW, 10) == [case]


def test_only_the_parked_can_be_unparked(ledger: Ledger, case: str) -> None:
    with ledger.transaction() as tx, pytest.raises(NotFound, match="not parked"):
        tx.unpark(case, now=NOW)


def test_the_others_go_on(ledger: Ledger, case: str) -> None:
    other = new_case(ledger)
    park(ledger, case, event(BODY))
    assert record(ledger, other, BODY) is not None


def _noting(told: list[str]) -> Any:
    def decider(subject: Subject, happened: Event) -> Decision:
        told.append(f"{happened.body.kind} with {len(subject.facts)}")
        return Decision({})

    return decider
