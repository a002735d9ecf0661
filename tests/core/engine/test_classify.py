"""What is proposed for a case that came in, by which rule, and why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.engine.scene import HEAD, START
from upheld.calendar.instant import DAY, SECOND, parse
from upheld.case.events import Opened, Proposed
from upheld.engine.classify import default_severity, propose
from upheld.policy import Policy, load_policy

LISTS = """
zone: America/New_York
products:
  shield: {name: Acme Shield, versions: {"2.0": {until: 2026-03-31}, "3.0": {}, "4.0": {beta: true}}}
outcomes: {wish: {clocks: stop}, out_of_scope: {clocks: stop}}
kinds: {usage: A question of use., defect: Something is broken.}
"""
MEASURES = """\
reach: {large: [all users, everybody], moderate: [some users], small: [one user]},
 impact: {stopped: [cannot work], slowed: [slow]},
 severity: {large: {stopped: 1, slowed: }, moderate: {stopped: , slowed: 2},
  small: {stopped: 2, slowed: 3}}"""


def policy(*rules: str, lists: str = LISTS) -> Policy:
    lines = [f"  - {{id: A-{n}, says: A promise., {rule}}}" for n, rule in enumerate(rules, 1)]
    return load_policy(lists + HEAD + "\n".join(lines))


def wrote(text: str, **more: Any) -> Opened:
    return Opened("email", "Hello", text, **more)


# --- the severity ---------------------------------------------------------------------------------

BY_REACH = policy(
    "classify: [{severity: 1, when: {words: breach}}, {matrix: {"
    + MEASURES
    + ", empty: more_severe}},"
    " {severity: 3, otherwise: true}]"
)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("all users cannot work", 1),
        ("everybody finds it slow", 1),  # open in the document: the more severe beside it
        ("some users cannot work", 1),
        ("some users: slow", 2),
        ("one user cannot work", 2),
        ("one user has a slow client", 3),
        ("one user speaks of a breach", 1),  # a row before the matrix
        ("one user is unhappy", 3),  # nothing of the impact is known: the next row
    ],
)
def test_each_cell_of_a_matrix_and_what_stands_around_it(text: str, severity: int) -> None:
    assert propose(BY_REACH, wrote(text), START).severity == severity


def test_a_cell_that_stays_open_leaves_the_case_to_the_next_row() -> None:
    left_open = policy("classify: [{matrix: {" + MEASURES + "}}, {severity: 3, otherwise: true}]")
    found = propose(left_open, wrote("everybody finds it slow"), START)
    assert (found.severity, found.reason) == (3, "nothing more specific was found")


def test_of_two_values_the_first_that_is_said_counts() -> None:
    assert propose(BY_REACH, wrote("one user, no, all users cannot work"), START).severity == 1


def test_what_is_recorded_of_a_measure_comes_before_the_words() -> None:
    found = propose(BY_REACH, wrote("all users cannot work"), START, {"reach": "Small"})
    assert (found.severity, found.rule) == (2, "A-1/A-1")
    assert found.reason == "reach is small and impact is stopped (it says 'cannot work')"
    unknown = propose(BY_REACH, wrote("all users cannot work"), START, {"reach": "huge"})
    assert unknown.severity == 3  # what was chosen is not among the values: no words replace it


def test_where_no_rule_has_a_severity_the_policys_default_is_proposed() -> None:
    assert default_severity(policy("statement: true")) == 3
    told = policy("statement: true", lists=f"{LISTS}defaults: {{severity: 2}}\n")
    assert propose(told, wrote("…"), START) == Proposed(2, reason="no rule proposes a severity")


_words = st.sampled_from(
    ["breach", "slow", "all users", "one user", "cannot work", "ü", "\n", ". "]
)
_rules = st.lists(
    st.sampled_from(
        [
            "classify: [{severity: 1, when: {words: breach}}]",
            "classify: {" + MEASURES + "}",
            "classify: [{outcome: wish, when: {words: slow}}]",
            "classify: [{flag: vip, kind: usage, when: {proposed: {severity: [1, 2]}}}]",
            "statement: true",
        ]
    ),
    min_size=1,
    max_size=4,
    unique=True,
).filter(lambda rules: sum("breach" in rule or "reach" in rule for rule in rules) < 2)


@settings(max_examples=40, deadline=None)
@given(_rules, st.lists(_words, max_size=6).map(" ".join) | st.text(max_size=40))
def test_whatever_is_written_and_whatever_the_rules_there_is_a_severity(
    rules: list[str], text: str
) -> None:
    by = policy(*rules)
    found = propose(by, wrote(text), START)
    assert found.severity in by.severities
    assert found.reason


# --- the product ----------------------------------------------------------------------------------

BY_PRODUCT = policy(
    "classify: [{outcome: out_of_scope, when: {product: [beta, discontinued]}}]",
    "classify: [{severity: 2, otherwise: true}]",
)
#: The last instant of the last day, where the policy's days count.
LAST = parse("2026-04-01T04:00:00Z") - SECOND


def test_the_day_after_the_end_of_support_differs_from_the_day_before_in_the_policys_zone() -> None:
    old = wrote("…", product="Acme Shield", version="2.0")
    assert propose(BY_PRODUCT, old, LAST).outcome is None
    after = propose(BY_PRODUCT, old, LAST + SECOND)
    assert (after.outcome, after.rule) == ("out_of_scope", "A-2/A-2, A-1/A-1")
    assert after.reason == (
        "nothing more specific was found; product is Acme Shield 2.0, discontinued since 2026-03-31"
    )


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Shield 4.0 hangs", "out_of_scope"),
        ("Shield 3.0 hangs", None),
        ("Shield hangs", None),
        ("It hangs", None),
    ],
)
def test_a_product_is_recognised_by_what_customers_call_it(text: str, outcome: str | None) -> None:
    assert propose(BY_PRODUCT, wrote(text), START).outcome == outcome


def test_product_and_version_that_were_recognised_are_part_of_the_proposal() -> None:
    found = propose(BY_PRODUCT, wrote("shield 3.0 hangs"), START)
    assert (found.product, found.version) == ("shield", "3.0")
    known = propose(BY_PRODUCT, wrote("shield 3.0 hangs", product="toaster"), START)
    assert known.product is None  # what is known is not guessed at


def test_what_is_recorded_as_version_counts() -> None:
    found = propose(BY_PRODUCT, wrote("shield hangs"), START + 60 * DAY, {"version": "2.0"})
    assert found.outcome == "out_of_scope"


# --- outcome, kind, flags -------------------------------------------------------------------------


def test_other_rules_see_the_severity_that_is_proposed_wherever_they_stand() -> None:
    wishes = policy(
        "classify: [{outcome: wish, kind: usage,"
        " when: {words: would be nice, proposed: {severity: 3}}}]",
        "classify: [{severity: 1, when: {words: down}}, {severity: 3, otherwise: true}]",
    )
    assert propose(wishes, wrote("a button would be nice"), START).outcome == "wish"
    down = propose(wishes, wrote("we are down, it would be nice to hear of you"), START)
    assert (down.severity, down.outcome, down.case_kind) == (1, None, None)


def test_a_trackers_own_field_can_tell() -> None:
    by = policy("classify: [{kind: defect, when: {field: {Component: [Engine, Gear]}}}]")
    assert propose(by, wrote("…"), START, {"Component": "gear"}).case_kind == "defect"
    assert propose(by, wrote("…"), START, {"Component": "Gearbox"}).case_kind is None
    assert propose(by, wrote("…"), START).case_kind is None
