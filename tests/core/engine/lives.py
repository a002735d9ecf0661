"""Random lives of a case, and a policy with one rule of each kind to live by."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.core.engine.desks import HEAD_WITH_DESKS
from tests.core.engine.scene import BO, BOT, PAT, START, Case
from upheld.calendar.instant import MINUTE, Instant
from upheld.case.events import (
    Actor,
    Assigned,
    Attached,
    Body,
    CallLogged,
    Closed,
    CustomerMessage,
    Detached,
    Escalated,
    Event,
    Flagged,
    HandedOver,
    Held,
    Mobilised,
    Noted,
    OutcomeSet,
    PageAcknowledged,
    Proposed,
    PublicReply,
    Queued,
    Rejected,
    Released,
    Reopened,
    Resolved,
    Restated,
    SeveritySet,
    TakenBack,
    Triaged,
    WaitingOn,
    Worked,
)
from upheld.engine.terms import Terms, compile_terms
from upheld.policy import load_policy

OUTCOMES = """
outcomes:
  theirs: {clocks: stop}
  altered: {clocks: stop, on_return: new_cycle}
  tried: {}
"""


def with_outcomes(*rules: str) -> Terms:
    """As ``terms``, of a policy that has outcomes and desks."""
    lines = [f"  - {{id: A-{n}, says: A promise., {rule}}}" for n, rule in enumerate(rules, 1)]
    return compile_terms(load_policy(OUTCOMES + HEAD_WITH_DESKS + "\n".join(lines)))


OPEN = "status: [open, worked, waiting_customer, waiting_vendor, resolved]"
TERMS = with_outcomes(
    "target: first_response, for: {severity: 1}, within: 2 hours, on_raise: restart",
    "target: first_response, for: {severity: 2}, within: 4 business hours, calendar: office",
    "target: resolution, for: {severity: [1, 2]}, within: 9 hours, pause_while: {waiting: customer},"
    " on_reopen: continue",
    "target: resolution, for: {severity: 3}, within: 1 business day, calendar: office,"
    " pause_while: {flag: held}, starts: triaged",
    "when: {severity: 1}, do: [page: manager, assign: engineer]",
    "when: {severity: 1}, after: 2 hours, unless: worked, do: [page: chief]",
    "when: {proposed: {severity: 1}}, after: 15 minutes, unless: triaged, do: [set: {severity: 1}]",
    f"every: 1 hour, while: {{severity: 1, {OPEN}}}, do: [update: customer],"
    " filled_by: [public_reply, update], ask_ahead: {of: assignee, before: 15 minutes}",
    "when: {waiting: customer}, after: 8 hours, do: [close: no answer]",
    "when: {missed: first_response}, do: [notify: manager]",
    "when: {flag: vip}, do: [notify: engineer]",
    "every: 3 business hours, first: 1 business hour, while: {waiting: vendor}, calendar: office,"
    " do: [notify: engineer], catch_up: always",
    "when: closed, do: [mail: {to: reporter, template: hint}]",
    "target: update, for: {severity: [1, 2]}, within: 90 minutes, aim: 60 minutes",
    "target: update, for: {severity: 3}, within: 2 business hours, calendar: office,"
    " on_reopen: continue, on_lower: carry",
    "target: next_response, within: 1 business hour, outside_hours: 3 hours, calendar: office",
    "target: resolution, for: {severity: 2}, within: 3 business hours, calendar: office,"
    " aim: 2 business hours, on_raise: carry, on_lower: restart",
    "target: parts, for: {flag: vip}, by: close of next business day, calendar: office,"
    " starts: worked, cut_off: '12:00', on_reopen: continue",
    "when: opened, before: {resolution: 1 business hour}, calendar: office, unless: worked,"
    " do: [notify: chief]",
    "when: {missed: update}, do: [notify: manager]",
    "target: resolution, for: {plan: premier}, within: 5 hours",
    "when: {plan: premier}, do: [notify: chief]",
    "when: {warned: [update, resolution]}, after: 10 minutes, do: [notify: engineer]",
    "target: first_turn, tier: first, within: 4 business hours, calendar: desk, aim: 2 business hours,"
    " met_by: [handed_over, resolved]",
    "target: top_turn, tier: top, within: 2 business hours, calendar: desk, outside_hours: 5 hours,"
    " met_by: [worked, handed_over], pause_while: {waiting: customer}",
    "target: update, tier: top, within: 1 hour, pause_while: never",
    "target: whole, within: 6 business hours, calendar: desk, starts: triaged",
    "when: {tier: top, missed: top_turn}, do: [notify: desk]",
)
LENGTH: Instant = 14 * 60 * MINUTE

_TURNS: list[Body] = [HandedOver(desk) for desk in ("home", "brno", "boston")]
_TURNS.append(Escalated("boston", "too deep"))
#: It is another customer's, of another plan; and the first one's after all.
RESTATED = (
    Restated(reporter="", customer="bolt", plan="premier"),
    Restated(customer="acme"),
)
_SEVERITIES = st.integers(1, 3)
_BODIES: st.SearchStrategy[Body] = st.one_of(
    st.builds(SeveritySet, _SEVERITIES),
    st.builds(SeveritySet, _SEVERITIES),
    st.builds(Triaged, _SEVERITIES),
    st.builds(OutcomeSet, st.sampled_from([None, None, "theirs", "altered", "tried"])),
    st.builds(Proposed, _SEVERITIES, outcome=st.sampled_from(["theirs", "tried"])),
    st.builds(Proposed, _SEVERITIES),
    st.builds(WaitingOn, st.sampled_from(["customer", "vendor"])),
    st.builds(Flagged, st.just("vip"), st.booleans()),
    st.builds(
        Held,
        st.just("agreed"),
        st.none() | st.integers(0, 16).map(lambda hour: START + hour * 60 * MINUTE),
    ),
    st.sampled_from(
        [PublicReply("hello"), PublicReply("hello", send=True), Worked(), CallLogged()]
    ),
    st.sampled_from([CustomerMessage("hello?"), Noted("…"), PageAcknowledged(), Mobilised()]),
    st.sampled_from([CustomerMessage("and now?"), PublicReply("we look"), WaitingOn("customer")]),
    st.sampled_from([*_TURNS, TakenBack("done")]),
    st.sampled_from([Assigned("bo"), Queued("support"), Released(), Attached("C9"), Detached()]),
    st.sampled_from([Restated("Slow"), *RESTATED, CustomerMessage("hello", customer="bolt")]),
    st.sampled_from([Resolved(), Resolved("workaround"), Closed(), Reopened(), Rejected("spam")]),
)
_ACTORS: st.SearchStrategy[Actor] = st.sampled_from([BO, BO, BO, PAT, BOT])


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    """3 to 12 facts within fourteen hours of the opening, in the order in which they happened."""
    many = draw(st.integers(3, 12))
    # Round minutes, so that facts meet each other and the timers of the rules.
    minutes = st.integers(0, LENGTH // MINUTE) | st.sampled_from([0, 60, 120, 135, 180, 240, 600])
    found = []
    for number in range(many):
        when = START + draw(minutes) * MINUTE
        found.append(Event(f"f{number:02}", when, when, draw(_ACTORS), draw(_BODIES)))
    return sorted(found, key=lambda fact: fact.order)


def in_order(facts: Sequence[Event], end: Instant) -> Case:
    """Lived by a daemon that never slept and heard of everything at once."""
    case = Case(TERMS)
    for fact in facts:
        while (wake := case.decision.wake_at) is not None and wake < fact.at:
            case.tick(wake)
        case.take(fact)
    case.until(end)
    return case
