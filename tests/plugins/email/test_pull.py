"""Reading the mailbox: cursor, pages, broken connections, what is put away."""

from __future__ import annotations

from tests.plugins.email.conftest import NOON, Connect
from upheld.plugin import Inbound, Message, Nature, Page
from upheld.testing import SteppedClock
from upheld_email.adapter import Email
from upheld_email.simulator import MailSimulator

PAT = "Pat Lin <pat@acme.example>"


def subjects(page: Page) -> list[str]:
    return [item.subject for item in page.items if isinstance(item, Message)]


def sole(page: Page) -> Message:
    (item,) = page.items
    assert isinstance(item, Message)
    return item


def everything(mail: Email, cursor: str | None = None) -> list[Inbound]:
    items: list[Inbound] = []
    more = True
    while more:
        page = mail.pull(cursor)
        items += page.items
        cursor, more = page.cursor, page.more
    return items


def test_a_mail_becomes_a_message(far: MailSimulator, mailbox: Email) -> None:
    name = far.write(PAT, "Server down", "Nothing goes out.\n")
    message = sole(mailbox.pull(None))
    assert message.id == name
    assert message.by.id == "pat@acme.example"
    assert message.by.name == "Pat Lin"
    assert (message.subject, message.text) == ("Server down", "Nothing goes out.\n")
    assert message.nature is Nature.NORMAL
    assert message.verified
    assert [to.value for to in message.to] == [far.address]
    assert message.raw == far.folder()[0]


def test_the_instant_is_when_our_server_got_it_not_what_the_sender_claims(
    far: MailSimulator, mailbox: Email
) -> None:
    far.write(PAT, "x", "x", headers={"Date": "Tue, 01 Dec 2020 08:00:00 +0000"})
    assert sole(mailbox.pull(None)).at == NOON


def test_the_next_pull_brings_only_what_is_new(far: MailSimulator, mailbox: Email) -> None:
    far.write(PAT, "one", "1")
    first = mailbox.pull(None)
    assert mailbox.pull(first.cursor).items == ()
    far.write(PAT, "two", "2")
    assert subjects(mailbox.pull(first.cursor)) == ["two"]


def test_an_empty_mailbox_is_an_empty_page_that_covers_all_until_now(mailbox: Email) -> None:
    page = mailbox.pull(None)
    assert (page.items, page.more, page.as_of) == ((), False, NOON)


def test_a_flood_comes_in_pages_in_order(far: MailSimulator, connect: Connect) -> None:
    for number in range(7):
        far.write(PAT, str(number), "x")
    mail = connect(page=3)
    first = mail.pull(None)
    assert (subjects(first), first.more) == (["0", "1", "2"], True)
    second = mail.pull(first.cursor)
    assert (subjects(second), second.more) == (["3", "4", "5"], True)
    last = mail.pull(second.cursor)
    assert (subjects(last), last.more) == (["6"], False)


def test_a_page_with_more_behind_it_covers_only_what_it_read(
    far: MailSimulator, connect: Connect, clock: SteppedClock
) -> None:
    far.write(PAT, "early", "x")
    clock.forward(hours=1)
    far.write(PAT, "late", "x")
    page = connect(page=1).pull(None)
    assert (page.more, page.as_of) == (True, NOON)


def test_pulling_leaves_the_mailbox_as_it_was(far: MailSimulator, mailbox: Email) -> None:
    far.write(PAT, "x", "x")
    mailbox.pull(mailbox.pull(None).cursor)
    assert len(far.folder()) == 1
    assert not far.flags(1)


def test_what_somebody_else_removed_is_passed_over(far: MailSimulator, mailbox: Email) -> None:
    for number in range(4):
        far.write(PAT, str(number), "x")
    first = mailbox.pull(None)
    far.write(PAT, "4", "x")
    far.write(PAT, "5", "x")
    far.expunge(5)
    assert subjects(mailbox.pull(first.cursor)) == ["5"]
