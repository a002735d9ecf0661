"""What a policy demands: checklists, waivers, agreements; and to whom a case is passed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.core.desk.scene import ANN, PAT, Desk, refused
from upheld.case.events import Actor, Escalated, Provided, Reopened, Side, TakenBack
from upheld.case.state import Status
from upheld.desk.verbs import Verbs
from upheld.ledger import Ledger
from upheld.policy import load_policy

CUSTOMER = Actor(PAT, Side.CUSTOMER)
POLICY = """
policy: Demanding
version: "1"
published_by: Magnolia
severities: {1: {name: High, means: bad}}
needs: {queues: [first, second]}
document:
- heading: All
  clauses:
  - {id: D-1, says: We look at it., require: {before: resolve, needs: [logs, network], override: why}}
  - {id: D-2, says: You sign., require: {before: customer_access, needs: waiver, override: why}}
  - {id: D-3, says: We both agree., require: {before: close, needs: [customer_agreed, staff_agreed]}}
  - {id: D-4, says: Somebody has it., require: {before: work, needs: engineer, override: why}}
"""


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    desk = Desk(ledger, policy=load_policy(POLICY))
    desk.entered()
    return desk


def test_a_checklist_is_ticked_by_staff_step_by_step(desk: Desk) -> None:
    desk.verbs.tick("C1", ANN, "logs", "nothing in them")
    assert desk.last("provided").body == Provided("logs", "nothing in them")
    assert "needs network first" in refused(desk, lambda v: v.resolve("C1", ANN))
    desk.verbs.tick("C1", ANN, "network")
    desk.verbs.resolve("C1", ANN)
    assert desk.state().status is Status.RESOLVED


def test_a_step_is_one_that_the_policy_asks_for(desk: Desk) -> None:
    assert "it asks for: logs, network, waiver" in refused(desk, lambda v: v.tick("C1", ANN, "log"))
    assert "only staff can" in refused(desk, lambda v: v.tick("C1", CUSTOMER, "logs"))


def test_nobody_works_on_equipment_before_the_waiver_is_recorded(desk: Desk) -> None:
    assert "D-2 needs waiver first" in refused(desk, lambda v: v.access("C1", ANN))
    assert "upheld cases access C1" in refused(
        desk, lambda v: v.provide("C1", ANN, "customer_access")
    )
    desk.verbs.provide("C1", ANN, "waiver", "signed by Pat")
    waiver = desk.last("provided")
    assert (waiver.actor, waiver.body.value) == (ANN, "signed by Pat")
    desk.clock.forward(seconds=1)
    desk.verbs.access("C1", ANN)
    assert "customer_access" in desk.state().provided


def test_a_gate_is_passed_with_a_reason_that_is_kept_with_who_and_when(desk: Desk) -> None:
    desk.verbs.access("C1", ANN, "the disk", override="Pat signs tomorrow")
    event = desk.last("provided")
    assert event.body == Provided("customer_access", "the disk", "Pat signs tomorrow")
    assert (event.actor, event.at) == (ANN, desk.clock.now())


def test_work_too_can_have_a_gate(desk: Desk) -> None:
    assert "can't be worked yet" in refused(desk, lambda v: v.work("C1", ANN))
    desk.verbs.work("C1", ANN, override="nobody else is here")
    assert desk.last("worked").body.override == "nobody else is here"


def test_a_case_closes_when_both_agree(desk: Desk) -> None:
    desk.verbs.resolve("C1", ANN, override="known already")
    assert "needs customer_agreed first" in refused(desk, lambda v: v.close("C1", ANN))
    desk.clock.forward(seconds=1)
    desk.verbs.confirm("C1", CUSTOMER)
    desk.verbs.close("C1", ANN)
    assert desk.state().status is Status.CLOSED


def test_what_staff_says_that_a_customer_said_has_words(desk: Desk) -> None:
    assert "say who agreed" in refused(desk, lambda v: v.confirm("C1", ANN))
    assert "cases confirm" in refused(desk, lambda v: v.provide("C1", ANN, "customer_agreed"))
    desk.verbs.confirm("C1", ANN, "Pat, on the phone")
    assert desk.last("provided").body.value == "Pat, on the phone"


def test_a_refusal_opens_it_again(desk: Desk) -> None:
    assert "not resolved yet" in refused(desk, lambda v: v.refuse("C1", CUSTOMER, "no"))
    desk.verbs.resolve("C1", ANN, override="known already")
    desk.clock.forward(seconds=1)
    desk.verbs.refuse("C1", CUSTOMER, "it still hangs")
    assert desk.last("reopened").body == Reopened("the customer does not agree: it still hangs")
    assert desk.state().status is Status.OPEN


def test_a_case_is_escalated_for_a_customer_and_taken_back(desk: Desk) -> None:
    assert "only staff can" in refused(
        desk, lambda v: v.escalate("C1", CUSTOMER, "vp", "slow", by="customer")
    )
    severity = desk.state().acting_severity
    desk.verbs.escalate("C1", ANN, "vp", "slow", by="customer")
    assert desk.last("escalated").body == Escalated("vp", "slow", "customer")
    assert (desk.state().escalated_by, desk.state().acting_severity) == ("customer", severity)
    desk.clock.forward(seconds=1)
    desk.verbs.take_back("C1", ANN, "she called them")
    assert desk.last("taken_back").body == TakenBack("she called them")
    assert "nothing to end" in refused(desk, lambda v: v.take_back("C1", ANN, "again"))


def test_a_queue_is_one_of_the_policys(desk: Desk) -> None:
    assert "it has: first, second" in refused(desk, lambda v: v.queue("C1", ANN, "third"))
    desk.verbs.queue("C1", ANN, "second")
    assert desk.state().queue == "second"


@pytest.mark.parametrize("number", ["", "  ", "10\n42", "x" * 41])
def test_a_number_is_one_line(desk: Desk, number: str) -> None:
    assert "is no number" in refused(desk, lambda v: v.triage("C1", ANN, 1, number=number))


def test_what_needs_no_number_gets_none(desk: Desk) -> None:
    desk.verbs.reject("C1", ANN, "a thank-you")
    assert "upheld cases reopen C1" in refused(desk, lambda v: v.triage("C1", ANN, 1))
    desk.clock.forward(seconds=1)
    desk.verbs.reopen("C1", ANN, "it is a problem after all")
    desk.verbs.triage("C1", ANN, 1)
    assert desk.case().number == "1001"


@pytest.mark.parametrize("verb", [Verbs.release, Verbs.detach, Verbs.acknowledge])
def test_what_never_began_is_not_ended(desk: Desk, verb: Callable[..., None]) -> None:
    assert "nothing to" in refused(desk, lambda v: verb(v, "C1", ANN))
