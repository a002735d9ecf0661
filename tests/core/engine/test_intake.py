"""What arrives: which rule takes it, and what is proposed for it."""

from __future__ import annotations

import pytest

from tests.core.engine.scene import START, terms
from upheld.case.events import Opened, Proposed
from upheld.engine.classify import propose
from upheld.engine.intake import arrival
from upheld.policy import load_shipped
from upheld.policy.model import Verb

INTAKE = terms(
    "intake: {from: partner, do: [open: case]}",
    "intake: {from: unknown, do: [refer: hint]}",
    "intake: {from: [partner, unknown], nature: [automatic, bounce], do: [note: kept]}",
    "intake: {from: partner, do: [note: never reached]}",
).policy
CLASSIFY = terms(
    "classify: [{severity: 1, when: {words: [down, off-line]}},"
    " {severity: 1, when: {source: monitor}}, {severity: 2, otherwise: true}]",
    "classify: [{flag: ours, outcome: outage, when: {words: our server, source: email}}]",
    "classify: [{flags: [vip, ours], when: {plan: premier}}]",
).policy


def wrote(text: str, **more: str) -> Opened:
    return Opened("email", "Hello", text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sender", "nature", "found"),
    [
        ("partner", "normal", [("A-1", Verb.OPEN)]),
        ("unknown", "normal", [("A-2", Verb.REFER)]),
        ("unknown", "bounce", [("A-3", Verb.NOTE)]),
        ("partner", "automatic", [("A-3", Verb.NOTE)]),
        ("partner", "list", []),  # what a machine wrote opens nothing unless a rule says so
        ("staff", "normal", []),
    ],
)
def test_the_first_rule_for_sender_and_nature_takes_it(
    sender: str, nature: str, found: list[tuple[str, Verb]]
) -> None:
    assert [(clause.id, do.verb) for clause, do in arrival(INTAKE, sender, nature)] == found


def test_the_first_row_that_holds_is_proposed_with_its_reason() -> None:
    proposed = propose(CLASSIFY, wrote("It is all down"), START)
    assert proposed is not None
    assert (proposed.severity, proposed.rule, proposed.reason) == (1, "A-1/A-1", "it says 'down'")


def test_where_nothing_is_said_the_last_row_speaks() -> None:
    proposed = propose(CLASSIFY, wrote("…"), START)
    assert proposed is not None
    assert (proposed.severity, proposed.reason) == (2, "nothing more specific was found")


def test_several_clauses_each_add_what_they_set() -> None:
    proposed = propose(CLASSIFY, wrote("our server is slow", plan="premier"), START)
    assert proposed is not None
    assert (proposed.severity, proposed.outcome, proposed.flags) == (2, "outage", ("ours", "vip"))
    assert proposed.rule == "A-1/A-1, A-2/A-2, A-3/A-3"
    assert proposed.reason == (
        "nothing more specific was found; it says 'our server' and source is email; plan is premier"
    )


def test_a_case_of_which_no_rule_says_anything_is_taken_for_the_least_urgent() -> None:
    policy = terms("classify: [{severity: 1, when: {words: down}}]").policy
    assert propose(policy, wrote("slow"), START) == Proposed(
        3, reason="no rule proposes a severity"
    )


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Nobody can connect since nine", 1),
        ("the server is OFFLINE", 1),
        ("How do I change the invoice?", 3),
        ("One user has trouble with the client", 2),
        ("Is the manual right about an outage of all users?", 3),
    ],
)
def test_magnolia_follows_the_reach_of_the_problem(text: str, severity: int) -> None:
    proposed = propose(load_shipped("magnolia"), wrote(text), START)
    assert proposed is not None
    assert proposed.severity == severity
