"""Whose case it is was wrong: from the correction on the old customer hears nothing, and is not heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.acceptance.desk import ENGINEER, REPORTER, DeskStage
from tests.acceptance.story import PAT, RAY, STAFF, Story
from upheld.calendar.instant import Instant
from upheld.case.events import CustomerMessage, Noted
from upheld.plugin import RemoteCase
from upheld.testing.stage import SITE, Got

UTA, UTAS_PHONE = "uta@borealis.example", "+12025550121"
NOON = "2026-03-30T12:00:00+00:00"
BOREALIS: dict[str, Any] = {
    "name": "Borealis AG",
    "kind": "isp",
    "domains": ["borealis.example"],
    "contacts": [
        {
            "name": "Uta Kern",
            "mail": UTA,
            "phone": UTAS_PHONE,
            "is": ["contact", "technical", "escalation-manager"],
        }
    ],
}
ACMES = {PAT, RAY, "+12025550111", "+12025550112"}


@pytest.fixture
def desk(tmp_path: Path, database: str | None) -> Iterator[DeskStage]:
    config = {"customers": {**SITE["customers"], "borealis": BOREALIS}}
    with DeskStage(tmp_path, start=NOON, database=database, config=config) as stage:
        stage.settle()  # the tracker is read for the first time: it is empty
        yield stage


@pytest.fixture
def story(desk: DeskStage) -> Story:
    return Story(desk)


def corrected(desk: DeskStage, item: RemoteCase, customer: str = "Borealis AG") -> Instant:
    """An engineer sets the item's customer, and it is read."""
    desk.desk.edit(item.ref, ENGINEER, customer=customer)
    desk.settle()
    return desk.clock.now()


def heard(desk: DeskStage, since: Instant, who: set[str]) -> list[Got]:
    return [got for got in desk.got() if got.to in who and got.at >= since]


def last_letter(desk: DeskStage, to: str) -> str:
    """The Message-ID of what somebody got last."""
    return [got.key for got in desk.got() if got.to == to][-1]


def test_nobody_of_the_old_customer_hears_anything_after_the_correction(
    story: Story, desk: DeskStage
) -> None:
    item = desk.item("Nobody can connect", severity=1, customer="Acme Internet")
    story.forward(hours=1.5)
    assert heard(desk, 0, ACMES), "until then it is theirs"
    assert not heard(desk, 0, {UTA, UTAS_PHONE})
    since = corrected(desk, item)
    story.forward(hours=8)
    story.do.reply("C1", STAFF, "The router is replaced.")
    story.do.resolve("C1", STAFF, "A router was replaced.")
    story.do.close("C1", STAFF)
    story.forward(hours=1)
    assert heard(desk, since, ACMES) == []
    assert len(heard(desk, since, {UTA})) >= 8
    assert heard(desk, since, {UTAS_PHONE}), "the customer is called after two hours"
    assert story.state().opened.customer == story.cases()[0].customer == "borealis"


def test_what_the_old_customers_people_say_is_a_note(story: Story, desk: DeskStage) -> None:
    item = desk.item("Nobody can connect", customer="Acme Internet")
    desk.settle()
    desk.say(item, REPORTER, "It is the second one.")
    desk.settle()
    corrected(desk, item)
    spoke = story.state().customer_spoke_at
    story.forward(minutes=1)
    desk.say(item, REPORTER, "Any news?")
    story.forward(minutes=1)
    story.answer(PAT, last_letter(desk, PAT), "Any news?")
    story.do.close("C1", STAFF)
    story.answer(PAT, last_letter(desk, PAT), "Open it again!")
    assert story.state().customer_spoke_at == spoke
    assert story.cases()[0].status == "closed"
    bodies = [stored.event.body for stored in story.events() if stored.event]
    assert sum(isinstance(body, CustomerMessage) for body in bodies) == 1
    assert [b.text.split("]")[0] for b in bodies if isinstance(b, Noted)] == [
        f"[unknown {PAT}",
        f"[unverified sender {PAT}",
        f"[unverified sender {PAT}",
    ]


def test_the_new_customer_reads_nothing_of_what_was_said_to_the_old(
    story: Story, desk: DeskStage
) -> None:
    item = desk.item("Nobody can connect", severity=1, customer="Acme Internet")
    story.forward(minutes=70)
    desk.say(item, ENGINEER, "Acme's third router is at fault.")
    story.forward(minutes=5)
    corrected(desk, item)
    story.forward(minutes=1)
    desk.say(item, ENGINEER, "It was none of Acme's.")
    story.forward(hours=2)
    status = next(got.text for got in desk.got() if got.to == UTA and "Status:" in got.what)
    assert "It was none of Acme's." in status
    assert "third router" not in status


def test_the_new_customers_letters_name_no_message_of_the_old(
    story: Story, desk: DeskStage
) -> None:
    """The conversation begins anew, and then goes on."""
    story.mail(PAT, "One server is slow")
    story.do.restate("C1", STAFF, customer="borealis")
    story.do.reply("C1", STAFF, "Which of them?")
    story.settle()
    first = desk.mail.sent_to(UTA)[-1].message
    assert (first["In-Reply-To"], first["References"]) == (None, None)
    answer = story.answer(UTA, last_letter(desk, UTA), "The second.")
    story.do.reply("C1", STAFF, "We look into it.")
    story.settle()
    second = desk.mail.sent_to(UTA)[-1].message
    assert second["References"].split() == [first["Message-ID"], answer]


def test_a_letter_that_could_not_leave_yet_goes_to_the_new_customer(
    story: Story, desk: DeskStage
) -> None:
    desk.mail.smtp_reply(PAT, 451)
    item = desk.item("Nobody can connect", customer="Acme Internet")
    desk.settle()
    assert not heard(desk, 0, ACMES)
    since = corrected(desk, item)
    desk.mail.smtp_reply(PAT, None)
    with desk.site.ledger._engine.begin() as connection:  # it has waited long enough
        connection.execute(text("UPDATE delivery SET not_before = 1"))
    story.forward(minutes=1)
    assert heard(desk, 0, ACMES) == []
    assert [got.what for got in heard(desk, since, {UTA})] == ["Re: Nobody can connect"]
