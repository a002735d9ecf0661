"""What a step does to the case itself."""

from __future__ import annotations

import pytest

from tests.core.engine.scene import OPENED, START, at
from upheld.case.state import CaseState, Status
from upheld.engine.effects import effect
from upheld.policy.model import Do, Verb

FRESH = CaseState(OPENED, START)


def test_a_severity_is_set() -> None:
    assert effect(FRESH, Do(Verb.SET, severity=1), at(1)).severity == 1


def test_a_case_is_closed() -> None:
    state = effect(FRESH, Do(Verb.CLOSE), at(1))
    assert (state.status, state.closed_at) == (Status.CLOSED, at(1))


def test_an_update_is_remembered() -> None:
    assert effect(FRESH, Do(Verb.UPDATE, to=("customer",)), at(1)).updated_at == at(1)


def test_people_override_whom_a_rule_assigns_and_where_it_puts_the_case() -> None:
    to_role = Do(Verb.ASSIGN, to=("engineer",))
    assert effect(FRESH, to_role, at(1)).assignee == "engineer"
    chosen = FRESH.but(assignee="cy", assigned_by_person=True)
    assert effect(chosen, to_role, at(1)).assignee == "cy"
    to_queue = Do(Verb.ASSIGN, queue="support")
    assert effect(FRESH, to_queue, at(1)).queue == "support"
    assert effect(FRESH.but(queue="second-line"), to_queue, at(1)).queue == "second-line"


def test_an_escalation_names_a_role_or_a_queue() -> None:
    assert effect(FRESH, Do(Verb.ESCALATE, to=("chief",)), at(1)).escalated_to == "chief"
    assert (
        effect(FRESH, Do(Verb.ESCALATE, queue="second-line"), at(1)).escalated_to == "second-line"
    )


@pytest.mark.parametrize(
    "verb", [Verb.PAGE, Verb.NOTIFY, Verb.CALL, Verb.MAIL, Verb.NOTE, Verb.ORDER, Verb.REFER]
)
def test_what_only_speaks_changes_nothing(verb: Verb) -> None:
    assert effect(FRESH, Do(verb, to=("chief",)), at(1)) is FRESH
