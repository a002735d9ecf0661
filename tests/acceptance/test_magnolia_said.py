"""Magnolia, what is said, and what is written and waits: M-08, M-18, M-20, M-21, M-22, M-26, M-27."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.acceptance.paper import Paper
from tests.acceptance.story import PAT, STAFF, Story
from tests.acceptance.waits import clause, lacks, told_as_waiting
from upheld.case.events import Opened, Provided, Resolved
from upheld.errors import Refusal
from upheld.policy import load_shipped
from upheld.policy.document import document
from upheld.policy.lint import lint
from upheld.policy.model import Monitor, Offers, Opens
from upheld.report.evidence import ClauseState, gather
from upheld.report.witness import verify
from upheld.testing.stage import Stage


def test_m_08_m_22_the_portal_is_written_and_waits() -> None:
    (online,), (resources,) = clause("magnolia", "M-08").rules, clause("magnolia", "M-22").rules
    assert isinstance(online, Offers)
    assert isinstance(resources, Offers)
    assert online.offers == ("enter", "follow", "closed", "solutions")
    assert resources.offers == ("resources",)
    assert lacks("magnolia", "M-08") == lacks("magnolia", "M-22") == {"the portal"}


def test_m_18_its_numbers_are_those_that_are_published() -> None:
    (servers,) = clause("magnolia", "M-18").rules
    assert isinstance(servers, Monitor)
    assert (servers.requests, servers.opens) == (10, Opens(1, ("customer_system",)))
    assert "every 15 minutes; 10 failed requests in a row" in clause("magnolia", "M-18").published
    assert lacks("magnolia", "M-18") == lacks("magnolia", "M-19") == set()


def test_m_08_m_22_check_tells_what_waits(tmp_path: Path) -> None:
    assert told_as_waiting("magnolia", tmp_path) == {"M-08", "M-22"}


def test_m_20_a_backup_server_is_advised() -> None:
    said = clause("magnolia", "M-20")
    assert said.statement
    assert "backup server" in said.published


def test_m_26_lint_names_the_text_that_its_publisher_is_still_to_write() -> None:
    (found,) = lint(load_shipped("magnolia"), today=date(2026, 11, 25))
    assert (found.check, found.clause) == ("unwritten", "M-26")


def test_m_26_the_document_has_the_chapter() -> None:
    (chapter,) = (
        each
        for each in document(load_shipped("magnolia")).chapters
        if each.heading == "Network and system capacity"
    )
    assert chapter.text is not None
    assert [each.clause for each in chapter.sentences] == ["M-26"]


def test_m_21_the_report_has_every_clause_and_its_evidence_holds(story: Story) -> None:
    case = story.phoned("One server is slow", 2)
    story.expect_mail(PAT, "Re: One server is slow")
    story.expect_mail(PAT, "[21]")
    story.do.reply(case, STAFF, "We look into it.")
    story.settle()
    story.expect_mail(PAT, "Re: [21]")
    with story.stage.site.ledger.reading() as tx:
        found = {each.id: each for each in gather(tx, story.stage.site.policy)}
        assert verify(tx, "stage").faults == ()
    assert set(found) == {each.id for each in load_shipped("magnolia").clauses}
    assert (found["M-15"].state, found["M-15"].kept) == (ClauseState.KEPT, 1)
    assert found["M-14"].state is not ClauseState.KEPT
    assert found["M-05"].evidence


def test_m_27_the_cause_of_an_outage_is_asked_for_at_its_resolution() -> None:
    case = Paper("magnolia", "2026-03-03 14:00", "no answer", source="monitor", severity=1)
    case.happens("2026-03-03 14:10", Resolved("fix", "replaced"))
    told = [line for line in case.told_by("M-27") if line[1] == "notify"]
    assert told == [("2026-03-03 14:10", "notify", "operations-manager")]


def test_m_27_with_its_cause_nobody_needs_to_ask() -> None:
    case = Paper("magnolia", "2026-03-03 14:00", "no answer", source="monitor", severity=1)
    case.happens("2026-03-03 14:05", Provided("cause", "unannounced maintenance"))
    case.happens("2026-03-03 14:10", Resolved("fix", "replaced"))
    assert case.told_by("M-27") == []


def test_m_27_at_our_own_desk_it_is_resolved_with_a_cause_or_with_a_reason(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        story = Story(stage)
        for why in ("", "nothing was found in three days"):
            outage = Opened("monitor", "web", "no answer", customer="acme", enforced_from=story.now)
            case = story.do.open(outage, STAFF)
            if not why:
                with pytest.raises(Refusal, match="M-27 needs cause first"):
                    story.do.resolve(case, STAFF)
                story.do.provide(case, STAFF, "cause", "unannounced maintenance")
            story.do.resolve(case, STAFF, override=why)
        with stage.site.ledger.reading() as tx:
            (found,) = (each for each in gather(tx, stage.site.policy) if each.id == "M-27")
    assert (found.kept, found.missed) == (3, 0)  # the cause that was recorded is a line too
    assert found.evidence[-1].what.endswith("because: nothing was found in three days")


def test_m_27_a_case_that_no_monitor_opened_has_no_outage() -> None:
    case = Paper("magnolia", "2026-03-03 14:00", "One server is slow", severity=2)
    case.happens("2026-03-03 14:10", Resolved("fix", "replaced"))
    assert case.told_by("M-27") == []
