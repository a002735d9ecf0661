"""What becomes of the clocks where a case is something else than a problem to solve; who has the say."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.engine.scene import BO, BOT, HEAD, OPENED, PAT, START, Case, at
from upheld.calendar.instant import HOUR
from upheld.case.clock import ClockState
from upheld.case.events import (
    UPHELD,
    Actor,
    Body,
    Event,
    Flagged,
    KindSet,
    OutcomeSet,
    Proposed,
    Provided,
    PublicReply,
    SeveritySet,
    Triaged,
)
from upheld.engine.case import replay, why_no_clock
from upheld.engine.terms import Terms, compile_terms
from upheld.policy import load_policy

LISTS = """
products: {shield: {versions: {"2.0": {until: 2026-01-31}}}}
outcomes:
  third_party: {clocks: stop}
  altered: {clocks: stop, on_return: new_cycle}
  best_effort: {}
kinds: {usage: Use., other: Anything else.}
"""


def terms(*rules: str) -> Terms:
    lines = [f"  - {{id: A-{n}, says: A promise., {rule}}}" for n, rule in enumerate(rules, 1)]
    return compile_terms(load_policy(LISTS + HEAD + "\n".join(lines)))


ANSWER = "target: first_response, within: 4 hours"


def case_of(*rules: str) -> Case:
    return Case(terms(*rules))


def state_of(case: Case, hours: float) -> tuple[ClockState, int]:
    run = case.clock(at(hours))
    return run.state, run.spent // HOUR


# --- clocks ---------------------------------------------------------------------------------------


def test_an_outcome_takes_the_case_off_the_clock() -> None:
    case = case_of(ANSWER)
    case.happens(OutcomeSet("third_party", "it is their driver", "Foo driver"), at(3))
    case.until(at(50))
    assert state_of(case, 50) == (ClockState.STOPPED, 3)
    assert (case.verdicts(), case.decision.wake_at) == ({}, None)
    assert why_no_clock(case.life(at(50))) == "off the clock: third_party"


def test_one_that_stops_nothing_leaves_the_clock_running() -> None:
    case = case_of(ANSWER)
    case.happens(OutcomeSet("best_effort", "…"), at(3))
    case.until(at(5))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}


def test_taken_back_the_clock_goes_on_with_the_time_that_was_spent() -> None:
    case = case_of(ANSWER)
    case.happens(OutcomeSet("third_party", "theirs"), at(3))
    case.happens(OutcomeSet(None, "ours after all"), at(20))
    assert case.clock(at(20)).due == at(21)
    case.until(at(22))
    assert case.verdicts() == {"A-1/A-1/clock/1": "missed"}


def test_or_begins_anew_where_the_policy_says_so() -> None:
    case = case_of(ANSWER)
    case.happens(OutcomeSet("altered", "patched by hand"), at(3))
    case.happens(OutcomeSet(None, "the patch is out"), at(20))
    first, second = case.life(at(20)).clocks
    assert (first.state, first.due, second.due) == (ClockState.STOPPED, None, at(24))
    case.happens(PublicReply("Hello"), at(23))
    assert case.verdicts() == {"A-1/A-1/clock/2": "met"}


def test_a_breach_that_is_recorded_stays() -> None:
    for outcome in ("third_party", "altered"):
        case = case_of(ANSWER)
        case.until(at(5))
        case.happens(OutcomeSet(outcome, "theirs"), at(6))
        case.happens(OutcomeSet(None, "no"), at(7))
        assert case.verdicts()["A-1/A-1/clock/1"] == "missed"


def test_from_one_outcome_to_another_it_stays_off_the_clock() -> None:
    case = case_of(ANSWER)
    case.happens(OutcomeSet("altered", "…"), at(1))
    case.happens(OutcomeSet("third_party", "…"), at(2))
    case.happens(OutcomeSet(None, "…"), at(9))
    assert case.clock(at(9)).due == at(12)  # it is what was taken back that says how it goes on


def test_an_answer_while_it_is_off_the_clock_is_an_answer() -> None:
    case = case_of(ANSWER)
    case.happens(OutcomeSet("third_party", "…"), at(3))
    case.happens(PublicReply("Please ask them"), at(30))
    assert case.verdicts() == {"A-1/A-1/clock/1": "met"}


def test_what_is_only_proposed_stops_the_clock_until_somebody_says_otherwise() -> None:
    case = case_of(ANSWER)
    case.happens(Proposed(2, outcome="third_party"), START, by=UPHELD)
    assert state_of(case, 2) == (ClockState.STOPPED, 0)
    case.happens(OutcomeSet(None, "a problem of ours"), at(2))
    assert case.clock(at(2)).due == at(6)


@pytest.mark.parametrize(
    ("target", "due"),
    [
        ("target: update, within: 2 hours", 7),  # an hour was left
        ("target: resolution, within: 2 hours, starts: triaged", 7),
        ("target: fix, within: 2 business hours, calendar: office, outside_hours: 3 hours", 7),
        # An instant waits for nobody.
        ("target: repair, by: close of next business day, calendar: office", 32),
    ],
)  # fmt: skip
def test_every_kind_of_clock_is_stopped_and_goes_on(target: str, due: float) -> None:
    case = case_of(target)
    case.happens(Triaged(2), START)
    case.happens(PublicReply("Hello"), START)
    case.happens(OutcomeSet("third_party", "…"), at(1))
    case.until(at(6))
    assert [run.state for run in case.life(at(6)).clocks][-1] is ClockState.STOPPED
    assert case.verdicts() == {}
    case.happens(OutcomeSet(None, "…"), at(6))
    assert case.life(at(6)).clocks[-1].due == at(due)


def test_an_answer_while_it_is_off_the_clock_arms_no_clock_that_runs() -> None:
    case = case_of("target: update, within: 2 hours")
    case.happens(OutcomeSet("third_party", "…"), at(1))
    case.happens(PublicReply("Please ask them"), at(2))
    case.until(at(9))
    assert (case.verdicts(), case.decision.wake_at) == ({}, None)
    case.happens(OutcomeSet(None, "…"), at(9))
    assert case.life(at(9)).clocks[-1].due == at(11)


# --- what rules say of a case ---------------------------------------------------------------------


def test_a_rule_can_set_an_outcome_a_kind_and_a_flag() -> None:
    case = case_of(
        ANSWER,
        "when: {kind: other}, do: [set: {outcome: third_party, flag: vip, reason: not covered}]",
    )
    case.happens(KindSet("other"), at(1))
    state = case.state(at(1))
    assert (state.outcome, *state.flags) == ("third_party", "vip")
    assert state.judged == OutcomeSet("third_party", "not covered")
    assert state_of(case, 9) == (ClockState.STOPPED, 1)


def test_a_version_that_is_told_later_puts_the_case_where_it_belongs() -> None:
    case = case_of(ANSWER, "when: {product: discontinued}, do: [set: {outcome: third_party}]")
    case.happens(Provided("product", "Shield"), at(1))
    assert case.state(at(1)).standing == "supported"
    case.happens(Provided("version", "2.0"), at(2))
    state = case.state(at(2))
    assert (state.product_id, state.standing, state.outcome) == (
        "shield",
        "discontinued",
        "third_party",
    )


def test_a_rule_may_ask_that_it_is_a_problem_to_solve() -> None:
    case = case_of("when: {outcome: none, flag: vip}, do: [notify: manager]")
    case.happens(OutcomeSet("best_effort", "…"), at(1))
    case.happens(Flagged("vip"), at(2))
    assert case.results() == []
    case.happens(OutcomeSet(None, "…"), at(3))
    assert [due for due, _ in case.results()] == [at(3)]


# --- people override ------------------------------------------------------------------------------

SET_ALL = (
    "when: {proposed: {severity: 1}}, after: 1 hour,"
    " do: [set: {severity: 1, outcome: third_party, flag: vip, kind: other}]"
)
DECIDED: tuple[Body, ...] = (
    SeveritySet(3),
    OutcomeSet(None, "ours"),
    Flagged("vip", on=False),
    KindSet("usage"),
)
PROPOSAL = Proposed(1, flags=("vip",), outcome="third_party", case_kind="other")


def decided(case: Case, hours: float) -> tuple[object, ...]:
    state = case.state(at(hours))
    return state.acting_severity, state.outcome, "vip" in state.flags, state.case_kind


def test_no_rule_undoes_what_a_person_has_said() -> None:
    case = case_of(SET_ALL)
    case.happens(PROPOSAL, START, by=UPHELD)
    assert decided(case, 2) == (1, "third_party", True, "other")
    for body in DECIDED:
        case.happens(body, at(0.5))
    assert decided(case, 2) == (3, None, False, "usage")


def test_what_a_person_says_later_counts_from_then() -> None:
    case = case_of(SET_ALL)
    case.happens(PROPOSAL, START, by=UPHELD)
    case.until(at(4))
    assert decided(case, 4) == (1, "third_party", True, "other")
    for body in DECIDED:
        case.happens(body, at(5))
    assert decided(case, 5) == (3, None, False, "usage")


@pytest.mark.parametrize("by", [BOT, UPHELD, PAT])
def test_a_machine_or_a_customer_does_not_overrule_a_person(by: Actor) -> None:
    case = case_of(ANSWER)
    case.happens(OutcomeSet(None, "ours"), at(1))
    case.happens(OutcomeSet("third_party", "says the bot"), at(2), by=by)
    assert case.state(at(3)).outcome is None


_FACTS = [
    Event("p1", START, START, UPHELD, PROPOSAL),
    *(Event(f"d{n}", at(1), at(1), BO, body) for n, body in enumerate(DECIDED)),
    Event("p2", at(2), at(2), UPHELD, PROPOSAL),
    Event("p3", at(3), at(3), PAT, Proposed(1, reason="as pat set it")),
]


@settings(max_examples=40, deadline=None)
@given(st.permutations(_FACTS), st.lists(st.sampled_from(_FACTS), max_size=3))
def test_an_override_is_lost_under_no_order_of_arrival(
    facts: list[Event], again: list[Event]
) -> None:
    case = case_of(SET_ALL)
    for fact in facts:
        case.take(fact)
    assert decided(case, 9) == (3, None, False, "usage")


def test_the_same_facts_give_the_same_outcome_and_clocks_in_any_order() -> None:
    own = terms(ANSWER)
    facts = [
        Event("o", START, START, PAT, OPENED),
        Event("a", at(1), at(1), BO, OutcomeSet("altered", "…")),
        Event("b", at(2), at(2), BO, OutcomeSet(None, "…")),
        Event("c", at(3), at(3), BO, OutcomeSet("third_party", "…")),
    ]
    lives = {str(replay(own, "C1", order, at(9)).clocks) for order in permutations(facts)}
    assert len(lives) == 1
