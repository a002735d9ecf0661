"""A clock that was met keeps its clause; late news and people may change what was found."""

from __future__ import annotations

from tests.core.report.scene import ANN, START, Scene
from upheld.calendar.instant import HOUR
from upheld.case.events import Annulled, PublicReply, SeveritySet
from upheld.report.evidence import ClauseState, Standing


def test_a_target_that_was_met_is_kept(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=3)
    scene.fact(case, PublicReply("we look into it"))
    line = scene.line("S-05")
    assert (line.case, line.at, line.kept) == (case, START + 4 * HOUR, True)
    assert line.what == "first response given in time, 1 h before it was due"


def test_a_target_that_nobody_met_is_missed(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=5)
    assert scene.report()["S-05"].state is ClauseState.MISSED
    scene.fact(case, PublicReply("late"))
    assert scene.line("S-05").what == "no first response by the time it was due"


def test_a_clock_that_still_runs_is_no_evidence(scene: Scene) -> None:
    scene.open()
    scene.forward(hours=3)
    assert scene.report()["S-05"].evidence == ()


def test_late_news_corrects_a_verdict_and_both_stay_visible(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=5)
    scene.fact(case, PublicReply("in the tracker"), at=START + HOUR)
    clause = scene.report()["S-05"]
    assert (clause.kept, clause.missed) == (1, 0)
    standings = {line.standing: line.what for line in clause.evidence}
    assert set(standings) == {Standing.KEPT, Standing.SUPERSEDED}
    assert standings[Standing.KEPT].endswith("late news corrected it from missed")
    assert standings[Standing.SUPERSEDED].endswith("late news corrected it")


def test_an_annulled_verdict_counts_as_annulled_with_who_and_why(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=5)
    key = scene.line("S-05").key
    scene.fact(case, Annulled(key, "a test of ours"), by=ANN)
    clause = scene.report()["S-05"]
    assert (clause.kept, clause.missed, clause.annulled) == (0, 0, 1)
    assert clause.state is ClauseState.NOT_EXERCISED
    assert clause.evidence[0].what.endswith("annulled by ann: a test of ours")


def test_a_verdict_of_a_case_that_is_only_read_counts_as_before_enforcement(scene: Scene) -> None:
    case = scene.open(enforced=False)
    scene.forward(hours=5)
    scene.take_in(case)
    clause = scene.report()["S-05"]
    assert (clause.missed, clause.before_enforcement) == (0, 1)


def test_an_answer_that_came_too_late_is_told_with_how_late_it_was(scene: Scene) -> None:
    case = scene.open()
    scene.clock.forward(hours=6)  # nothing runs, so the answer is the first that is known
    scene.fact(case, PublicReply("sorry"))
    assert scene.line("S-05").kept is False
    assert scene.line("S-05").what == "first response 2 h too late"


def test_a_verdict_that_was_taken_back_counts_no_more_but_stays_visible(scene: Scene) -> None:
    case = scene.open()
    scene.forward(hours=5)
    scene.fact(case, SeveritySet(1), at=START + HOUR)  # so no answer was promised any more
    clause = scene.report()["S-05"]
    assert (clause.kept, clause.missed, clause.state) == (0, 0, ClauseState.NOT_EXERCISED)
    assert {line.standing for line in clause.evidence} == {Standing.SUPERSEDED}
    assert "late news took back that it was missed" in [line.what for line in clause.evidence]
