"""What an engineer writes by mail: verbs, answers that go on to the customer, and what is not done."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from tests.core.desk.scene import BO, MAILBOX, NOW, PAT, Desk, message
from upheld.calendar.instant import DAY, moment
from upheld.case.decision import Purpose
from upheld.case.events import Actor, Noted, PublicReply, SeveritySet, Side
from upheld.case.state import Status
from upheld.ledger import DeliveryState, NewDelivery, OutboxItem
from upheld.plugin import Address, Attachment, Channel

BO_ACTS = Actor("bo", Side.STAFF)
QUOTED = "\n\nOn Monday Magnolia wrote:\n> Severity 1: Nobody can connect\n"


@pytest.fixture
def thread(desk: Desk) -> tuple[str, ...]:
    """A conversation about C1."""
    mail = message(PAT)
    desk.take(mail)
    return (mail.id,)


def wrote(desk: Desk, thread: tuple[str, ...], fresh: str, **given: Any) -> None:
    """Bo writes to us alone, proven, and his program quotes."""
    values = {"thread": thread, "text": fresh + QUOTED, "fresh": fresh} | given
    desk.take(message(BO, "Re: Slow", **values))


def answers(desk: Desk) -> list[OutboxItem]:
    with desk.ledger.reading() as tx:
        return [each for each in tx.items() if each.purpose == Purpose.ANSWER.value]


def replies(desk: Desk) -> list[OutboxItem]:
    with desk.ledger.reading() as tx:
        return [each for each in tx.items() if each.purpose == Purpose.REPLY.value]


# --- verbs ----------------------------------------------------------------------------------------


def test_a_verb_is_done_in_the_name_of_its_writer_and_answered(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    wrote(desk, thread, "#severity 2 half of them are down")
    event = desk.last("severity_set")
    assert (event.body, event.actor) == (SeveritySet(2, "half of them are down"), BO_ACTS)
    (answer,) = answers(desk)
    assert answer.to == ("bo",)
    assert answer.facts == {"text": "#severity: done, in the name of Bo Lindt"}


def test_the_mail_itself_is_an_internal_note_with_all_its_words(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    wrote(desk, thread, "#severity 2\nI think so.")
    assert desk.last("noted").body == Noted(f"[by mail] #severity 2\nI think so.{QUOTED}")
    assert desk.kinds().count("public_reply") == 0
    assert replies(desk) == []


@pytest.mark.parametrize(
    ("words", "status"),
    [("#resolve fix A router was replaced.", Status.RESOLVED), ("#close", Status.CLOSED)],
)
def test_a_case_is_solved_and_closed_by_mail(
    desk: Desk, thread: tuple[str, ...], words: str, status: Status
) -> None:
    if words == "#close":
        desk.verbs.resolve("C1", BO_ACTS, "A router was replaced.")
    wrote(desk, thread, words)
    assert desk.state().status is status


def test_a_case_is_assigned_and_moved_by_mail(desk: Desk, thread: tuple[str, ...]) -> None:
    wrote(desk, thread, "#assign ann")
    wrote(desk, thread, "#triage 3")
    assert (desk.case().assignee, desk.case().number) == ("ann", "1001")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("#severity 9", "has no severity 9"),
        ("#sevrity 1", "there is no #sevrity"),
        ("#assign nobody", "there is nobody called 'nobody'"),
        ("#hold", "needs a reason"),
        ("#release", "is not held"),
    ],
)
def test_what_is_refused_says_why_and_does_nothing(
    desk: Desk, thread: tuple[str, ...], words: str, why: str
) -> None:
    wrote(desk, thread, words)
    (answer,) = answers(desk)
    assert why in str(answer.facts["text"])
    assert desk.kinds() == ["opened", "proposed", "noted"]


def test_a_verb_in_what_is_quoted_is_nobodys(desk: Desk, thread: tuple[str, ...]) -> None:
    """A customer who writes `#close` has it quoted in the engineer's answer."""
    wrote(desk, thread, "> #close\n\nWhy?")
    assert desk.state().status is not Status.CLOSED
    assert answers(desk) == []


def test_who_speaks_of_no_case_does_nothing(desk: Desk, thread: tuple[str, ...]) -> None:
    wrote(desk, (), "#close")
    assert desk.state().status is not Status.CLOSED
    assert answers(desk) == []


@pytest.mark.parametrize("words", ["#close", "We look at it."])
def test_who_is_not_proven_does_nothing_and_whose_address_it_is_hears_of_it(
    desk: Desk, thread: tuple[str, ...], words: str
) -> None:
    """An engineer who believes that the customer is answered would leave them waiting."""
    wrote(desk, thread, words, verified=False)
    assert desk.state().status is not Status.CLOSED
    assert not desk.case().worked
    assert replies(desk) == []
    (answer,) = answers(desk)
    assert answer.to == ("bo",)
    assert "not proven" in str(answer.facts["text"])
    assert words not in str(answer.facts["text"])


def test_of_what_was_there_before_nobody_hears(desk: Desk, thread: tuple[str, ...]) -> None:
    source = replace(MAILBOX, adopt_from=NOW + DAY)
    desk.take(message(BO, text="Old.", thread=thread, verified=False), source=source)
    assert answers(desk) == []


def test_a_note_stays_inside(desk: Desk, thread: tuple[str, ...]) -> None:
    wrote(desk, thread, "#note They owe us money.")
    assert desk.last("noted").body == Noted("They owe us money.")
    assert replies(desk) == []
    assert "public_reply" not in desk.kinds()


def test_a_customer_closes_nothing(desk: Desk, thread: tuple[str, ...]) -> None:
    desk.take(message(PAT, text="#close", thread=thread))
    assert desk.state().status is not Status.CLOSED
    assert desk.kinds()[-1] == "customer_message"


def test_the_same_mail_again_does_nothing(desk: Desk, thread: tuple[str, ...]) -> None:
    wrote(desk, thread, "#triage 3", id="<once@test>")
    wrote(desk, thread, "#triage 3", id="<once@test>")
    assert desk.kinds().count("triaged") == 1
    assert len(answers(desk)) == 1


def test_a_verb_of_before_the_mailbox_was_adopted_is_history(desk: Desk) -> None:
    old = moment(NOW - 2 * DAY)
    source = replace(MAILBOX, adopt_from=NOW - DAY)
    mail = message(PAT, at=old)
    close = message(BO, text="#close", thread=(mail.id,), at=old)
    desk.take(mail, close, source=source)
    assert desk.state().status is not Status.CLOSED
    assert answers(desk) == []


# --- answers --------------------------------------------------------------------------------------


def test_an_answer_to_us_alone_goes_on_to_the_customer_without_what_it_quotes(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    wrote(desk, thread, "We look at it.")
    body = desk.last("public_reply").body
    assert body == PublicReply("We look at it.", True, f"We look at it.{QUOTED}")
    (reply,) = replies(desk)
    assert reply.facts["text"] == "We look at it."
    assert answers(desk) == []


def test_what_is_quoted_between_stays_inside(desk: Desk, thread: tuple[str, ...]) -> None:
    """Bo answers a page line by line: the page is internal."""
    wrote(desk, thread, "Yes, it is down.\n> Sev 1, told to nobody\nWe look at it.")
    (reply,) = replies(desk)
    assert reply.facts["text"] == "Yes, it is down.\nWe look at it."


def test_nothing_but_what_is_quoted_is_no_answer(desk: Desk, thread: tuple[str, ...]) -> None:
    wrote(desk, thread, "> Sev 1, told to nobody")
    assert replies(desk) == []
    assert "needs a few words" in str(answers(desk)[0].facts["text"])


def test_one_that_the_customer_got_is_not_sent_again(desk: Desk, thread: tuple[str, ...]) -> None:
    wrote(desk, thread, "We look at it.", to=(Address(Channel.MAIL, PAT),))
    assert desk.last("public_reply").body.send is False
    assert replies(desk) == []


def asked(desk: Desk) -> str:
    """A mail to Bo that asks for the sentence of the next status."""
    with desk.ledger.transaction() as tx:
        tx.enqueue("ask", "C1", Purpose.ASK.value, now=NOW, recipients=("bo",))
        tx.plan("ask", [NewDelivery("ask>bo", "bo", "mail", "mailbox", BO, "Bo Lindt")])
        (leased,) = (each for each in tx.lease("t", limit=9, seconds=60) if each.key == "ask>bo")
        tx.attempting(leased)
        tx.outcome(leased, DeliveryState.ACCEPTED, handle="<ask@magnolia.example>")
    return "<ask@magnolia.example>"


def test_the_sentence_that_was_asked_for_comes_with_the_status(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    wrote(desk, (asked(desk), *thread), "A router is being replaced.")
    assert desk.last("public_reply").body.send is False
    assert replies(desk) == []


def test_no_sentence_where_one_was_asked_for_is_told(desk: Desk, thread: tuple[str, ...]) -> None:
    """A status would bring nothing, or the internal mail that asked."""
    wrote(desk, (asked(desk), *thread), "", text="From: us\n\n##- Above -##\n\nInternal")
    assert "public_reply" not in desk.kinds()
    assert "Internal" in desk.last("noted").body.text
    assert "needs a few words" in str(answers(desk)[0].facts["text"])


def test_a_sentence_goes_into_the_status_without_what_it_quotes(
    desk: Desk, thread: tuple[str, ...]
) -> None:
    said = "A router.\n> Internal\nIt is being replaced."
    wrote(desk, (asked(desk), *thread), said, text=said)
    body = desk.last("public_reply").body
    assert (body.text, body.whole) == ("A router.\nIt is being replaced.", said)


def test_files_do_not_go_on_and_their_sender_is_told(desk: Desk, thread: tuple[str, ...]) -> None:
    file = Attachment("1", "fix.zip", "application/zip", 3, lambda: io.BytesIO(b"abc"))
    wrote(desk, thread, "See the file.", attachments=(file,))
    assert desk.last("public_reply").body.send is True
    (answer,) = answers(desk)
    assert "the files did not" in str(answer.facts["text"])


def test_an_empty_answer_is_kept_and_told(desk: Desk, thread: tuple[str, ...]) -> None:
    wrote(desk, thread, " \n")
    assert desk.last("noted").body.text.startswith("[by mail, not sent on]")
    (answer,) = answers(desk)
    assert "there is no text" in str(answer.facts["text"])
