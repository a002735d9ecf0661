"""Two clauses that promise one thing, and what an attached case leaves to its parent to say."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.engine.scene import BO, OPENED, START, Case, at, spoken, terms
from upheld.calendar.instant import MINUTE, Instant
from upheld.case.decision import Purpose, Send
from upheld.case.events import (
    Assigned,
    Attached,
    Body,
    Closed,
    Detached,
    Enforced,
    Event,
    Flagged,
    Proposed,
    PublicReply,
    SeveritySet,
    StepResult,
    Triaged,
)
from upheld.case.state import CaseState
from upheld.engine.attached import why_silent
from upheld.engine.fold import begin, fold

TAKEN, FILLED, FOLDED = StepResult.TAKEN, StepResult.FILLED, StepResult.FOLDED

# --- two clauses, one status (M-13 with M-19) -------------------------------------------------------

FILLED_BY = "do: [update: customer], filled_by: [public_reply, update]"
HOURLY = f"every: 1 hour, while: {{severity: 1}}, {FILLED_BY}"
OUTAGE = f"every: 1 hour, first: 2 hours, while: {{flag: ours}}, {FILLED_BY}"
HOURS = [at(hour) for hour in range(1, 6)]


def outage(*rules: str, known_after: int = 0) -> Case:
    """Down from the start; five hours of a severity 1 that was noticed some minutes later."""
    case = Case(terms(*rules))
    case.happens(Flagged("ours"), START)
    case.happens(SeveritySet(1), at(minutes=known_after))
    case.until(at(5, minutes=known_after))
    return case


def statuses(case: Case) -> list[Instant]:
    return [send.due for send in case.sends if send.purpose is Purpose.STATUS]


def test_one_status_an_hour_keeps_both_clauses() -> None:
    case = outage(HOURLY, OUTAGE)
    assert statuses(case) == HOURS
    one, other = dict(case.results("A-1")), dict(case.results("A-2"))
    assert (list(one), list(other)) == (HOURS, HOURS[1:])
    assert all({one[due], other[due]} == {TAKEN, FILLED} for due in HOURS[2:])


@pytest.mark.parametrize("known_after", [10, 24, 59])
def test_also_where_the_outage_is_older_than_the_case(known_after: int) -> None:
    """Ten failed requests open the case: its hours begin later than those of the outage."""
    case = outage(HOURLY, OUTAGE, known_after=known_after)
    assert statuses(case) == [due + known_after * MINUTE for due in HOURS]
    assert {result for _, result in case.results("A-2")} == {FILLED}


def test_without_the_other_it_begins_at_its_own_time() -> None:
    case = outage(OUTAGE)
    assert statuses(case) == HOURS[1:]
    assert case.results() == [(due, TAKEN) for due in HOURS[1:]]


def test_a_person_s_answer_fills_both() -> None:
    case = Case(terms(HOURLY, OUTAGE))
    case.happens(Flagged("ours"), START)
    case.happens(SeveritySet(1), START)
    case.happens(PublicReply("the router"), at(1.5))
    case.until(at(2))
    assert statuses(case) == [at(1)]
    assert (case.results("A-1")[-1], case.results("A-2")) == ((at(2), FILLED), [(at(2), FILLED)])


def test_where_nothing_fills_them_each_has_a_message_which_planning_makes_one() -> None:
    plain = "while: {severity: 1}, do: [update: customer]"
    case = outage(f"every: 1 hour, {plain}", f"every: 1 hour, first: 2 hours, {plain}")
    assert Counter(statuses(case)) == {at(1): 1, **dict.fromkeys(HOURS[1:], 2)}
    assert {send.clauses for send in case.sends} == {("A-1",), ("A-2",)}


# --- attached: what the parent says -----------------------------------------------------------------

SAID = [
    ("page: manager", True, True),
    ("notify: manager", True, True),
    ("escalate: manager", True, True),
    ("update: customer", True, False),
    ("call: customer.contact", True, False),
    ("notify: customer.technical", True, False),
    ("notify: [manager, customer.technical]", True, False),
    ("mail: {to: reporter, template: status}", True, False),
    ("mail: {to: reporter, template: acknowledgement}", False, False),
    ("mail: {to: reporter, template: ticket-number}", False, False),
    ("mail: {to: reporter, template: hint}", False, False),
    ("forward: manager", False, False),
]


@pytest.mark.parametrize("customer", [None, "borealis", ""], ids=["same", "another", "none"])
@pytest.mark.parametrize(("do", "same", "another"), SAID, ids=[do for do, *_ in SAID])
def test_what_is_left_to_the_parent(
    do: str, same: bool, another: bool, customer: str | None
) -> None:
    case = Case(terms(f"when: {{severity: 1}}, do: [{do}]"))
    case.happens(Attached("C9", customer), at(1))
    case.happens(SeveritySet(1), at(2))
    folds = same if customer is None else another
    assert case.results() == [(at(2), FOLDED if folds else TAKEN)]
    assert len(case.sends) == (not folds)


def test_of_a_step_only_what_the_parent_does_not_say_is_said() -> None:
    """M-14 of a case that is attached to another company's: the VP knows, the customer does not."""
    case = Case(terms("when: {severity: 1}, do: [page: chief, call: customer.contact]"))
    case.happens(Attached("C9", "borealis"), at(1))
    case.happens(SeveritySet(1), at(2))
    assert spoken(case.actions) == [("call", "customer.contact")]
    assert case.results() == [(at(2), TAKEN)]


def test_what_a_rule_does_to_the_case_itself_is_never_left_to_the_parent() -> None:
    rules = ("when: {proposed: {severity: 1}}, after: 1 hour, do: [set: {severity: 1}]",)
    case = Case(terms(*rules))
    case.happens(Proposed(1), START)
    case.happens(Attached("C9"), at(0.5))
    case.until(at(1))
    assert (case.results(), case.state(at(1)).severity) == ([(at(1), TAKEN)], 1)


@pytest.mark.parametrize(("customer", "statuses_sent"), [(None, 0), ("borealis", 1)])
def test_the_engineer_is_not_asked_for_a_sentence_of_an_attached_case(
    customer: str | None, statuses_sent: int
) -> None:
    ask = "ask_ahead: {of: assignee, before: 15 minutes}"
    case = Case(terms(f"every: 1 hour, while: {{severity: 1}}, {ask}, do: [update: customer]"))
    case.happens(Assigned("bo"), START)
    case.happens(Attached("C9", customer), START)
    case.happens(SeveritySet(1), START)
    case.until(at(1))
    assert spoken(case.actions) == [("status", "customer")] * statuses_sent


def test_detached_its_next_status_is_its_own() -> None:
    case = Case(terms(HOURLY))
    case.happens(SeveritySet(1), START)
    case.happens(Attached("C9"), at(0.5))
    case.until(at(2.5))
    case.happens(Detached(), at(2.5))
    case.until(at(4))
    assert case.results() == [(at(1), FOLDED), (at(2), FOLDED), (at(3), TAKEN), (at(4), TAKEN)]
    assert statuses(case) == [at(3), at(4)]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_attached_and_detached_in_one_instant_it_speaks(names: tuple[str, str]) -> None:
    case = Case(terms("when: {severity: 1}, do: [page: manager]"))
    case.happens(Attached("C9"), at(1), event_id=names[0])
    case.happens(Detached("C9 is closed"), at(1), event_id=names[1])
    case.happens(SeveritySet(1), at(1), event_id="c")
    assert spoken(case.actions) == [("page", "manager")]


# --- who can speak ----------------------------------------------------------------------------------


def state(*bodies: Body, enforced: bool = True) -> CaseState:
    begun = begin(Event("e", START, START, BO, OPENED))
    if not enforced:
        begun = begun.but(enforced_from=None)
    for body in bodies:
        begun = fold(begun, Event("e", START, START, BO, body))
    return begun


@pytest.mark.parametrize(
    ("parent", "child", "why"),
    [
        (Triaged(1), Triaged(1), None),
        (Triaged(1), Triaged(2), None),
        (Triaged(1), Proposed(1), None),
        (Proposed(1), Proposed(1), None),
        (Proposed(1), Triaged(1), "not marked with a severity"),
        (Triaged(2), Triaged(1), "marked severity 2"),
        (Triaged(2), Proposed(1), "marked severity 2"),
        (Flagged("vip"), Triaged(3), "not marked with a severity"),
        (Triaged(2), Flagged("vip"), None),
        (Closed(), Flagged("vip"), "closed"),
    ],
)
def test_only_a_case_at_least_as_severe_speaks_for_another(
    parent: Body, child: Body, why: str | None
) -> None:
    assert why_silent(state(parent), state(child)) == why


def test_a_case_that_is_only_read_says_nothing() -> None:
    assert why_silent(state(Triaged(1), enforced=False), state(Triaged(1))) == (
        "only read, and not enforced"
    )
    taken_in = state(Triaged(1), Enforced(START, "taken in"), enforced=False)
    assert why_silent(taken_in, state(Triaged(1))) is None


# --- in general -------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from([None, "C9", "C8"]), max_size=6), st.booleans())
def test_attached_or_not_each_hour_has_one_owner(parents: list[str | None], other: bool) -> None:
    """Whatever it is attached to when: each status is the case's own or its parent's, never none."""
    case = Case(terms(HOURLY))
    case.happens(SeveritySet(1), START)
    for index, parent in enumerate(parents):
        customer = "borealis" if other else None
        body = Detached() if parent is None else Attached(parent, customer)
        case.until(at(index + 0.5))
        case.happens(body, at(index + 0.5))
    case.until(at(7))
    own = {index + 1 for index, parent in enumerate(parents) if parent is None or other}
    last = parents[-1] if parents else None
    later = set(range(len(parents) + 1, 8)) if last is None or other else set()
    assert statuses(case) == [at(hour) for hour in sorted(own | later)]
    assert [due for due, _ in case.results()] == [at(hour) for hour in range(1, 8)]
    assert all(isinstance(action, Send) for action in case.actions)
