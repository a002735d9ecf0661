"""It is another customer's: their plan counts from then on, and nothing that was judged is undone."""

from __future__ import annotations

import pytest

from tests.core.engine.scene import OPENED, PAT, START, Case, at, terms
from upheld.case.clock import ClockState
from upheld.case.events import (
    Attached,
    Body,
    CustomerMessage,
    Event,
    Proposed,
    PublicReply,
    Restated,
    Triaged,
    VerdictGiven,
)
from upheld.case.state import CaseState
from upheld.engine.attached import why_silent
from upheld.engine.fold import begin, fold

TO_BOLT = Restated(reporter="", customer="bolt", plan="premier")
PREMIER = "target: resolution, for: {plan: premier}, within: 4 hours"


def test_a_target_of_the_new_plan_counts_from_its_start() -> None:
    case = Case(terms(PREMIER))
    assert case.life(at(1)).clocks == ()
    case.happens(TO_BOLT, at(1))
    run = case.clock(at(2))
    assert (run.state, run.started, run.due) == (ClockState.RUNNING, START, at(4))


def test_a_target_of_the_old_plan_is_promised_no_more() -> None:
    case = Case(terms(PREMIER))
    case.happens(TO_BOLT, START)
    case.happens(Restated(customer="acme"), at(1))
    case.until(at(5))
    assert case.verdicts() == {}


def test_what_was_missed_before_stays_missed() -> None:
    case = Case(terms(PREMIER))
    case.happens(TO_BOLT, START)
    case.until(at(5))
    case.happens(Restated(customer="acme"), at(5))
    case.until(at(9))
    assert [body.verdict for body in case.bodies(VerdictGiven)] == ["missed"]


@pytest.mark.parametrize(("customer", "armed"), [("acme", False), ("bolt", True), (None, True)])
def test_only_the_customers_own_message_asks_for_an_answer(
    customer: str | None, armed: bool
) -> None:
    case = Case(terms("target: next_response, within: 2 hours"))
    case.happens(PublicReply("We look into it."), at(1))
    case.happens(TO_BOLT, at(2))
    case.happens(CustomerMessage("Any news?", customer=customer), at(3), by=PAT)
    assert bool(case.life(at(4)).clocks) is armed


def test_late_news_of_the_correction_takes_back_what_their_message_set_off() -> None:
    case = Case(terms("target: next_response, within: 2 hours"))
    case.happens(PublicReply("We look into it."), at(1))
    case.happens(CustomerMessage("Any news?", customer="acme"), at(3), by=PAT)
    case.until(at(6))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}
    case.happens(TO_BOLT, at(2), seen=at(7))
    assert [body.verdict for body in case.bodies(VerdictGiven)] == ["missed", "withdrawn"]


# --- attached -------------------------------------------------------------------------------------


def state(*bodies: Body) -> CaseState:
    """A case of Acme's, marked as severity 1."""
    found = begin(Event("o", START, START, PAT, OPENED))
    for number, body in enumerate((Proposed(1), Triaged(1), *bodies)):
        found = fold(found, Event(f"e{number}", at(number), at(number), PAT, body))
    return found


@pytest.mark.parametrize(
    ("parent", "child", "why"),
    [
        ((), (Attached("C2"),), None),
        ((TO_BOLT,), (Attached("C2"),), "another customer's now"),
        ((), (Attached("C2"), TO_BOLT), "another customer's now"),
        ((TO_BOLT,), (Attached("C2", "bolt"),), None),
        ((), (Attached("C2", "bolt"),), "another customer's now"),
        ((Restated(customer=""),), (Attached("C2", ""),), None),
    ],
)
def test_a_parent_speaks_to_whom_it_was_attached_for(
    parent: tuple[Body, ...], child: tuple[Body, ...], why: str | None
) -> None:
    assert why_silent(state(*parent), state(*child)) == why
