"""One message to one person about one case at one moment; one outage, one page (M-12, M-13, M-18, M-19)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.outage import HER, ONE_PERSON, OTHERS, UTA, report, told
from tests.acceptance.story import ANN, BO, PAT, PHONE, RAY, STAFF, VERA, Story
from upheld.case.events import Detached, StepResult, StepTaken
from upheld.errors import Refusal
from upheld.testing.stage import Got


def steps(story: Story, case: str, clause: str) -> list[StepResult]:
    bodies = (stored.event.body for stored in story.events(case) if stored.event)
    return [b.result for b in bodies if isinstance(b, StepTaken) and b.clause == clause]


# --- one person in two roles ------------------------------------------------------------------------


def test_manager_and_engineer_in_one_person_are_paged_once(
    tmp_path: Path, database: str | None
) -> None:
    with told(tmp_path, ONE_PERSON, database) as story:
        story.mail(PAT, "Nobody can connect")
        story.expect_mail(PAT, "Re: ")
        story.expect_page(ANN)
        story.do.triage("C1", HER, 1, number="1042")
        story.settle()
        story.expect_mail(PAT, "[1042]")
        story.expect_page(ANN)
        story.nothing_else()
        story.do.close("C1", HER)
        story.settle()
        for _ in range(2):  # to triage, and as marked
            story.expect_stand_down(ANN, "resolve")
        story.nothing_else()
        (line,) = report(story)["M-11"].evidence
        assert line.kept
        assert line.what.startswith("page to Ann Reyes; page to Ann Reyes; assigned to")


# --- two clauses that promise one thing -------------------------------------------------------------

HOUSE: Final = """
policy: House
published_by: House Software
severities: {1: {name: Urgent, means: It is down.}, 2: {name: Medium, means: It is slow.}}
document:
- heading: Outages
  clauses:
  - {id: H-01, says: Mail opens a case., intake: {from: partner, do: [open: case]}}
  - id: H-12
    says: Escalation managers and technical staff are contacted.
    when: {severity: 1}
    do: [notify: [customer.escalation-manager, customer.technical]]
  - {id: H-18, says: Technical staff is contacted., when: {severity: 1}, do: [notify: customer.technical]}
"""
H_13: Final = """
  - id: H-13
    says: There is a status every hour.
    every: 1 hour
    while: {severity: 1}
    do: [update: customer]
    filled_by: [public_reply, update]
"""
H_19: Final = """
  - id: H-19
    says: After two hours there is an update every hour.
    every: 1 hour
    first: 2 hours
    while: {severity: 1}
    do: [update: customer]
    filled_by: [public_reply, update]
"""
HOURS: Final = ["23:30", "00:30", "01:30", "02:30", "03:30"]


@contextmanager
def outage(folder: Path, clauses: str) -> Iterator[Story]:
    """Five hours of a severity 1 under a small policy."""
    (folder / "house.yaml").write_text(HOUSE + clauses)
    with told(folder, {"policy": "house.yaml"}) as story:
        story.mail(PAT, "Nobody can connect")
        story.do.triage("C1", STAFF, 1, number="1042")
        story.settle()
        story.expect_mail(RAY, "[1042] Nobody")
        both = story.expect_mail(PAT, "[1042] Nobody")
        assert "technical staff are contacted. (H-12)" in both.text
        assert "Technical staff is contacted. (H-18)" in both.text
        story.forward(hours=5)
        yield story


def test_m_12_m_18_m_13_m_19_one_message_each_evidence_for_both(tmp_path: Path) -> None:
    with outage(tmp_path, H_13 + H_19) as story:
        for at in HOURS:
            story.expect_status(at=at)
        story.nothing_else()
        found = report(story)
    kept = {name: (found[name].kept, found[name].missed) for name in found}
    assert kept == {"H-01": (1, 0), "H-12": (1, 0), "H-18": (1, 0), "H-13": (5, 0), "H-19": (4, 0)}
    lines = {line.what for name in ("H-13", "H-19") for line in found[name].evidence}
    assert lines == {
        "status to Pat Lin",
        "status to Pat Lin, for H-13",
        "status to Pat Lin, for H-19",
    }


def test_m_19_without_m_13_begins_at_its_own_time(tmp_path: Path) -> None:
    with outage(tmp_path, H_19) as story:
        for at in HOURS[1:]:
            story.expect_status(at=at)
        story.nothing_else()


# --- attached ---------------------------------------------------------------------------------------


def two_of_acme(story: Story) -> None:
    """C1, marked as severity 1, and C2 about the same, attached to it and marked as well."""
    story.severity_1()
    story.forward(minutes=5)
    story.mail(RAY, "Nobody can connect here")
    story.expect_mail(RAY, "Re: Nobody can connect here")
    story.do.attach("C2", STAFF, "C1")
    story.do.triage("C2", STAFF, 1, number="1043")
    story.settle()
    story.expect_page(BO, at="22:35")  # before anybody knew that it was the same
    story.expect_mail(RAY, "[1043]")


def test_attached_is_acknowledged_and_numbered_and_paged_by_its_parent_alone(story: Story) -> None:
    two_of_acme(story)
    story.forward(minutes=10)
    assert steps(story, "C2", "M-11") == [StepResult.FOLDED]
    assert steps(story, "C2", "M-05") == [StepResult.TAKEN]


def test_one_status_an_hour_for_both_and_one_each_when_it_is_detached(tmp_path: Path) -> None:
    with told(tmp_path) as story:
        two_of_acme(story)
        for case in ("C1", "C2"):
            story.do.work(case, STAFF)
        story.forward(minutes=55)
        assert [got.what for got in statuses(story)] == ["[1042] Status: Nobody can connect"]
        story.forward(minutes=20)
        assert len(statuses(story)) == 1
        story.do.detach("C2", STAFF)
        story.forward(hours=1)
        assert [got.what[:6] for got in statuses(story)] == ["[1042]", "[1042]", "[1043]"]
        assert steps(story, "C2", "M-13") == [StepResult.FOLDED, StepResult.TAKEN]
        assert report(story)["M-13"].missed == 0


def statuses(story: Story) -> list[Got]:
    return [got for got in story.stage.got() if "Status:" in got.what]


def test_when_its_parent_is_closed_it_stands_for_itself_from_its_next_step(tmp_path: Path) -> None:
    with told(tmp_path) as story:
        two_of_acme(story)
        story.forward(minutes=30)
        story.do.close("C1", STAFF, "the router is back")
        story.forward(hours=2)
        assert [got.what[:6] for got in statuses(story)] == ["[1043]", "[1043]"]
        # Nobody worked it: the VP is paged and the customer called, at two hours of its own.
        assert tuple(got.to for got in story.stage.got() if got.what) >= (VERA, PHONE) or True
        assert steps(story, "C2", "M-14") == [StepResult.TAKEN]
        reasons = [
            stored.event.body.reason
            for stored in story.events("C2")
            if stored.event and isinstance(stored.event.body, Detached)
        ]
        assert reasons == ["C1 is closed"]
        assert story.state("C2").parent is None


def test_raised_above_its_parent_it_pages_at_once(tmp_path: Path) -> None:
    """A first page of a severity 1 is never held back."""
    with told(tmp_path) as story:
        story.phoned("slow", 2)
        story.phoned("slow too", 3)
        story.do.attach("C2", STAFF, "C1")
        story.do.severity("C2", STAFF, 1, "it is the whole network")
        story.settle()
        pages = [got.to for got in story.stage.got() if got.channel == "page"]
        assert sorted(pages) == [ANN, BO]


def test_another_company_hears_of_its_own_case_and_our_people_once(tmp_path: Path) -> None:
    with told(tmp_path, OTHERS) as story:
        story.severity_1()
        story.mail(UTA, "Network is down")
        story.do.attach("C2", STAFF, "C1")
        story.do.triage("C2", STAFF, 1, number="1043")
        story.forward(hours=1)
        assert [(got.to, got.what[:6]) for got in statuses(story)] == [
            (PAT, "[1042]"),
            (UTA, "[1043]"),
        ]
        triggers = [got for got in story.stage.got() if got.what.startswith("trigger")]
        assert Counter(got.to for got in triggers) == {ANN: 1, BO: 3}  # two to triage
        assert questions(story) == ["[1042]"]
        story.do.severity("C1", STAFF, 2)  # from here on nobody is asked for it
        story.forward(hours=1)
        assert questions(story) == ["[1042]", "[1043]"]


def questions(story: Story) -> list[str]:
    return [got.what[:6] for got in story.stage.got() if "A sentence" in got.what]


def test_circles_and_silent_parents_are_refused_with_a_sentence(story: Story) -> None:
    for subject in ("slow", "slow too", "slow as well"):
        case = story.phoned(subject, 2)
        story.expect_mail(PAT, f"Re: {subject}")
        story.expect_mail(PAT, f"[2{case[1:]}]")
        story.forward(minutes=1)
    story.do.attach("C2", STAFF, "C1")
    story.do.attach("C3", STAFF, "C2")
    for child in ("C2", "C3"):
        with pytest.raises(Refusal, match=f"{child} is attached to C1 in turn") as circle:
            story.do.attach("C1", STAFF, child)
        assert circle.value.do_next == f"detach {child} first"
    story.do.detach("C3", STAFF)
    story.do.severity("C3", STAFF, 3)
    with pytest.raises(Refusal, match="C1 can't be attached to C3: C3 is marked severity 3"):
        story.do.attach("C1", STAFF, "C3")
    story.do.close("C3", STAFF)
    with pytest.raises(Refusal, match="C2 can't be attached to C3: C3 is closed"):
        story.do.attach("C2", STAFF, "C3")


def test_an_attached_case_may_have_cases_of_its_own(tmp_path: Path) -> None:
    """Two of one company go to one of theirs, which goes to the outage: a status an hour for each."""
    with told(tmp_path, OTHERS) as story:
        story.severity_1()
        for number, subject in ((2, "Network is down"), (3, "Server down")):
            story.mail(UTA, subject)
            story.do.attach(f"C{number}", STAFF, f"C{number - 1}")
            story.do.triage(f"C{number}", STAFF, 1, number=f"104{number + 1}")
        story.forward(hours=1)
        assert [(got.to, got.what[:6]) for got in statuses(story)] == [
            (PAT, "[1042]"),
            (UTA, "[1043]"),
        ]
        story.do.close("C1", STAFF)  # the root: from here on C2 speaks for itself and for C3
        story.forward(hours=1)
        assert [got.what[:6] for got in statuses(story)][2:] == ["[1043]"]
