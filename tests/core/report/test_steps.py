"""A step is kept when what it says reached somebody in time."""

from __future__ import annotations

import pytest

from tests.core.report.scene import POLICY, START, Scene
from upheld.calendar.instant import HOUR
from upheld.case.events import (
    Attached,
    PublicReply,
    Triaged,
    Worked,
)
from upheld.ledger import OutboxState
from upheld.policy.load import load_policy
from upheld.report.evidence import ClauseState, Standing


def test_a_step_is_kept_when_its_message_reached_somebody(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.send()
    assert scene.line("S-06").what == "page to On-Duty"
    assert scene.line("S-06").kept is True


def test_a_step_that_only_changes_the_case_is_kept(scene: Scene) -> None:
    scene.open()
    assert (scene.line("S-03").kept, scene.line("S-03").what) == (True, "put in the queue desk")


@pytest.mark.parametrize("reached", [False, True])
def test_a_message_on_its_way_counts_as_neither(scene: Scene, reached: bool) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    if reached:
        scene.plan()
    assert (scene.line("S-06").standing, scene.line("S-06").kept) == (Standing.UNDER_WAY, None)


def test_a_held_message_counts_as_neither(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.settle(OutboxState.HELD, "stopped")
    assert scene.line("S-06").standing is Standing.UNDER_WAY


def test_a_dead_letter_is_a_miss_with_the_providers_word(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.send(fails={"page"})
    assert scene.line("S-06").kept is False
    assert scene.line("S-06").what == "page to On-Duty reached nobody: 550 no such user"


def test_one_dead_letter_among_a_steps_messages_is_a_miss(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.forward(hours=2)
    scene.send(fails={"call"})
    clause = scene.report()["S-07"]
    assert (clause.kept, clause.missed) == (0, 1)
    assert "page to Boss; call to Customer.Contact reached nobody" in clause.evidence[0].what


def test_a_message_for_nobody_is_a_miss(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.settle(OutboxState.DROPPED, "nobody can be reached as on-duty")
    line = scene.line("S-06")
    assert line.kept is False
    assert line.what == "page to on-duty reached nobody: nobody can be reached as on-duty"


def test_a_page_dropped_because_work_began_is_kept_with_the_reason(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.fact(case, Worked())
    assert scene.line("S-06").kept is True
    assert scene.line("S-06").what == "page to on-duty was not sent: no longer wanted: worked"


def test_in_shadow_nothing_counts(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.settle(OutboxState.SHADOW, "shadow mode")
    line = scene.line("S-06")
    assert (line.kept, line.standing) == (None, Standing.SHADOW)
    assert line.what == "page to on-duty would have gone; shadow: nothing left"


def test_what_is_dropped_of_a_trial_was_promised_to_nobody(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.settle(OutboxState.SHADOW, "shadow mode")
    scene.ledger.retrying(lambda tx: tx.drop(reason="it was a trial", actor="ann"))
    line = scene.line("S-06")
    assert (line.kept, line.standing) == (None, Standing.SHADOW)


def test_a_step_that_was_decided_late_is_missed(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.sleep(hours=3)
    scene.send()
    line = scene.report()["S-07"].evidence[0]
    assert line.kept is False
    assert line.what.endswith("late by 1 h")


def test_a_message_that_left_late_is_missed_even_if_it_was_decided_in_time(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.clock.forward(minutes=5)
    scene.send()
    assert scene.line("S-06").kept is False
    assert scene.line("S-06").what == "page to On-Duty; late by 5 min"


@pytest.mark.parametrize(("seconds", "kept"), [(59, True), (60, False)])
def test_a_minute_is_late(scene: Scene, seconds: int, kept: bool) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.clock.forward(seconds=seconds)
    scene.send()
    assert scene.line("S-06").kept is kept


def test_a_status_that_a_person_gave_is_kept(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.forward(minutes=30)
    scene.fact(case, PublicReply("a core router"))
    scene.forward(minutes=30)
    line = scene.line("S-08")
    assert (line.kept, line.what) == (True, "a person had already done it")


def test_statuses_that_nothing_ran_for_are_missed(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.sleep(hours=3)
    scene.send()
    clause = scene.report()["S-08"]
    assert (clause.kept, clause.missed) == (1, 2)
    assert [line.at for line in clause.evidence] == [START + n * HOUR for n in (1, 2, 3)]
    assert "nothing ran when it was due" in clause.evidence[0].what


def test_a_message_that_two_clauses_share_is_evidence_for_both(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.forward(hours=1)
    scene.send()
    assert scene.line("S-08").what == scene.line("S-09").what == "status to Customer"
    assert scene.line("S-08").kept is scene.line("S-09").kept is True


def test_what_was_due_before_enforcement_counts_apart(scene: Scene) -> None:
    case = scene.open("down", enforced=False)
    scene.fact(case, Triaged(1))
    clause = scene.report()["S-06"]
    assert (clause.kept, clause.missed, clause.before_enforcement) == (0, 0, 1)
    assert clause.state is ClauseState.NOT_EXERCISED


def test_an_attached_case_is_kept_by_its_parent(scene: Scene) -> None:
    parent, case = scene.open("down"), scene.open("down")
    scene.fact(parent, Triaged(1))
    scene.fact(case, Attached(parent))
    scene.fact(case, Triaged(1))
    (line,) = (line for line in scene.report()["S-06"].evidence if line.case == case)
    assert (line.kept, line.what) == (True, "kept by C1, which it is attached to")


def test_who_is_attached_to_a_case_that_pages_nobody_pages(scene: Scene) -> None:
    parent, case = scene.open("down"), scene.open("down")
    scene.fact(case, Attached(parent))
    scene.fact(case, Triaged(1))
    assert scene.line("S-06").what == "page to on-duty is still under way"


FILLS = POLICY.replace(
    "status: open}", "status: [open, worked]}\n    filled_by: [public_reply, update]"
)


@pytest.mark.parametrize(("fails", "says"), [(set(), ""), ({"status"}, " reached nobody: 550 …")])
def test_a_status_that_fills_another_clause_s_time_counts_for_both(
    scene: Scene, fails: set[str], says: str
) -> None:
    scene = Scene(scene.ledger, load_policy(FILLS))
    scene.fact(scene.open("down"), Triaged(1))
    scene.forward(hours=1)
    scene.send(fails=fails)
    assert [scene.line(clause).kept for clause in ("S-08", "S-09")] == [not fails] * 2
    said = says.replace("…", "no such user")
    assert scene.line("S-09").what == f"status to Customer{said}, for S-08"


def test_a_person_s_answer_after_that_status_is_what_fills_it(scene: Scene) -> None:
    scene = Scene(scene.ledger, load_policy(FILLS))
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.forward(minutes=30)
    scene.fact(case, PublicReply("the router"))
    scene.forward(minutes=30)
    assert scene.line("S-09").what == "a person had already done it"


def test_a_withdrawn_step_counts_no_more_but_stays_visible(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.forward(hours=2)
    scene.send()
    scene.fact(case, Worked(), at=START + HOUR)
    clause = scene.report()["S-07"]
    assert (clause.kept, clause.missed, clause.state) == (0, 0, ClauseState.NOT_EXERCISED)
    assert clause.evidence[0].standing is Standing.SUPERSEDED
    assert "taken back: news came later" in clause.evidence[0].what


def test_a_message_that_failed_is_a_miss_even_if_work_began_afterwards(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.send(fails={"page"})
    scene.fact(case, Worked())
    assert scene.line("S-06").kept is False


def test_what_a_person_dropped_is_a_miss_with_who_and_why(scene: Scene) -> None:
    case = scene.open("down")
    scene.fact(case, Triaged(1))
    scene.settle(OutboxState.HELD, "stopped")
    with scene.ledger.transaction() as tx:
        tx.drop(["C1/S-06/S-06/1/1/page/on-duty"], reason="false alarm", actor="ann")
    assert scene.line("S-06").what == "page to on-duty reached nobody: false alarm (ann)"


TWO_RULES = """
policy: Two
severities: {1: {name: Urgent, means: down}}
roles: {boss: Boss, on-duty: On duty}
document:
- heading: All of it
  clauses:
  - id: T-01
    says: Everybody is told.
    rules:
    - {name: duty, when: opened, do: [page: on-duty]}
    - {name: boss, when: opened, do: [notify: boss, page: on-duty]}
    - {name: again, when: opened, do: [page: on-duty]}
    - {name: noted, when: opened, do: [note: {text: somebody looks}]}
    - {name: asked, when: opened, do: [ask: [severity]]}
    - {name: later, when: opened, do: [number: now]}
"""


def test_each_rule_of_a_clause_is_judged_by_its_own_messages(scene: Scene) -> None:
    told = Scene(scene.ledger, load_policy(TWO_RULES))
    told.open()
    told.send(fails={"notify"})
    lines = {line.key.split("/")[2]: line for line in told.report()["T-01"].evidence if line.case}
    assert lines["duty"].kept is True
    assert (lines["boss"].kept, lines["boss"].what) == (
        False,
        "notice to Boss reached nobody: 550 no such user; page to On-Duty",
    )
    assert (lines["again"].kept, lines["again"].what) == (True, "page to On-Duty")


def test_a_step_that_says_nothing_or_is_not_carried_out_yet_counts_as_neither(scene: Scene) -> None:
    told = Scene(scene.ledger, load_policy(TWO_RULES))
    told.open()
    lines = {line.key.split("/")[2]: line for line in told.report()["T-01"].evidence if line.case}
    assert (lines["noted"].kept, lines["noted"].what) == (True, "noted: somebody looks")
    assert [lines[name].standing for name in ("asked", "later")] == [Standing.REMARK] * 2
    assert lines["asked"].what == "there was nothing to say, or nobody to say it to"
    assert "does not carry it out yet" in lines["later"].what
