"""Somebody wrote who is no partner's contact: one answer a day, and no case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.engine.scene import START, at, terms
from upheld.calendar.instant import DAY, Instant
from upheld.case.decision import Decision, Purpose, Send, Subject
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    CustomerMessage,
    Event,
    Noted,
    Opened,
    Side,
    StepResult,
    StepTaken,
    Ticked,
)
from upheld.engine.referral import decide_referral

TERMS = terms("intake: {from: unknown, do: [refer: hint]}")
SOMEBODY = Actor("x@elsewhere.example", Side.UNKNOWN)
OPENED = Opened("email", "Help", "my mail is broken", SOMEBODY.id, enforced_from=START)
AGAIN = CustomerMessage("hello?", SOMEBODY.id)


class Referral:
    """A referral in the hands of its decider."""

    def __init__(self, opened: Opened = OPENED) -> None:
        self.subject = Subject("R1", "referral", 0, "v")
        self.first = self.hears(opened, START)

    def hears(self, body: Body, when: Instant) -> Decision:
        event = Event(f"m{self.subject.seq}", when, when, SOMEBODY, body)
        decision = decide_referral(TERMS, self.subject, event)
        facts = (*self.subject.facts, event)
        self.subject = replace(
            self.subject, seq=self.subject.seq + 1, facts=facts, state=decision.state
        )
        return decision


def test_they_are_told_who_can_help_with_evidence_for_the_clause() -> None:
    decision = Referral().first
    assert decision.actions == (
        Send(
            "R1/A-1/referral/m0",
            Purpose.REFERRAL,
            ("reporter",),
            ("A-1",),
            START,
            template="hint",
        ),
    )
    (follow,) = decision.follows
    assert follow.body == StepTaken(
        "R1/A-1/referral/m0", "A-1", "referral", START, StepResult.TAKEN
    )
    listed = decision.listing
    assert (listed.status, listed.title, listed.opened) == ("referred", "Help", START)
    assert decision.wake_at is None


@pytest.mark.parametrize(("later", "sends"), [(DAY - 1, 0), (DAY, 1)])
def test_writing_again_within_a_day_brings_no_second_answer(later: Instant, sends: int) -> None:
    referral = Referral()
    assert len(referral.hears(AGAIN, START + later).actions) == sends


def test_the_day_counts_from_the_last_answer_not_from_the_last_mail() -> None:
    referral = Referral()
    for hour in (10, 20):
        assert referral.hears(AGAIN, at(hour)).actions == ()
    assert len(referral.hears(AGAIN, at(24)).actions) == 1


@pytest.mark.parametrize("body", [Noted("…"), Ticked()])
def test_only_their_own_words_are_answered(body: Body) -> None:
    referral = Referral()
    event = Event("e", at(48), at(48), UPHELD, body)
    decision = decide_referral(TERMS, referral.subject, event)
    assert (decision.actions, decision.follows) == ((), ())
    assert decision.state == referral.subject.state


def test_what_is_older_than_the_connection_is_listed_and_not_answered() -> None:
    decision = Referral(replace(OPENED, enforced_from=None)).first
    assert decision.actions == ()
    (follow,) = decision.follows
    assert isinstance(follow.body, StepTaken)
    assert follow.body.result is StepResult.BEFORE_ENFORCEMENT


def test_whom_no_rule_refers_is_listed() -> None:
    decision = Referral(replace(OPENED, customer_kind="staff")).first
    assert (decision.actions, decision.follows) == ((), ())
    assert decision.listing.status == "referred"
