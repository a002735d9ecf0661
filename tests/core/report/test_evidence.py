"""Every clause of a policy says whether it was kept; which cases a report is about."""

from __future__ import annotations

import pytest

from tests.core.report.scene import POLICY, START, Scene
from upheld.calendar.instant import MINUTE
from upheld.case.events import (
    Assigned,
    SeveritySet,
)
from upheld.policy.load import load_policy
from upheld.report import history
from upheld.report.evidence import ClauseState, Standing


def test_there_is_one_entry_for_each_clause_in_the_order_of_the_document(scene: Scene) -> None:
    found = scene.report()
    assert list(found) == [clause.id for clause in scene.policy.clauses]
    assert found["S-05"].says == "A 2 is answered within 4 hours."


def test_nothing_happened_nothing_is_exercised(scene: Scene) -> None:
    states = {clause.id: clause.state for clause in scene.report().values()}
    assert states.pop("S-13") is ClauseState.IN_FORCE
    assert set(states.values()) == {ClauseState.NOT_EXERCISED}


def test_what_is_read_but_not_enforced_says_so(scene: Scene) -> None:
    line = scene.line("S-15")
    assert "not enforced by this version" in line.what
    assert (line.case, line.standing, line.kept) == ("", Standing.REMARK, None)
    assert scene.report()["S-15"].state is ClauseState.NOT_EXERCISED


def test_a_clause_kept_by_others_has_their_sum_and_points_to_them(scene: Scene) -> None:
    case = scene.open("slow")
    scene.forward(hours=5)
    scene.fact(case, SeveritySet(1))
    scene.send()
    clause = scene.report()["S-14"]
    assert (clause.kept, clause.missed, clause.state) == (1, 1, ClauseState.MISSED)
    assert [line.key for line in clause.evidence] == ["S-05", "S-06", "S-07"]
    assert clause.evidence[0].what == "S-05 (A 2 is answered within 4 hours.): 0 kept, 1 missed"


def test_one_customers_cases_alone(scene: Scene) -> None:
    scene.open(customer="acme")
    scene.open(customer="globex")
    scene.refer()
    assert scene.report(customer="globex")["S-01"].kept == 1
    assert [line.case for line in scene.report(customer="globex")["S-03"].evidence] == ["C2"]
    assert scene.report(customer="globex")["S-02"].evidence == ()


def test_no_case_is_lost_however_many_there_are(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_PAGE", 2)
    for _ in range(5):
        scene.open()
    for _ in range(2):
        scene.refer()
    found = scene.report()
    assert sorted(line.case for line in found["S-03"].evidence) == ["C1", "C2", "C3", "C4", "C5"]
    assert [line.case for line in found["S-02"].evidence] == ["R1", "R2"]


def test_what_was_promised_in_a_time_its_end_not_included(scene: Scene) -> None:
    scene.open()
    scene.forward(minutes=30)
    scene.open()
    middle = START + 30 * MINUTE
    assert [line.case for line in scene.report(until=middle)["S-03"].evidence] == ["C1"]
    assert [line.case for line in scene.report(since=middle)["S-03"].evidence] == ["C2"]


def test_a_case_of_a_policy_without_a_clause_in_common_is_left_out_and_counted(
    scene: Scene,
) -> None:
    scene.open()
    other = load_policy(POLICY.replace("S-", "T-"))
    found = scene.report(other)
    assert {clause.left_out for clause in found.values()} == {1}
    assert found["T-01"].evidence == ()


def test_a_case_of_an_older_version_counts_for_the_clauses_that_are_still_there(
    scene: Scene,
) -> None:
    scene.open()
    newer = load_policy(POLICY.replace("S-03", "S-03a"))
    found = scene.report(newer)
    assert (found["S-01"].kept, found["S-01"].left_out) == (1, 0)
    assert found["S-03a"].evidence == ()


def test_erased_events_are_no_evidence_and_break_nothing(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=5)
    scene.fact(case, Assigned("bo"))
    with scene.ledger.transaction() as tx:
        facts = [stored.id for stored in tx.events(case) if stored.kind in {"opened", "assigned"}]
        assert tx.erase(case, facts, now=scene.now) == 2
    found = scene.report()
    assert found["S-01"].evidence == ()
    assert found["S-05"].missed == 1
