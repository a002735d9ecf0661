"""Pages reach somebody: over the pager, an SMS, a call; this person, then the next, with the proof."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.reached import NUMBERS, REACH, PhoneStage, Reached
from tests.acceptance.story import PAT, PHONE, STAFF
from upheld.case.events import Actor, Side
from upheld.ledger import DeliveryState

MARKED = "[1042]"


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Reached]:
    with PhoneStage(tmp_path, database=database) as stage:
        yield Reached(stage)


def severity_1(story: Reached) -> None:
    """Pat's case is triaged as Severity 1: the Operations Manager (Ann) and Bo are paged."""
    story.mail(PAT, "Nobody can connect")
    story.do.triage("C1", STAFF, 1, number="1042")
    story.settle()


def of(story: Reached, who: str) -> list[str]:
    return [channel for person, channel in story.people() if person == who]


def test_a_routing_key_with_nobody_on_call_is_failed_over_within_its_time(story: Reached) -> None:
    severity_1(story)
    assert of(story, "ann") == ["page"], "PagerDuty accepted it: 202"
    story.forward(minutes=4, seconds=59)
    assert of(story, "ann") == ["page"]
    story.forward(seconds=1)
    assert of(story, "ann") == ["page", "sms"]
    assert "ann page: not acknowledged within 5 min → ann sms" in story.proofs()
    assert [(each.connection, each.because) for each in story.explained("ann").told] == [
        ("pager", ""),
        ("phone", "not acknowledged within 5 min: next way"),
    ]


def test_an_sms_that_is_undelivered_is_followed_by_a_call_and_then_by_the_next_person(
    story: Reached,
) -> None:
    severity_1(story)
    story.forward(minutes=5)
    story.becomes("ann", "sms", "undelivered", 30003)
    assert of(story, "ann") == ["page", "sms", "voice"]
    story.becomes("ann", "voice", "no-answer")
    story.becomes("bo", "sms", "failed", 30006)
    story.becomes("bo", "voice", "busy")
    # Two clauses page, each to its own: both go on to her, and each has its proof.
    assert of(story, "vera") == ["page", "page"]
    went = story.proofs()
    assert any(each.startswith("ann sms: failed: undelivered") for each in went)
    assert any(each.endswith("→ vera page") for each in went)


def test_a_call_that_is_acknowledged_by_key_ends_it(story: Reached) -> None:
    severity_1(story)
    story.forward(minutes=5)
    story.becomes("ann", "sms", "undelivered")
    call = story.sid("ann", "voice")
    story.stage.hear(story.stage.phone.press(call, "1"))
    rung = [each for each in story.explained("ann").told if each.purpose == "page"][-1]
    assert [word.state for word in rung.words] == ["accepted", "acknowledged"]
    assert rung.words[-1].by == "ann"
    before = len(of(story, "ann"))
    story.forward(minutes=25)
    assert len(of(story, "ann")) == before
    assert story.state().acknowledged_at is not None


def test_an_acknowledgement_at_five_minutes_does_not_stop_the_escalation(story: Reached) -> None:
    """M-14: the case stands unworked for two hours, so the VP is told whoever acknowledged."""
    severity_1(story)
    story.forward(minutes=5)
    code = said_by(story, "ann")
    story.stage.hear(story.stage.phone.write("+12025550101", f"ACK 1042 {code}"))
    story.forward(minutes=115)
    assert "page" in of(story, "vera")


def test_an_acknowledgement_by_sms_is_answered_there_and_stops_the_ringing(
    story: Reached,
) -> None:
    severity_1(story)
    story.forward(minutes=5)
    rung = story.people()
    story.stage.hear(story.stage.phone.write("+12025550101", f"ACK 1042 {said_by(story, 'ann')}"))
    answer = said(story)[-1]
    assert "1042: acknowledged. WORK once you begin" in answer
    story.forward(minutes=20)
    more = story.people()[len(rung) :]
    assert {("ann", "voice"), ("ann", "page")}.isdisjoint(more)


def test_whoever_acknowledged_and_forgot_it_is_reminded_alone(story: Reached) -> None:
    severity_1(story)
    story.forward(minutes=5)
    story.stage.hear(story.stage.phone.write("+12025550101", f"ACK 1042 {said_by(story, 'ann')}"))
    before = story.people()
    story.forward(minutes=30)
    assert rung_since(story, before) == [("ann", "page")]
    assert any("acknowledged, and not worked since" in each for each in story.proofs())


@pytest.mark.parametrize("known", [False, True], ids=["sent", "delivered"])
def test_who_passes_it_on_is_rung_no_more_and_the_next_one_is_at_once(
    story: Reached, known: bool
) -> None:
    severity_1(story)
    story.forward(minutes=5)
    if known:
        story.becomes("ann", "sms", "delivered")
    story.forward(seconds=30)
    before = story.people()
    story.stage.hear(story.stage.phone.write("+12025550101", f"PASS 1042 {said_by(story, 'ann')}"))
    assert rung_since(story, before) == [("vera", "page")]
    assert "ann sms: passed on → vera page" in story.proofs()
    assert said(story)[-1].startswith("1042: passed on: the next one is paged")
    story.forward(minutes=4)
    assert "voice" not in of(story, "ann")


def test_who_passes_on_what_they_had_acknowledged_has_it_no_more(story: Reached) -> None:
    severity_1(story)
    story.forward(minutes=5)
    code = said_by(story, "ann")
    story.stage.hear(story.stage.phone.write("+12025550101", f"ACK 1042 {code}"))
    story.forward(minutes=3)
    before = story.people()
    story.stage.hear(story.stage.phone.write("+12025550101", f"PASS 1042 {code}"))
    assert rung_since(story, before) == [("vera", "page")]


# --- of the case, at our own doors and at a tracker ----------------------------------------------------

ANN, CY = Actor("ann", Side.STAFF), Actor("cy", Side.STAFF)


def acknowledged(story: Reached, by: Actor) -> list[tuple[str, str]]:
    """Five minutes after the marking, as `upheld cases ack` says it; who was reached over what by then."""
    severity_1(story)
    story.forward(minutes=5)
    story.do.acknowledge("C1", by)
    story.settle()
    return story.people()


def rung_since(story: Reached, before: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Who was paged since; whoever is told that it is answered is not."""
    return [each for each in story.people()[len(before) :] if each[1] != "sms"]


def test_who_has_the_case_stops_every_page_of_it_for_everybody(story: Reached) -> None:
    before = acknowledged(story, ANN)
    assert {i.status for i in story.stage.pager.incidents} == {"acknowledged"}
    assert heard(story, "bo")[-1].startswith("1042 Acme Internet: acknowledged by Ann Reyes")
    assert "acknowledged by" not in heard(story, "ann")[-1], "she knows"
    story.forward(minutes=29)
    assert story.people() == before
    pages = [each for each in story.explained("bo").told if each.purpose == "page"]
    assert {(each.words[-1].state, each.words[-1].by) for each in pages} == {
        ("acknowledged", "ann")
    }


def test_once_that_has_expired_whoever_had_it_is_reminded_and_then_the_others(
    story: Reached,
) -> None:
    before = acknowledged(story, ANN)
    story.forward(minutes=30)
    assert rung_since(story, before) == [("ann", "page")]
    assert len(story.people()) == len(before) + 1, "and nobody else"
    story.forward(minutes=5)
    story.becomes("ann", "sms", "undelivered")
    story.forward(seconds=1)
    story.becomes("ann", "voice", "no-answer")
    assert rung_since(story, before) == [("ann", "page"), ("ann", "voice"), ("bo", "page")]


def test_where_whoever_has_it_was_not_paged_one_of_those_who_were_is_reminded(
    story: Reached,
) -> None:
    before = acknowledged(story, CY)
    story.forward(minutes=30)
    assert len(story.people()) == len(before) + 1
    assert rung_since(story, before) == [("bo", "page")], "the engineer on duty was paged first"


def test_who_passed_it_on_is_not_reminded_of_what_somebody_else_has(story: Reached) -> None:
    """Bo, who was paged first, has passed it on; Cy, who was never paged, has it and forgets it."""
    severity_1(story)
    story.forward(minutes=5)
    story.stage.hear(story.stage.phone.write("+12025550102", f"PASS 1042 {said_by(story, 'bo')}"))
    story.do.acknowledge("C1", CY)
    story.settle()
    before = story.people()
    story.forward(minutes=30)
    rung = rung_since(story, before)
    assert rung
    assert rung[0][0] != "bo"


def test_who_has_the_case_does_not_stop_the_escalation(story: Reached) -> None:
    """M-14: two hours and no work, so the VP is paged, and is rung until she answers."""
    acknowledged(story, ANN)
    story.forward(minutes=114, seconds=59)
    story.do.acknowledge("C1", ANN)
    story.settle()
    before = len(of(story, "vera"))
    story.forward(minutes=10)
    assert of(story, "vera")[before:] == ["page", "sms", "voice"]


def test_work_ends_what_an_acknowledgement_only_held(story: Reached) -> None:
    before = acknowledged(story, ANN)
    story.do.work("C1", ANN)
    story.forward(minutes=60)
    assert rung_since(story, before) == []


def test_work_by_sms_stops_everything_and_stands_the_pager_down(story: Reached) -> None:
    severity_1(story)
    story.forward(minutes=5)
    story.stage.hear(story.stage.phone.write("+12025550101", f"WORK 1042 {said_by(story, 'ann')}"))
    assert story.state().worked_at is not None
    assert {i.status for i in story.stage.pager.incidents} == {"acknowledged"}
    rung = story.people()
    story.forward(minutes=90)
    assert [each for each in story.people()[len(rung) :] if each[1] != "sms"] == []


# --- everybody else hears of it ---------------------------------------------------------------------


def heard(story: Reached, who: str) -> list[str]:
    """What somebody was told over the phone, written or spoken, oldest first."""
    number = next(number for number, name in NUMBERS.items() if name == who)
    return [item.twiml or item.body for item in story.stage.phone.sent if item.to == number]


def test_whoever_else_was_paged_hears_who_has_acknowledged(story: Reached) -> None:
    severity_1(story)
    story.forward(minutes=5)
    paged = len(heard(story, "bo"))
    story.stage.hear(story.stage.phone.write("+12025550101", f"ACK 1042 {said_by(story, 'ann')}"))
    (told,) = heard(story, "bo")[paged:]
    assert told.startswith("1042 Acme Internet: acknowledged by Ann Reyes\nYou need not answer.")
    assert "acknowledged. WORK once you begin" in heard(story, "ann")[-1], "no more than her answer"
    assert {i.status for i in story.stage.pager.incidents} == {"acknowledged"}, "nor rings a pager"
    story.forward(minutes=20)
    assert heard(story, "bo")[paged:] == [told]


def test_it_stands_on_every_sending_who_has_acknowledged(story: Reached) -> None:
    severity_1(story)
    story.forward(minutes=5)
    story.stage.hear(story.stage.phone.write("+12025550101", f"ACK 1042 {said_by(story, 'ann')}"))
    pages = [each for each in story.explained("bo").told if each.purpose == "page"]
    assert {(each.words[-1].state, each.words[-1].by) for each in pages} == {
        ("acknowledged", "ann")
    }
    with story.stage.site.ledger.reading() as tx:
        sent = tx.deliveries(subject="C1", states=(DeliveryState.ACKNOWLEDGED,))
    assert {each.recipient for each in sent} == {"ann", "bo"}
    assert {each.detail for each in sent} == {"acknowledged by Ann Reyes, by answer"}


def test_whoever_was_called_is_told_by_a_call_and_is_asked_nothing(story: Reached) -> None:
    severity_1(story)
    story.forward(minutes=5)
    story.becomes("bo", "sms", "failed", 30006)
    call = heard(story, "bo")[-1]
    assert "<Gather" in call
    # One of his two messages went undelivered; the other was, and a written word does for both.
    story.stage.hear(story.stage.phone.write("+12025550101", f"ACK 1042 {said_by(story, 'ann')}"))
    assert heard(story, "bo")[-1].startswith("1042 Acme Internet: acknowledged by Ann Reyes")


def test_who_was_reached_by_a_call_alone_hears_it_spoken(tmp_path: Path) -> None:
    spoken = REACH | {"page": [{"voice": "phone"}]}
    with PhoneStage(tmp_path, config={"reach": spoken}) as stage:
        story = Reached(stage)
        severity_1(story)
        story.do.work("C1", Actor("ann", Side.STAFF))
        story.settle()
        told = heard(story, "bo")[-1]
    assert "You can stand down: it is being worked by Ann Reyes." in told
    assert "<Gather" not in told


def test_m_06_m_11_and_m_14_by_telephone_alone(tmp_path: Path, database: str | None) -> None:
    """Twilio pages, is answered, and calls: no pager anywhere."""
    alone = REACH | {"page": [{"sms": "phone"}, {"voice": "phone"}]}
    with PhoneStage(tmp_path, config={"reach": alone}, database=database) as stage:
        story = Reached(stage)
        severity_1(story)
        assert {("ann", "sms"), ("bo", "sms")} <= set(story.people()), "M-11, M-04"
        story.forward(minutes=1)
        code, before = said_by(story, "ann"), story.people()
        stage.hear(stage.phone.write("+12025550101", f"MOBILISE 1042 {code} all of it is down"))
        assert ("cy", "sms") in story.people()[len(before) :], "M-06"
        assert story.state().mobilised_at is not None
        story.forward(minutes=118, seconds=59)
        before = story.people()
        story.forward(seconds=1)
        assert set(story.people()[len(before) :]) >= {("vera", "sms"), (PHONE, "voice")}, "M-14"


def test_work_is_told_in_words_once_to_all_but_whoever_works(story: Reached) -> None:
    severity_1(story)
    story.forward(minutes=5)
    before = {who: len(heard(story, who)) for who in ("ann", "bo")}
    story.stage.hear(story.stage.phone.write("+12025550101", f"WORK 1042 {said_by(story, 'ann')}"))
    told = "1042 Acme Internet: stand down\nIt is being worked by Ann Reyes."
    assert [each.partition("\n#")[0] for each in heard(story, "bo")[before["bo"] :]] == [told]
    (answer,) = heard(story, "ann")[before["ann"] :]
    assert answer.startswith("1042: ")
    story.do.resolve("C1", STAFF, "it was the cable")
    story.do.close("C1", STAFF)
    story.settle()
    assert len(heard(story, "bo")) == before["bo"] + 1, "he was stood down, and not paged since"


def test_what_is_forged_from_a_number_of_ours_works_nothing(story: Reached) -> None:
    severity_1(story)
    story.forward(minutes=5)
    story.stage.hear(story.stage.phone.write("+12025550101", "WORK 1042"))
    assert story.state().worked_at is None
    assert "not done: answer with the code" in said(story)[-1]


def said(story: Reached) -> list[str]:
    """The texts of our SMS, oldest first."""
    return [item.body for item in story.stage.phone.sent if not item.call]


def said_by(story: Reached, who: str) -> str:
    """The code at the end of the last SMS to somebody."""
    sid = story.sid(who, "sms")
    (item,) = (each for each in story.stage.phone.sent if each.sid == sid)
    return str(item.body).rsplit("#", 1)[1].strip()
