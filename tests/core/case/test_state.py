"""What a case's state tells beside its fields."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from upheld.case.events import Opened, Proposed
from upheld.case.state import CaseState, Status

FRESH = CaseState(Opened("email", "Hello", "…"), 1)


def test_the_proposed_severity_acts_until_one_is_marked() -> None:
    assert FRESH.acting_severity is None
    proposed = FRESH.but(proposed=Proposed(2))
    assert proposed.acting_severity == 2
    assert proposed.but(severity=3).acting_severity == 3


def test_a_number_is_the_one_given_or_the_trackers_once_triaged() -> None:
    linked = FRESH.but(tracker_key="OPS-7")
    assert (FRESH.number, linked.number) == (None, None)
    assert linked.but(triaged=True).number == "OPS-7"
    assert linked.but(triaged=True, given_number="77").number == "77"


@pytest.mark.parametrize(
    ("status", "party"),
    [
        (Status.WAITING_CUSTOMER, "customer"),
        (Status.WAITING_VENDOR, "vendor"),
        (Status.OPEN, None),
        (Status.WORKED, None),
    ],
)
def test_whom_it_waits_for(status: Status, party: str | None) -> None:
    assert FRESH.but(status=status).waiting == party


def test_the_outcome_is_the_proposals() -> None:
    assert FRESH.outcome is None
    assert FRESH.but(proposed=Proposed(outcome="question")).outcome == "question"


def test_a_changed_copy_is_what_replace_makes_and_leaves_the_first_alone() -> None:
    changed = FRESH.but(severity=1, queue="support")
    assert changed == replace(FRESH, severity=1, queue="support")
    assert set(vars(changed)) == {field.name for field in fields(CaseState)}
    assert (FRESH.severity, FRESH.queue) == (None, None)
