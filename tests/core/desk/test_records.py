"""Facts into the ledger: cases that can't be decided, and who was passed over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.desk.scene import ANN, NOW, PAT, RAY, Desk, broken, message
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.decision import Decision, Subject
from upheld.case.events import (
    Actor,
    Event,
    Noted,
    PassedOver,
    Queued,
    Side,
    StepResult,
    StepTaken,
    Ticked,
    Worked,
)

STAFF = Actor("bo", Side.STAFF)


# --- what can't be decided ------------------------------------------------------------------------


@pytest.fixture
def two(desk_on_both: Desk) -> Desk:
    """Two cases, C1 and C2."""
    desk_on_both.take(message(PAT), message(RAY))
    return desk_on_both


def parked(desk: Desk) -> list[str]:
    with desk.ledger.reading() as tx:
        assert tx.verify_all() == []
        return [subject.id for subject in tx.parked()]


def noted(desk: Desk, case: str, event_id: str, text: str = "a word") -> Any:
    now = desk.clock.now()
    return desk.add(case, Event(event_id, now, now, ANN, Noted(text)))


def test_a_case_that_can_not_be_decided_is_parked_alone(two: Desk) -> None:
    with broken(two, "C1"):
        assert noted(two, "C1", "n1") is None
        assert noted(two, "C2", "n1") is not None
    assert parked(two) == ["C1"]
    with two.ledger.reading() as tx:
        (found,) = tx.parked()
    assert (found.error, found.events) == ("ZeroDivisionError: at n1", ("n1",))
    assert found.until == NOW + MINUTE


def test_what_was_kept_is_decided_later_with_its_own_instants(two: Desk) -> None:
    """The work was begun in time; that it was decided an hour later changes no verdict."""
    two.verbs.triage("C1", ANN, 1, number="1042")
    two.clock.forward(hours=1)
    with broken(two, "C1"):
        two.verbs.work("C1", STAFF)
    two.clock.forward(hours=2)
    two.add("C1", Event("tick:99", two.clock.now(), two.clock.now(), ANN, Ticked()))
    assert parked(two) == []
    worked = two.last("worked")
    assert (worked.at, worked.seen, two.state().worked_at) == ((NOW + HOUR,) * 3)
    steps = [event.body for event in two.events() if isinstance(event.body, StepTaken)]
    assert not [step for step in steps if step.clause == "M-14"]


def test_the_same_news_again_is_not_kept_twice(two: Desk) -> None:
    with broken(two, "C1"):
        noted(two, "C1", "n1")
        noted(two, "C1", "n1")
    assert noted(two, "C1", "n1") is None
    noted(two, "C1", "n2")
    assert two.kinds("C1").count("noted") == 2
    assert parked(two) == []


def test_the_opening_itself_may_be_what_can_not_be_decided(desk_on_both: Desk) -> None:
    desk = desk_on_both
    with broken(desk, "C1"):
        assert desk.take(message(PAT, "first"), message(RAY, "second")) == [True, True]
    assert parked(desk) == ["C1"]
    noted(desk, "C1", "n1")
    assert {case.title for case in desk.cases()} == {"first", "second"}
    assert desk.state("C1").acting_severity == 2


def test_a_decision_that_can_not_be_written_tears_no_chain(two: Desk) -> None:
    """Two events under one id. The chain held only up to there before there was a savepoint."""
    step = StepTaken("k", "M-05", "page", NOW, StepResult.TAKEN)
    twice = (Event("twice", NOW, NOW, ANN, step),) * 2
    decide = two.book.decide

    def wrong(subject: Subject, event: Event) -> Decision:
        return Decision({}, follows=twice) if subject.id == "C1" else decide(subject, event)

    two.book.decide = wrong  # type: ignore[method-assign]
    assert noted(two, "C1", "n1") is None
    assert parked(two) == ["C1"]
    two.book.decide = decide  # type: ignore[method-assign]
    assert noted(two, "C1", "n2") is not None
    assert parked(two) == []


def test_a_case_of_a_policy_that_is_gone_waits_for_it(two: Desk) -> None:
    with two.ledger.transaction() as tx:
        tx.pin("C1", "4711")
    noted(two, "C1", "n1")
    with two.ledger.reading() as tx:
        assert "no policy of version 4711" in tx.parked()[0].error


# --- passed over ----------------------------------------------------------------------------------


@pytest.fixture
def urgent_and_slow(desk: Desk) -> Desk:
    """C1 is a severity 1, C2 a severity 2 of the same queue; nobody works either."""
    desk.take(message(PAT, "Nobody can connect"), message(PAT, "It is a bit slow"))
    return desk


@pytest.fixture
def work(urgent_and_slow: Desk) -> Desk:
    urgent_and_slow.clock.forward(minutes=5)
    return urgent_and_slow


def passed_over(desk: Desk, case: str = "C2") -> list[tuple[str, ...]]:
    return [event.body.cases for event in desk.events(case) if isinstance(event.body, PassedOver)]


def test_whoever_begins_the_less_severe_one_passes_the_other_over(work: Desk) -> None:
    work.verbs.work("C2", STAFF)
    assert passed_over(work) == [("C1",)]
    event = work.last("passed_over", "C2")
    assert (event.actor, event.at) == (STAFF, NOW + 5 * MINUTE)
    verdict = work.last("verdict_given", "C2").body
    assert (verdict.clause, verdict.verdict) == ("M-09", "missed")


def test_it_is_said_once(work: Desk) -> None:
    work.verbs.work("C2", STAFF)
    work.verbs.reply("C2", STAFF, "We look at it.")
    assert passed_over(work) == [("C1",)]


@pytest.mark.parametrize("case", ["C1", "C2"])
def test_in_the_right_order_nobody_is_passed_over(work: Desk, case: str) -> None:
    work.verbs.work("C1", STAFF)
    work.verbs.work("C2", STAFF)
    assert passed_over(work, case) == []


def test_another_queue_is_another_line(work: Desk) -> None:
    now = work.clock.now()
    work.add("C1", Event("q1", now, now, ANN, Queued("network")))
    work.verbs.work("C2", STAFF)
    assert passed_over(work) == []


def test_a_note_begins_nothing(work: Desk) -> None:
    work.verbs.note("C2", STAFF, "later")
    now = work.clock.now()
    work.add("C2", Event("w1", now, now, Actor("automation", Side.BOT), Worked("in_progress")))
    assert passed_over(work) == []
