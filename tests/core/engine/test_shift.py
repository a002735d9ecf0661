"""Who comes on duty is told what waits for them, once; and is looked at again when they hand over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.engine.scene import START, terms
from upheld.calendar.instant import HOUR, Instant
from upheld.case.decision import Decision, Purpose, Send, Subject
from upheld.case.events import UPHELD, Body, Event, Opened, Receipted, ShiftChanged, Ticked
from upheld.engine.shift import decide_shift

TERMS = terms("statement: true")
RECEIPT = Receipted("S1/hand-over/1>bo", "accepted", "mail", "mailbox", "bo", "notify", (), "")


class Shift:
    """The shifts of a rotation in the hands of their decider."""

    def __init__(self) -> None:
        self.subject = Subject("S1", "shift", 0, "v")
        self.hears(Opened("shift", "ops", ""), START)

    def hears(self, body: Body, at: Instant, seen: Instant | None = None) -> Decision:
        event = Event(f"e{self.subject.seq}", at, at if seen is None else seen, UPHELD, body)
        decision = decide_shift(TERMS, self.subject, event)
        facts = (*self.subject.facts, event)
        self.subject = replace(
            self.subject, seq=self.subject.seq + 1, facts=facts, state=decision.state
        )
        return decision


def changed(person: str, hours: int, *cases: str) -> ShiftChanged:
    return ShiftChanged("ops", person, START + hours * HOUR, cases)


def test_the_first_that_is_seen_on_duty_is_told_nothing() -> None:
    decision = Shift().hears(changed("ann", 8), START)
    assert (decision.actions, decision.wake_at) == ((), START + 8 * HOUR)


def test_whoever_comes_is_told_which_cases_wait() -> None:
    shift = Shift()
    shift.hears(changed("ann", 8), START)
    decision = shift.hears(changed("bo", 16, "C1", "C7"), START + 8 * HOUR)
    (send,) = decision.actions
    assert isinstance(send, Send)
    assert (send.purpose, send.to, send.template) == (Purpose.NOTIFY, ("bo",), "hand-over")
    assert send.facts == {"hand-over": {"rotation": "ops", "cases": ["C1", "C7"]}}
    assert (send.due, send.late, decision.wake_at) == (START + 8 * HOUR, 0, START + 16 * HOUR)


def test_what_is_noticed_late_says_so() -> None:
    shift = Shift()
    decision = shift.hears(changed("bo", 16, "C1"), START + 8 * HOUR, START + 10 * HOUR)
    (send,) = decision.actions
    assert isinstance(send, Send)
    assert send.late == 2 * HOUR


@pytest.mark.parametrize("body", [changed("bo", 16), changed("", 16), changed("", 16, "C1")])
def test_without_cases_or_without_anybody_nothing_is_said(body: ShiftChanged) -> None:
    assert Shift().hears(body, START).actions == ()


def test_in_a_gap_whoever_had_the_last_turn_is_the_holder() -> None:
    shift = Shift()
    shift.hears(changed("ann", 8), START)
    assert shift.hears(changed("", 16), START + 8 * HOUR).state["holder"] == "ann"
    assert shift.hears(changed("bo", 24), START + 16 * HOUR).state["holder"] == "bo"


@pytest.mark.parametrize("body", [Ticked(), RECEIPT])
def test_other_news_changes_nothing_and_the_next_hand_over_stays(body: Body) -> None:
    shift = Shift()
    before = shift.hears(changed("ann", 8), START)
    after = shift.hears(body, START + HOUR)
    assert (after.state, after.actions, after.wake_at) == (before.state, (), before.wake_at)


def test_where_a_provider_keeps_the_schedule_by_now_nothing_is_due_any_more() -> None:
    shift = Shift()
    shift.hears(changed("ann", 8), START)
    assert shift.hears(ShiftChanged("ops", "", None), START + HOUR).wake_at is None
