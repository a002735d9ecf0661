"""Managry, levels and what is supported: G-01, G-05, G-06, G-08, G-11, G-12."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.paper import Paper
from tests.acceptance.story import PAT, STAFF, Story
from tests.acceptance.test_solutions import site
from upheld.case.events import (
    Actor,
    CustomerMessage,
    Flagged,
    KindSet,
    OutcomeSet,
    Provided,
    PublicReply,
    Reopened,
    Resolved,
    SeveritySet,
    Side,
    Triaged,
    WaitingOn,
)
from upheld.case.state import CaseState
from upheld.desk.defects import fixed
from upheld.errors import Refusal
from upheld.testing.stage import Stage

NINE: Final = "2026-03-10 09:00"
LEVELS: Final = {
    "The service is not available": 1,
    "Printing is unavailable": 1,
    "Printing is not available and there is no workaround": 1,
    "Printing is not available, but there is a workaround": 2,
    "Data at risk: the import wrote twice, though there is a workaround": 1,
    "Business is halted": 1,
    "Scanning is very slow, the queue grows": 2,
    "The column of weights is gone": 3,
    "How do I add a user?": 4,
    "A suggestion: sort by weight": 4,
    "A typo in the footer": 4,
}
KINDS: Final = {
    "How do I add a user?": "usage",
    "Where is the setting for the language": "configuration",
    "The app crashes at the start": "defect",
    "Why are there two of them": "diagnosis",
    "I can't install version 5": "installation",
    "A suggestion: sort by weight": "suggestion",
    "We need a training course": "other",
}


def state(case: Paper) -> CaseState:
    return case.case.state(case.now)


def critical() -> Paper:
    return Paper("managry", NINE, severity=1, plan="standard")


@pytest.mark.parametrize(("text", "level"), LEVELS.items())
def test_g_05_the_level_follows_what_it_does_to_the_business(text: str, level: int) -> None:
    assert state(Paper("managry", NINE, text)).acting_severity == level


def test_g_01_until_a_specialist_has_spoken_the_proposed_level_acts() -> None:
    case = Paper("managry", NINE, "The service is not available", plan="standard")
    assert state(case).severity is None
    assert case.due("G-02/1.first") == "2026-03-10 10:00"
    case.happens("2026-03-10 09:30", Triaged(2, "17"))
    assert case.due("G-02/2.first") == "2026-03-10 13:00"
    assert state(case).severity == 2


def test_g_01_a_level_can_be_set_anew() -> None:
    case = critical()
    case.happens("2026-03-10 09:30", SeveritySet(3, "only one of the shops"))
    case.until("2026-03-11 12:00")
    assert case.verdicts() == {}


@pytest.mark.parametrize("outcome", ["altered", "uncertified", "third_party"])
def test_g_06_outside_support_nothing_runs_and_the_customer_is_told(outcome: str) -> None:
    case = critical()
    case.happens("2026-03-10 09:30", OutcomeSet(outcome, "a patched stylesheet"))
    case.until("2026-03-12 12:00")
    assert case.verdicts() == {}
    assert case.told_by("G-06") == [("2026-03-10 09:30", "mail", "reporter")]
    judged = state(case).judged
    assert judged is not None
    assert judged.reason == "a patched stylesheet"


def test_g_06_without_the_alteration_the_targets_start_again() -> None:
    case = critical()
    case.happens("2026-03-10 09:30", OutcomeSet("altered", "a patched stylesheet"))
    case.happens("2026-03-11 14:00", OutcomeSet(None, "the patch was removed"))
    assert case.due("G-02/1.first") == "2026-03-11 15:00"


def test_g_06_taken_back_the_customer_hears_of_it() -> None:
    case = critical()
    case.happens("2026-03-10 09:30", OutcomeSet("third_party", "the reader's driver"))
    case.happens("2026-03-10 11:00", OutcomeSet(None, "it was ours"))
    assert case.told_by("G-06")[1:] == [("2026-03-10 11:00", "mail", "reporter")]


def test_g_06_a_part_of_others_that_is_not_suspected_leaves_them_running() -> None:
    case = critical()
    case.happens("2026-03-10 09:30", Flagged("extensions"))
    assert case.due("G-02/1.first") == "2026-03-10 10:00"
    assert case.told_by("G-06") == []


def test_g_06_what_was_missed_before_stays_missed() -> None:
    case = critical()
    case.happens("2026-03-10 11:00", OutcomeSet("third_party", "the reader's driver"))
    assert case.verdicts() == {"G-02/1.first": "missed"}


@pytest.mark.parametrize(("text", "kind"), KINDS.items())
def test_g_11_the_kind_is_proposed(text: str, kind: str) -> None:
    assert Paper("managry", NINE, text).proposed.case_kind == kind


def test_g_11_a_kind_off_the_list_is_out_of_scope_and_told() -> None:
    case = Paper("managry", NINE, "We need a training course", plan="premier")
    case.until("2026-03-20 12:00")
    assert state(case).outcome == "out_of_scope"
    assert case.verdicts() == {}
    assert case.told_by("G-11") == [(NINE, "mail", "reporter")]


def test_g_11_a_person_says_what_kind_it_is() -> None:
    case = Paper("managry", NINE, "It is about the warehouse", plan="premier", severity=3)
    case.writes("2026-03-10 09:10", CustomerMessage("We want a consultant there."))
    case.happens("2026-03-10 09:20", KindSet("other"))
    case.until("2026-03-20 12:00")
    assert state(case).outcome == "out_of_scope"
    assert case.verdicts() == {}


def test_g_12_a_verified_defect_goes_to_the_developers_once() -> None:
    case = critical()
    case.happens("2026-03-10 09:30", Provided("defect", "DEV-17"))
    case.happens("2026-03-10 09:40", Provided("defect", "DEV-18"))
    assert case.told_by("G-12") == [("2026-03-10 09:30", "forward", "developers")]


def test_g_12_one_defect_many_cases_and_each_customer_is_told_once_that_it_is_fixed(
    tmp_path: Path,
    database: str | None,
) -> None:
    with Stage(tmp_path, database=database, config=site("managry")) as stage:
        story = Story(stage)
        for subject in ("It crashes", "It crashes here too", "Another crash"):
            story.mail(PAT, subject)
            story.expect_mail(PAT, f"Re: {subject}")
        for case, defect in (("C1", "DEV-17"), ("C2", "DEV-17"), ("C3", "DEV-18")):
            story.do.provide(case, STAFF, "defect", defect)
        story.settle()
        for subject in ("It crashes", "It crashes here too", "Another crash"):
            story.expect_mail("ann@magnolia.example", subject)
        for _ in range(2):
            fixed(stage.site.records, "DEV-17", STAFF, "In version 5.2.")
            story.settle()
        for case in ("C1", "C2"):
            assert "In version 5.2." in story.expect_mail(PAT, f"[{case}]").text
        story.nothing_else()


def test_g_12_waiting_for_it_the_ongoing_clock_runs() -> None:
    case = critical()
    case.happens("2026-03-10 09:30", PublicReply("It is a defect; the developers have it."))
    case.happens("2026-03-10 09:31", WaitingOn("vendor"))
    assert state(case).status == "waiting_vendor"
    assert case.due("G-02/1.ongoing") == "2026-03-10 11:30"


def test_g_08_a_resolution_names_its_root_cause_and_the_customer_is_asked(
    tmp_path: Path, database: str | None
) -> None:
    with Stage(tmp_path, database=database, config=site("managry")) as stage:
        story = Story(stage)
        story.mail(PAT, "It crashes")
        story.expect_mail(PAT, "Re: It crashes")
        with pytest.raises(Refusal, match="G-08 needs root_cause first"):
            story.do.resolve("C1", STAFF, "Use the old reader.", how="workaround")
        story.do.provide("C1", STAFF, "root_cause", "a full queue")
        story.do.resolve("C1", STAFF, "Use the old reader.", how="workaround")
        story.settle()
        story.expect_mail(PAT, "Resolved? It crashes")
        with pytest.raises(Refusal, match="G-08 needs customer_agreed first"):
            story.do.close("C1", STAFF)
        story.do.confirm("C1", Actor(PAT, Side.CUSTOMER), "it works")
        story.do.close("C1", STAFF)
        story.nothing_else()


def test_g_08_the_customer_answers_the_question_by_mail(
    tmp_path: Path, database: str | None
) -> None:
    with Stage(tmp_path, database=database, config=site("managry")) as stage:
        story = Story(stage)
        story.mail(PAT, "It crashes")
        story.do.provide("C1", STAFF, "root_cause", "a full queue")
        story.do.resolve("C1", STAFF, "Use the old reader.", how="workaround")
        story.settle()
        ask = str(story.stage.mail.sent[-1].message["Message-ID"])
        story.answer(PAT, ask, "#refuse it crashes again\n\n> Please try it")
        assert story.state().status != "resolved"
        story.forward(minutes=5)
        story.do.resolve("C1", STAFF, "Replaced.")
        story.settle()
        story.expect_mail(PAT, "Resolved? It crashes")  # and they are asked again
        story.forward(minutes=5)
        story.answer(PAT, ask, "#confirm")
        story.do.close("C1", STAFF)
        assert story.state().status == "closed"


def test_g_08_who_does_not_agree_has_it_open_again_and_the_ongoing_clock_runs() -> None:
    case = critical()
    case.happens("2026-03-10 09:30", PublicReply("We look into it."))
    case.happens("2026-03-10 10:00", Resolved("fix", "replaced", "known since May"))
    case.writes("2026-03-10 14:00", Reopened("the customer does not agree: it is back"))
    assert case.told_by("G-08") == [("2026-03-10 10:00", "mail", "reporter")]
    case.happens("2026-03-10 14:30", PublicReply("We look again."))
    assert case.due("G-02/1.ongoing") == "2026-03-10 16:30"


def test_g_08_managry_promises_no_time_for_a_resolution() -> None:
    case = critical()
    assert case.clocks("resolution") == []
