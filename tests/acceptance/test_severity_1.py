"""Magnolia, Severity 1: M-06, M-11, M-12, M-13, M-14."""

from __future__ import annotations

import pytest

from tests.acceptance.story import ANN, BO, CY, PAT, PHONE, RAY, STAFF, VERA, Story
from upheld.case.events import Actor, Event, Side, StepResult, StepTaken, Worked
from upheld.errors import Refusal


def test_m_11_paged_in_the_transaction_of_the_marking(story: Story) -> None:
    story.mail(PAT, "One server is slow")
    story.expect_mail(PAT, "Re: One server is slow")
    story.do.triage("C1", STAFF, 1, number="1042")
    with story.stage.site.ledger.reading() as tx:  # before any loop of the daemon has run
        waiting = [item.to for item in tx.items(subject="C1") if item.purpose == "page"]
    assert waiting == [("operations-manager",), ("on-duty-engineer",)]
    assert story.state().assignee == "on-duty-engineer"
    story.settle()
    story.expect_mail(PAT, "[1042]")
    story.expect_page(ANN)
    story.expect_page(BO)


def test_m_11_a_3_raised_to_a_1_pages_too(story: Story) -> None:
    story.phoned("invoice", 3)
    story.expect_mail(PAT, "Re: invoice")
    story.expect_mail(PAT, "[21]")
    story.forward(hours=1)
    story.do.severity("C1", STAFF, 1, "it is the whole network")
    story.settle()
    story.expect_page(ANN)
    story.expect_page(BO)


@pytest.mark.parametrize("end", ["lowered", "closed"])
def test_m_11_everybody_paged_is_stood_down(story: Story, end: str) -> None:
    story.severity_1()
    if end == "lowered":
        story.do.severity("C1", STAFF, 3)
    else:
        story.do.close("C1", STAFF, "false alarm")
    story.settle()
    for who in (BO, ANN, BO):  # to triage, and as marked
        story.expect_stand_down(who, "resolve")
    story.forward(hours=5)


def test_m_11_marked_again_pages_again(story: Story) -> None:
    story.severity_1()
    story.do.severity("C1", STAFF, 3)
    story.settle()
    for who in (BO, ANN, BO):
        story.expect_stand_down(who, "resolve")
    story.forward(minutes=5)
    story.do.severity("C1", STAFF, 1)
    story.settle()
    story.expect_page(ANN)
    story.expect_page(BO)


def test_m_06_the_whole_team_is_called_in_by_a_decision(story: Story) -> None:
    story.severity_1()
    story.forward(minutes=10)
    story.nothing_else()
    story.do.mobilise("C1", Actor(ANN, Side.STAFF))
    story.settle()
    for who in (ANN, BO, CY):
        story.expect_page(who)
    story.do.mobilise("C1", Actor(ANN, Side.STAFF))


def test_m_12_contacts_are_told_where_a_system_of_theirs_is_involved(story: Story) -> None:
    story.severity_1()
    story.do.flag("C1", STAFF, "customer_system")
    story.settle()
    story.expect_mail(RAY, "[1042]")
    story.expect_mail(PAT, "[1042]")


def test_m_12_without_the_flag_nobody_is_told(story: Story) -> None:
    story.severity_1()
    story.forward(minutes=30)


def test_m_13_a_status_every_hour_until_closed(story: Story) -> None:
    story.severity_1()
    story.do.work("C1", STAFF)
    story.settle()
    for who in (BO, ANN, BO):
        story.expect_stand_down(who, "acknowledge")
    story.forward(hours=1)
    story.expect_ask(at="23:15")
    status = story.expect_status()
    assert "Bo Lindt is working on it" in status.text
    assert "The next one comes at 2026-03-28 20:30 EDT" in status.text
    story.forward(minutes=20)
    story.do.resolve("C1", STAFF, "A router was replaced.")
    story.forward(minutes=40)
    story.expect_ask(at="00:15")
    assert "It is resolved" in story.expect_status().text
    story.do.close("C1", STAFF)
    story.settle()
    for who in (BO, ANN, BO):
        story.expect_stand_down(who, "resolve")
    story.forward(hours=3)


def test_m_13_a_public_reply_keeps_its_hour(story: Story) -> None:
    story.severity_1()
    story.forward(minutes=30)
    story.do.reply("C1", STAFF, "It is the router in the east.")
    story.settle()
    story.expect_mail(PAT, "Re: [1042]")
    for who in (BO, ANN, BO):
        story.expect_stand_down(who, "acknowledge")
    story.forward(minutes=90)
    story.expect_ask(at="00:15")
    story.expect_status()
    results = [
        event.event.body.result
        for event in story.events()
        if event.event and isinstance(event.event.body, StepTaken)
        if event.event.body.clause == "M-13"
    ]
    assert results == [StepResult.FILLED, StepResult.TAKEN]


def test_m_13_ends_when_the_severity_drops(story: Story) -> None:
    story.severity_1()
    story.forward(minutes=59)
    story.expect_ask(at="23:15")
    story.do.severity("C1", STAFF, 2)
    story.settle()
    for who in (BO, ANN, BO):
        story.expect_stand_down(who, "resolve")
    story.forward(hours=4)


def test_m_14_fires_at_exactly_two_hours(story: Story) -> None:
    story.severity_1()
    story.forward(hours=1, minutes=59, seconds=59)
    story.expect_ask(at="23:15")
    story.expect_status(at="23:30")
    story.expect_ask(at="00:15")
    story.nothing_else()
    story.forward(seconds=1)
    story.expect_page(VERA)
    call = story.expect_call(PHONE)
    assert "Pat Lin" in call.text
    story.expect_status()


@pytest.mark.parametrize("how", ["work", "reply", "call"])
def test_m_14_not_at_all_when_work_began_a_minute_before(story: Story, how: str) -> None:
    story.severity_1()
    story.forward(hours=1, minutes=59)
    story.expect_ask(at="23:15")
    story.expect_status(at="23:30")
    story.expect_ask(at="00:15")
    if how == "reply":
        story.do.reply("C1", STAFF, "We are on it.")
    else:
        getattr(story.do, how)("C1", STAFF)
    story.settle()
    if how == "reply":
        story.expect_mail(PAT, "Re: [1042]")
    for who in (BO, ANN, BO):
        story.expect_stand_down(who, "acknowledge")
    story.forward(minutes=1)
    if how != "reply":
        story.expect_status()


def test_m_14_an_acknowledgement_does_not_stop_it(story: Story) -> None:
    story.severity_1()
    story.forward(minutes=5)
    story.do.acknowledge("C1", Actor(ANN, Side.STAFF))
    story.do.assign("C1", STAFF, BO)
    story.do.note("C1", STAFF, "will look at it later")
    story.settle()
    for who in (BO, ANN, BO):
        story.expect_stand_down(who, "acknowledge", at="22:35")
    story.forward(hours=1, minutes=55)
    story.expect_page(ANN, at="23:05")  # half an hour later nobody works on it: she is reminded
    story.expect_page(BO, at="23:10")
    story.expect_ask(at="23:15")
    story.expect_status(at="23:30")
    story.expect_ask(at="00:15")
    story.expect_status()
    story.expect_page(VERA)
    story.expect_call(PHONE)


def test_m_14_what_a_machine_does_is_not_work(story: Story) -> None:
    story.severity_1()
    with pytest.raises(Refusal, match="only staff"):
        story.do.work("C1", Actor("automation", Side.BOT))
    body = Worked("in_progress")
    event = Event("bot:1", story.now, story.now, Actor("automation", Side.BOT), body)
    story.stage.site.ledger.retrying(lambda tx: story.stage.site.records.add(tx, "C1", event))
    story.forward(hours=2)
    story.expect_ask(at="23:15")
    story.expect_status(at="23:30")
    story.expect_ask(at="00:15")
    story.expect_status()
    story.expect_page(VERA)
    story.expect_call(PHONE)


def test_m_14_work_before_the_marking_does_not_count(story: Story) -> None:
    case = story.phoned("slow", 2)
    story.expect_mail(PAT, "Re: slow")
    story.expect_mail(PAT, "[21]")
    story.do.work(case, STAFF)
    story.forward(minutes=30)
    story.do.severity(case, STAFF, 1)
    story.settle()
    story.expect_page(ANN)
    story.expect_page(BO)
    story.forward(hours=2)
    story.expect_ask(at="23:45")
    story.expect_status(at="00:00")
    story.expect_ask(at="00:45")
    story.expect_status()
    story.expect_page(VERA)
    story.expect_call(PHONE)


def test_m_14_once_only_across_restarts(story: Story) -> None:
    story.severity_1()
    story.forward(hours=1)
    story.expect_ask(at="23:15")
    story.expect_status()
    story.stage.restart()
    story.forward(hours=1)
    story.expect_ask(at="00:15")
    story.expect_status()
    story.expect_page(VERA)
    story.expect_call(PHONE)
    story.stage.restart()
    story.forward(minutes=10)
