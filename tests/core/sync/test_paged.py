"""What one of ours answers to a page: words, whose they are, and what they do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from tests.core.desk.scene import ANN, MAILBOX, Desk, message
from upheld.calendar.instant import moment
from upheld.desk.intake import Source
from upheld.ledger import Ledger, NewDelivery, OutboxItem
from upheld.ledger.schema import delivery
from upheld.plugin import Address, Channel
from upheld.sync.paged import Word, word

SMS: Final = Source("gateway", "kannel")
ANNS, BOS = "+12025550101", "+12025550102"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ACK 1042", Word("ack", "1042")),
        ("ack", Word("ack")),
        ("Ack. 1042", Word("ack", "1042")),
        ("#work C7", Word("work", "C7")),
        ("WORK", Word("work")),
        ("called 1042 they reboot it", Word("call", "1042", "they reboot it")),
        ("MOBILISE", Word("mobilise")),
        ("PASS @bo", Word("pass", "", "@bo")),
        ("pass 1042 @bo please", Word("pass", "1042", "@bo please")),
        ("ESCALATE", Word("pass")),
        ("STATUS 1042", Word("status", "1042")),
    ],
)
def test_an_answer_is_a_word_a_number_and_the_rest(text: str, said: Word) -> None:
    assert word(text) == said


@pytest.mark.parametrize("text", ["", "1042", "Acknowledgements 1042", "ok", "I work on it", "…"])
def test_what_begins_with_no_such_word_is_no_answer(text: str) -> None:
    assert word(text) is None


@given(st.text(max_size=300))
def test_whatever_is_written_is_read_without_a_fault(text: str) -> None:
    found = word(text)
    assert found is None or found.verb in {"ack", "work", "call", "mobilise", "pass", "status"}


@pytest.fixture
def paged(ledger: Ledger) -> Desk:
    """A case for which Bo was paged."""
    desk = Desk(ledger)
    case = desk.opened()
    desk.verbs.triage(case, ANN, 1, number="1042")
    desk.sent(case, "page")
    return desk


def sms(desk: Desk, sender: str, text: str, **values: Any) -> None:
    """An SMS comes in, proven."""
    given: dict[str, Any] = {
        "to": (Address(Channel.SMS, "+12025550100"),),
        "at": moment(desk.clock.now()) + timedelta(seconds=1),
        "text": text,
    }
    desk.take(message(sender, "", **(given | values)), source=SMS)


def answers(desk: Desk) -> list[OutboxItem]:
    with desk.ledger.reading() as tx:
        return [item for item in tx.items() if item.purpose == "answer"]


def said(desk: Desk) -> str:
    return str(answers(desk)[-1].facts["text"])


def test_an_acknowledgement_is_a_fact_and_is_answered_where_it_came_from(paged: Desk) -> None:
    sms(paged, BOS, "ACK 1042")
    assert paged.last("page_acknowledged").actor.id == "bo"
    (item,) = answers(paged)
    assert (item.connection, item.to, item.facts["channel"]) == ("gateway", ("bo",), "sms")
    assert said(paged) == (
        "1042: acknowledged. WORK once you begin: only that stops the escalation"
    )


def test_without_a_number_the_page_that_is_answered_tells_the_case(paged: Desk) -> None:
    sms(paged, BOS, "WORK", thread=("handle-1",))
    assert answers(paged) == [], "the handle is of another connection, and he waits for nothing"
    desk_source = Source("pager", "kannel")
    paged.take(
        message(BOS, "", text="WORK", thread=("handle-1",), at=moment(paged.clock.now())),
        source=desk_source,
    )
    assert paged.last("worked").actor.id == "bo"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("WORK 1042", "worked"),
        ("CALLED 1042 all is well", "call_logged"),
        ("MOBILISE 1042 it burns", "mobilised"),
    ],
)
def test_a_word_is_the_verb_of_a_tracker(paged: Desk, text: str, kind: str) -> None:
    sms(paged, BOS, text)
    assert paged.last(kind).actor.id == "bo"
    assert "done, in the name of Bo Lindt" in said(paged)


def test_status_tells_how_it_stands(paged: Desk) -> None:
    sms(paged, BOS, "STATUS 1042")
    assert said(paged) == (
        "1042: Severity 1, nobody works on it (it is on-duty-engineer's). One server is slow"
    )


def test_to_pass_it_to_somebody_pages_them_and_assigns_it(paged: Desk) -> None:
    sms(paged, BOS, "PASS 1042 @cy")
    with paged.ledger.reading() as tx:
        page = [item for item in tx.items() if item.purpose == "page"][-1]
    assert (page.to, page.urgency) == (("cy",), 0)
    assert page.facts["text"] == "Bo Lindt passes it to you."
    assert paged.state().assignee == "cy"
    assert said(paged) == "1042: passed to Cy Mora, who is paged"


def test_to_pass_it_to_nobody_in_particular_is_for_whoever_comes_next(paged: Desk) -> None:
    sms(paged, BOS, "PASS 1042")
    assert paged.last("receipted").body.state == "failed"
    assert said(paged) == "1042: passed on: the next one is paged"


def test_to_pass_it_to_a_stranger_is_refused(paged: Desk) -> None:
    sms(paged, BOS, "PASS 1042 @zed")
    assert said(paged) == "1042: not done: there is nobody called zed"


def test_without_proof_whoever_was_paged_may_acknowledge_and_ask_and_no_more(paged: Desk) -> None:
    sms(paged, BOS, "WORK 1042", verified=False)
    assert "worked" not in paged.kinds()
    assert "not done: answer with the code" in said(paged)
    sms(paged, BOS, "ACK 1042", verified=False)
    assert paged.last("page_acknowledged").actor.id == "bo"


def test_a_page_is_answered_however_much_was_sent_before_it(ledger: Ledger) -> None:
    """An hourly status to a few people, for a month."""
    desk = Desk(ledger)
    case = desk.opened()
    with ledger.transaction() as tx:
        mail = tx.items(subject=case)[0].key
        tx.plan(
            mail,
            [NewDelivery(f"{mail}>{n}", f"p{n}", "mail", "m", "p@x.example") for n in range(1001)],
        )
        tx._connection.execute(update(delivery).values(state="accepted"))
    desk.verbs.triage(case, ANN, 1, number="1042")
    desk.sent(case, "page")
    sms(desk, BOS, "ACK 1042", verified=False)
    assert desk.last("page_acknowledged").actor.id == "bo"


def test_without_proof_whoever_was_not_paged_may_nothing(paged: Desk) -> None:
    sms(paged, ANNS, "ACK 1042", verified=False)
    assert "page_acknowledged" not in paged.kinds()


def test_a_stranger_works_nothing_whatever_they_prove(paged: Desk) -> None:
    before = paged.kinds()
    sms(paged, "+12025559999", "ACK 1042", thread=("handle-1",))
    assert (paged.kinds(), answers(paged)) == (before, [])


def test_a_mail_with_such_a_word_stays_a_mail(paged: Desk) -> None:
    paged.take(message("bo@magnolia.example", text="WORK 1042"), source=MAILBOX)
    assert "worked" not in paged.kinds()


def test_the_same_answer_again_changes_nothing(paged: Desk) -> None:
    sms(paged, BOS, "WORK 1042", id="SM1")
    before = paged.kinds()
    sms(paged, BOS, "WORK 1042", id="SM1")
    assert (paged.kinds(), len(answers(paged))) == (before, 1)
