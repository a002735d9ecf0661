"""What a customer's answer does: points that were asked for; ``#confirm``, ``#refuse``, ``#escalate``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.desk.scene import ANN, PAT, Desk, message
from upheld.case.events import Actor, Escalated, Provided, Reopened, Side
from upheld.case.state import Status
from upheld.desk.answers import ESCALATIONS_A_DAY, points
from upheld.ledger import Ledger
from upheld.policy import load_policy

POLICY = """
policy: Asking
version: "1"
published_by: Magnolia
severities: {1: {name: High, means: bad}}
roles: {director: Director}
document:
- heading: All
  clauses:
  - {id: A-1, says: Mail opens a case., intake: {from: partner, do: [open: case]}}
  - id: A-2
    says: We ask for what lacks.
    require:
      before: resolve
      needs: [version, operating system, engineer]
      ask: [version, operating system]
      override: reason
  - {id: A-3, says: You agree., require: {before: close, needs: customer_agreed, ask: customer_agreed}}
  - id: A-4
    says: You can escalate.
    when: {escalated_by: customer}
    do: [notify: {first_of: [customer.account-manager, director]}]
"""
Answer = Callable[..., None]


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    desk = Desk(ledger, policy=load_policy(POLICY))
    desk.opened(id="<first@test>")
    return desk


@pytest.fixture
def answer(desk: Desk) -> Answer:
    def answer(text: str, sender: str = PAT, **values: Any) -> None:
        desk.take(message(sender, text=text, thread=("<first@test>",), **values))

    return answer


def resolved(desk: Desk) -> None:
    desk.verbs.resolve("C1", ANN, "A router was replaced.", override="in a hurry")


# --- the question -----------------------------------------------------------------------------------


def test_what_lacks_is_asked_for_once_by_the_requirement_itself(desk: Desk) -> None:
    with desk.ledger.reading() as tx:
        (asked,) = tx.items(subject="C1")
    assert (asked.purpose, asked.clauses) == ("question", ("A-2",))
    assert asked.facts["missing"] == ["version", "operating system"]


def test_what_the_first_mail_says_is_not_asked_for(ledger: Ledger) -> None:
    desk = Desk(ledger, policy=load_policy(POLICY))
    desk.opened(text="It hangs.\nversion: 5.1\nengineer: Bo")
    desk.opened(text="It hangs.\nversion: 5.1", verified=False)
    with desk.ledger.reading() as tx:
        asked = [item.facts["missing"] for name in ("C1", "C2") for item in tx.items(subject=name)]
    assert asked == [["operating system"], ["version", "operating system"]]
    assert desk.state("C1").fields == {"version": "5.1"}


def test_agreement_is_asked_for_when_there_is_something_to_agree_to(desk: Desk) -> None:
    resolved(desk)
    with desk.ledger.reading() as tx:
        (_, asked) = tx.items(subject="C1")
    assert (asked.template, asked.to, asked.clauses) == ("confirm", ("reporter",), ("A-3",))


# --- points -----------------------------------------------------------------------------------------


def test_an_answer_fills_the_points_that_were_asked_for(desk: Desk, answer: Answer) -> None:
    answer("Hello,\nVersion: 5.1\n- Operating-System = Linux 6\nengineer: me\nThanks")
    assert desk.kinds()[-3:] == ["customer_message", "provided", "provided"]
    fields = desk.state().fields
    assert (fields["version"], fields["operating system"]) == ("5.1", "Linux 6")
    assert "engineer" not in fields  # that was not asked
    assert desk.last("provided").actor == Actor(PAT, Side.CUSTOMER)


def test_what_is_known_already_stays(desk: Desk, answer: Answer) -> None:
    desk.verbs.provide("C1", ANN, "version", "6.0")
    answer("version: 5.1")
    assert desk.state().fields["version"] == "6.0"


@pytest.mark.parametrize(
    ("sender", "verified"),
    [
        (PAT, False),
        ("somebody@acme.example", True),
    ],  # unproven; of the domain, but nobody's contact
)
def test_who_is_not_proven_to_speak_for_the_customer_fills_nothing(
    desk: Desk, answer: Answer, sender: str, *, verified: bool
) -> None:
    answer("version: 5.1", sender, verified=verified)
    assert desk.kinds()[-1] == "customer_message"
    assert "version" not in desk.state().fields


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("version: 5.1", {"version": "5.1"}),
        ("> version: 5.1", {}),
        ("version:", {}),
        ("the version is: 5.1", {}),
        ("version: 5\nversion: 6", {"version": "5"}),
        ("On Monday Bo wrote:\nversion: 5", {}),
        ("-----Original Message-----\nversion: 5", {}),
        ("Bye\n-- \nversion: 5", {}),
    ],
)
def test_a_point_is_a_line_of_the_senders_own(text: str, found: dict[str, str]) -> None:
    assert points(text, ["version"]) == found


@given(st.text(), st.lists(st.text(min_size=1, max_size=20), max_size=3))
def test_whatever_is_written_only_what_is_wanted_is_found(text: str, wanted: list[str]) -> None:
    found = points(text, wanted)
    assert set(found) <= set(wanted)
    assert all(0 < len(value) <= 500 for value in found.values())


def test_a_line_without_end_is_read_in_no_time() -> None:
    assert (
        points("-" * 500_000 + "x\n" + " " * 500_000 + "\nversion" + " " * 500_000, ["version"])
        == {}
    )


# --- verbs ------------------------------------------------------------------------------------------


def test_a_customer_confirms_by_mail(desk: Desk, answer: Answer) -> None:
    resolved(desk)
    answer("\n#confirm it holds\n\n> Please try it")
    assert desk.last("provided").body == Provided("customer_agreed", "it holds")
    desk.verbs.close("C1", ANN)
    answer("#Confirm")  # said again, it opens nothing
    assert desk.state().status is Status.CLOSED


def test_a_customer_refuses_by_mail(desk: Desk, answer: Answer) -> None:
    resolved(desk)
    answer("#refuse: it is back")
    assert desk.last("reopened").body == Reopened("the customer does not agree: it is back")
    assert desk.state().status is not Status.RESOLVED


def test_a_customer_escalates_by_mail_and_that_is_told_to_whom_the_policy_names(
    desk: Desk, answer: Answer
) -> None:
    answer("#escalate nobody answers")
    assert desk.last("escalated").body == Escalated("director", "nobody answers")
    assert desk.state().escalated_by == "customer"
    with desk.ledger.reading() as tx:
        assert [item.clauses for item in tx.items(subject="C1") if item.purpose == "notify"] == [
            ("A-4",)
        ]


def test_more_escalations_in_a_day_than_anybody_can_mean_do_nothing(
    desk: Desk, answer: Answer
) -> None:
    for _ in range(ESCALATIONS_A_DAY + 2):
        answer("#escalate")
    assert desk.kinds().count("escalated") == ESCALATIONS_A_DAY
    assert desk.kinds().count("customer_message") == ESCALATIONS_A_DAY + 2
    assert "3 times within a day" in desk.last("noted").body.text


@pytest.mark.parametrize("verb", ["confirm", "refuse", "escalate"])
@pytest.mark.parametrize(
    ("sender", "verified", "why"),
    [
        (PAT, False, "the sender is not proven"),
        ("somebody@acme.example", True, "no contact of the customer's"),
    ],
)
def test_who_is_not_proven_changes_nothing_and_it_is_flagged(
    desk: Desk, answer: Answer, verb: str, sender: str, why: str, *, verified: bool
) -> None:
    resolved(desk)
    answer(f"#{verb} because", sender, verified=verified)
    state = desk.state()
    assert (state.status, state.escalated_by) == (Status.RESOLVED, None)
    assert "customer_agreed" not in state.provided
    assert desk.last("customer_message").body.text == f"#{verb} because"
    assert (
        f"#{verb} by mail, not done" in desk.last("noted").body.text,
        why in desk.last("noted").body.text,
    ) == (True, True)


@pytest.mark.parametrize("verb", ["confirm", "refuse"])
def test_nothing_is_agreed_to_before_it_is_resolved(desk: Desk, answer: Answer, verb: str) -> None:
    answer(f"#{verb}")
    assert "the case is not resolved" in desk.last("noted").body.text
    assert "customer_agreed" not in desk.state().provided


@pytest.mark.parametrize("text", ["Hello\n#confirm", "> #confirm", "#confirmed", "see #confirm"])
def test_only_the_first_line_of_ones_own_is_a_verb(desk: Desk, answer: Answer, text: str) -> None:
    resolved(desk)
    answer(text)
    assert desk.kinds()[-1] == "customer_message"


def test_another_customers_word_is_none(desk: Desk, answer: Answer) -> None:
    resolved(desk)
    answer("#confirm", "kim@borealis.example")
    assert "unverified sender" in desk.last("noted").body.text
    assert "customer_agreed" not in desk.state().provided
