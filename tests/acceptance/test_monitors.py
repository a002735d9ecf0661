"""We watch your servers: M-12, M-18, M-19, M-20, M-27, as a support manager would tell it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.acceptance.story import ANN, BO, PAT, PHONE, RAY, STAFF, VERA, Story
from tests.acceptance.watching import MAIL, Watching, server
from upheld.calendar.instant import MINUTE, moment
from upheld.case.events import Noted, Reopened, StepResult, Watched
from upheld.case.state import Status
from upheld.errors import Refusal
from upheld.monitor.pauses import Pauses
from upheld.report.evidence import ClauseEvidence, ClauseState, gather
from upheld.report.explain import explain
from upheld.testing.stage import Stage

FILLED, TAKEN = StepResult.FILLED, StepResult.TAKEN
BACKUP = "mail-2.acme.example"
WITHOUT_M_13 = """
extends: magnolia
policy: Magnolia without a status
document:
- heading: Severity levels
  clauses:
  - {id: M-13, says: There is no status., statement: true}
"""


def outage(story: Story, watching: Watching) -> str:
    """Ten requests fail; the case is there, and who is to know of it knows."""
    watching.fails(10)
    expect_outage(story)
    return "C1"


def expect_outage(story: Story) -> None:
    story.expect_page(ANN)
    story.expect_page(BO)
    story.expect_mail(PAT, f"{MAIL} is down")
    story.expect_mail(RAY, f"{MAIL} is down")


def evidence(story: Story, clause: str) -> ClauseEvidence:
    with story.stage.site.ledger.reading() as tx:
        (found,) = (each for each in gather(tx, story.stage.site.policy) if each.id == clause)
    return found


# --- M-18 ---------------------------------------------------------------------------------------


def test_m_18_nine_failures_and_a_success_are_no_outage(story: Story) -> None:
    watching = Watching(story)
    watching.reads("up")
    watching.fails(9)
    story.forward(minutes=1)
    watching.reads("up")
    assert story.cases() == []


def test_m_18_m_12_ten_open_one_severity_1_and_the_technical_contact_gets_one_message(
    story: Story,
) -> None:
    watching = Watching(story)
    watching.reads("up")
    story.forward(minutes=15)
    watching.fails(10)
    expect_outage(story)  # anything more fails: one message each
    (case,) = story.cases()
    assert (case.severity, case.customer) == (1, "acme")
    state = story.state()
    assert state.flags == {"customer_system"}
    assert "connection refused" in state.opened.text
    assert "10 requests in a row failed" in state.opened.text
    for clause in ("M-12", "M-18"):
        found = evidence(story, clause)
        assert (found.state, found.missed) == (ClauseState.KEPT, 0)
        assert any("Pat Lin" in line.what for line in found.evidence), found.evidence


def test_m_18_there_is_no_second_case_while_one_is_open_and_recovery_is_on_it(story: Story) -> None:
    watching = Watching(story)
    outage(story, watching)
    watching.fails_for(minutes=20)
    story.do.work("C1", STAFF)
    story.settle()
    story.expect_stand_down(ANN, "acknowledge")
    story.expect_stand_down(BO, "acknowledge")
    story.forward(minutes=1)
    watching.reads("up")
    assert len(story.cases()) == 1
    bodies = [stored.event.body for stored in story.events() if stored.event]
    assert [b.state for b in bodies if isinstance(b, Watched)] == ["down", "up"]
    assert Noted("The monitor reads it as up again.") in bodies


def test_m_18_what_was_resolved_and_fails_again_is_open_again(story: Story) -> None:
    watching = Watching(story)
    outage(story, watching)
    story.forward(minutes=1)
    watching.reads("up")
    story.do.provide("C1", STAFF, "cause", "hardware")
    story.do.resolve("C1", STAFF, "A disk was replaced.")
    story.forward(minutes=15)
    watching.fails(10)
    story.expect_mail(PAT, f"{MAIL} is down")
    assert story.state().status is Status.OPEN
    bodies = [stored.event.body for stored in story.events() if stored.event]
    assert Reopened(f"{MAIL} is down again") in bodies
    assert len(story.cases()) == 1


def test_m_18_a_failure_that_nothing_of_ours_explains_is_told_apart_from_our_own(
    story: Story,
) -> None:
    watching = Watching(story)
    watching.reads("up")
    for _ in range(12):
        story.forward(minutes=1)
        watching.reads("inconclusive", detail="our own line is down")
    assert story.cases() == []


# --- M-19 ---------------------------------------------------------------------------------------


def five_hours(story: Story, watching: Watching) -> list[datetime]:
    """When Pat got a status, over an outage of five hours that nobody works on."""
    outage(story, watching)
    watching.fails_for(hours=4, minutes=51, every=3 * MINUTE)
    told = [got for got in story.stage.got() if got.to == PAT and "Status" in got.what]
    return [moment(got.at) for got in told]


def test_m_19_m_13_over_five_hours_there_is_one_message_an_hour_which_keeps_both(
    story: Story,
) -> None:
    watching = Watching(story)
    began = moment(story.now)
    told = five_hours(story, watching)
    assert [round((at - began).total_seconds() / 60) for at in told] == [69, 129, 189, 249]
    assert watching.steps("M-19") == [FILLED] * 4  # at 2, 3, 4 and 5 hours
    for clause in ("M-13", "M-19"):
        found = evidence(story, clause)
        assert (found.kept, found.missed) == (4, 0)
    story.taken += [got for got in story.stage.got() if got not in story.taken]


@contextmanager
def without_m_13(folder: Path, database: str | None) -> Iterator[tuple[Story, Watching]]:
    (folder / "agreed.yaml").write_text(WITHOUT_M_13)
    with Stage(folder, database=database, config={"policy": "agreed.yaml"}) as stage:
        story = Story(stage)
        yield story, Watching(story)


def test_m_19_without_m_13_they_begin_at_two_hours_of_outage(
    tmp_path: Path, database: str | None
) -> None:
    with without_m_13(tmp_path, database) as (story, watching):
        began = moment(story.now)
        told = five_hours(story, watching)
        assert [round((at - began).total_seconds() / 60) for at in told] == [120, 180, 240, 300]
        assert watching.steps("M-19") == [TAKEN] * 4


def test_m_19_they_end_when_it_is_up_again(tmp_path: Path, database: str | None) -> None:
    with without_m_13(tmp_path, database) as (story, watching):
        outage(story, watching)
        watching.fails_for(minutes=113, every=MINUTE * 113)
        story.expect_status(at="00:30")
        story.forward(minutes=30)
        watching.reads("up")
        story.forward(hours=1)
        story.expect_page(VERA, at="00:39")  # nobody worked on it
        story.expect_call(PHONE, at="00:39")
        story.nothing_else()


def test_m_19_while_somebody_has_it_paused_the_update_says_so_and_who(
    tmp_path: Path, database: str | None
) -> None:
    with without_m_13(tmp_path, database) as (story, watching):
        outage(story, watching)
        watching.fails_for(minutes=113, every=MINUTE * 113)
        assert "is not watched" not in story.expect_status(at="00:30").text
        story.forward(minutes=38)
        story.expect_page(VERA, at="00:39")  # nobody worked on it
        pauses = Pauses(watching.landing)
        pauses.pause([MAIL], STAFF, reason="a secret of ours")
        story.forward(minutes=20)
        status = story.expect_status(at="01:30").text
        assert f"{MAIL} is not watched since 2026-03-28 21:10 EDT: Bo" in status
        assert "secret" not in status, "the reason is our own"
        pauses.resume([MAIL], STAFF)
        story.forward(hours=1)
        assert "is not watched" not in story.expect_status(at="02:30").text


def test_m_19_of_a_server_of_ours_it_is_promised_to_nobody(story: Story) -> None:
    watching = Watching(story, {MAIL: server(customer=None)})
    watching.fails(10)
    story.expect_page(ANN)
    story.expect_page(BO)
    watching.fails_for(hours=2, minutes=52, every=MINUTE * 172)
    story.expect_page(VERA, at="00:39")  # M-14: whom else it names is told as ever
    for clause in ("M-13", "M-19"):
        found = evidence(story, clause)
        assert (found.state, found.missed) == (ClauseState.NOT_EXERCISED, 0)
        assert {line.what for line in found.evidence} == {
            "it is promised to a customer, and what failed is no customer's"
        }
    told = explain(story.stage.site.records, "C1")
    assert {step.result for step in told.steps if step.clause == "M-19"} == {"to nobody"}
    assert "update customer, which is nobody" in {each.what for each in told.coming}


# --- M-20 ---------------------------------------------------------------------------------------


def test_m_20_when_the_primary_fails_and_the_backup_answers_the_case_says_so(story: Story) -> None:
    watching = Watching(story, {MAIL: server(), BACKUP: server(host=BACKUP, backup_of=MAIL)})
    watching.reads("up", BACKUP)
    watching.fails(10)
    expect_outage(story)
    state = story.state()
    assert f"{BACKUP}, which stands in for it, is up." in state.opened.text
    (told,) = (got for got in story.stage.got() if got.to == PAT)
    assert f"{BACKUP}, which stands in for it, answers." in told.text


def test_m_20_when_the_backup_fails_too_the_case_knows(story: Story) -> None:
    watching = Watching(story, {MAIL: server(), BACKUP: server(host=BACKUP, backup_of=MAIL)})
    watching.reads("up", BACKUP)
    watching.fails(10)
    expect_outage(story)
    story.forward(minutes=1)
    watching.fails(10, BACKUP)
    watched = story.state().watched
    assert watched is not None
    assert watched.backups == {BACKUP: "down"}
    story.taken += [got for got in story.stage.got() if got not in story.taken]  # its own case


# --- M-27 ---------------------------------------------------------------------------------------


def test_m_27_the_cause_is_one_of_those_that_are_offered(story: Story) -> None:
    outage(story, Watching(story))
    with pytest.raises(Refusal, match="M-27 needs cause first") as asked:
        story.do.resolve("C1", STAFF)
    offered = "customer network, hardware, unannounced maintenance, server off-line"
    assert f"cause is one of: {offered}" in str(asked.value.do_next)
    with pytest.raises(Refusal, match="'gremlins' is no cause") as refused:
        story.do.provide("C1", STAFF, "cause", "gremlins")
    assert refused.value.do_next == f"one of: {offered}"
    story.do.provide("C1", STAFF, "cause", "Hardware")
    story.do.resolve("C1", STAFF)
    assert story.state().fields["cause"] == "Hardware"
    assert evidence(story, "M-27").state is ClauseState.KEPT
