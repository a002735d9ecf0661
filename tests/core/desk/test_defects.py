"""One defect, many cases: when it is fixed, every one that waits for it is told once (G-12)."""

from __future__ import annotations

import pytest

from tests.core.desk.scene import ANN, PAT, RAY, Desk
from upheld.case.events import Actor, Side
from upheld.desk.defects import fixed
from upheld.errors import NotFound, Refusal
from upheld.ledger import Ledger
from upheld.policy import load_policy

POLICY = """
extends: magnolia
policy: Defects
needs: {templates: [defect-fixed]}
document:
- heading: Defects
  clauses:
  - id: D-1
    says: We tell you.
    when: {field: defect_fixed}
    do: [mail: {to: reporter, template: defect-fixed}]
"""


@pytest.fixture
def waiting(ledger: Ledger) -> Desk:
    """C1 and C2 wait for DEV-17, C3 for another defect, C4 for none; C5 did, and is closed."""
    desk = Desk(ledger, policy=load_policy(POLICY))
    for sender in (PAT, RAY, PAT, PAT, PAT):
        desk.opened(sender)
    for case, defect in (("C1", "DEV-17"), ("C2", "DEV-17"), ("C3", "DEV-18"), ("C5", "DEV-17")):
        desk.verbs.provide(case, ANN, "defect", defect)
    desk.closed("C5")
    return desk


def mails(desk: Desk) -> list[str]:
    with desk.ledger.reading() as tx:
        return [item.subject for item in tx.items() if item.template == "defect-fixed"]


def test_every_case_that_waits_for_it_is_told_once(waiting: Desk) -> None:
    assert fixed(waiting.records, "DEV-17", ANN, "in 3.1") == ("C1", "C2")
    assert sorted(mails(waiting)) == ["C1", "C2"]
    assert waiting.state("C1").fields["defect_fixed"] == "in 3.1"
    assert fixed(waiting.records, "DEV-17", ANN) == (), "all of them know"
    assert len(mails(waiting)) == 2


def test_a_case_that_was_linked_to_another_since_is_not_told(waiting: Desk) -> None:
    waiting.clock.forward(minutes=1)
    waiting.verbs.provide("C2", ANN, "defect", "DEV-18")
    assert fixed(waiting.records, "DEV-17", ANN) == ("C1",)
    assert fixed(waiting.records, "DEV-18", ANN) == ("C2", "C3")


def test_waiting_for_a_fix_stops_no_clock(waiting: Desk) -> None:
    before = waiting.case("C1").due
    waiting.verbs.wait("C1", ANN, "vendor")
    assert waiting.case("C1").due == before is not None


def test_a_defect_that_nobody_waits_for_is_a_slip(waiting: Desk) -> None:
    with pytest.raises(NotFound, match="no case waits for 'DEV-71'"):
        fixed(waiting.records, "DEV-71", ANN)


def test_only_one_of_ours_says_so(waiting: Desk) -> None:
    with pytest.raises(Refusal, match="only staff can"):
        fixed(waiting.records, "DEV-17", Actor(PAT, Side.CUSTOMER))
