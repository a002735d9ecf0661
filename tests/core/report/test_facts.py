"""What happened to a case is evidence by itself where a clause needs no step and no clock."""

from __future__ import annotations

from tests.core.report.scene import PAT, Scene
from upheld.case.events import (
    Closed,
    Proposed,
    Rejected,
    Resolved,
    Triaged,
    Worked,
)


def test_mail_of_a_partner_that_opened_a_case_is_evidence(scene: Scene) -> None:
    scene.open()
    scene.open(source="phone")
    assert scene.line("S-01").what == f"mail from {PAT.id} opened the case"


def test_a_referral_is_evidence(scene: Scene) -> None:
    referral = scene.refer()
    scene.send()
    line = scene.line("S-02")
    assert (line.case, line.kept, line.what) == (referral, True, "referral to Reporter")


def test_a_proposal_is_evidence_with_its_reason(scene: Scene) -> None:
    scene.open("the server is down")
    assert scene.line("S-11").what == "severity 1 proposed: it says 'down'"


def test_a_triage_is_a_review_and_so_is_a_rejection(scene: Scene) -> None:
    scene.fact(scene.open(), Triaged(2, "1042"))
    scene.fact(scene.open(), Rejected("spam"))
    assert [line.what for line in scene.report()["S-04"].evidence] == [
        "bo triaged it: severity 2, number 1042",
        "bo reviewed it: it needs no number (spam)",
    ]
    assert scene.report()["S-04"].kept == 2


def test_closed_without_what_it_needs_is_missed(scene: Scene) -> None:
    scene.fact(scene.open("slow"), Closed("gave up"))
    assert (scene.line("S-12").kept, scene.line("S-12").what) == (
        False,
        "bo closed it without: resolved",
    )


def test_an_exception_that_the_clause_allows_and_that_has_its_reason_keeps_it(scene: Scene) -> None:
    scene.fact(scene.open("slow"), Closed(override="they moved to another product"))
    line = scene.line("S-12")
    assert line.kept is True
    assert line.what == "bo closed it without: resolved, because: they moved to another product"


def test_closed_once_it_was_resolved_is_kept(scene: Scene) -> None:
    case = scene.open("slow")
    scene.fact(case, Resolved())
    scene.fact(case, Closed())
    assert scene.line("S-12").what == "bo closed it"


def test_a_requirement_of_another_severity_says_nothing(scene: Scene) -> None:
    case = scene.open("slow")
    scene.fact(case, Triaged(1))  # it looked like a 2
    scene.fact(case, Closed())
    assert scene.report()["S-12"].evidence == ()


def test_work_that_passed_nobody_over_keeps_the_order(scene: Scene) -> None:
    case = scene.open("slow")
    scene.fact(case, Worked())
    scene.fact(case, Worked())
    assert scene.line("S-10").kept is True
    assert scene.line("S-10").what.startswith("bo began it")


def test_work_that_passed_a_more_severe_case_over_is_a_miss(scene: Scene) -> None:
    severe, case = scene.open("down"), scene.open("slow")
    scene.fact(case, Worked())
    clause = scene.report()["S-10"]
    assert (clause.kept, clause.missed) == (0, 1)
    assert clause.evidence[0].what == f"bo began it while {severe} stood unworked"


def test_a_plugins_proposal_speaks_for_no_clause(scene: Scene) -> None:
    case = scene.open("the server is down")
    scene.fact(case, Proposed(2, rule="sorter", reason="its model says so"))
    assert scene.line("S-11").what.startswith("severity 1 proposed")


def test_what_happened_before_a_case_was_enforced_counts_apart(scene: Scene) -> None:
    case = scene.open(enforced=False)
    scene.fact(case, Triaged(2))
    clause = scene.report()["S-04"]
    assert (clause.kept, clause.before_enforcement) == (0, 1)
    scene.take_in(case)
    scene.fact(case, Closed())
    assert scene.line("S-12").kept is False


def test_a_severity_that_a_rule_set_is_the_one_that_is_asked_about(scene: Scene) -> None:
    """The severity that the rule `untriaged` set is no 2, so S-12 asks nothing of the case."""
    case = scene.open("down")
    scene.forward(minutes=16)
    scene.fact(case, Proposed(2, rule="sorter"))
    scene.fact(case, Closed())
    assert scene.report()["S-12"].evidence == ()
