"""Reading the mailbox: cursor, pages, broken connections, what is put away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.plugins.email.conftest import NOON, Connect
from upheld.plugin import Auth, Inbound, Message, Misconfigured, Nature, Page, Refused, Retry
from upheld.testing import ScratchContext, SteppedClock
from upheld_email.adapter import Cursor, Email
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


def test_a_folder_is_opened_once_for_all_its_pages(
    far: MailSimulator, connect: Connect, clock: SteppedClock
) -> None:
    """What comes meanwhile is no part of them: nothing that lies before `as_of` is left out."""
    for number in range(4):
        far.write(PAT, str(number), "x")
    mail, opened = connect(page=2), []
    far.before("EXAMINE", lambda: opened.append("once"))
    first = mail.pull(None)
    far.before("EXAMINE", lambda: opened.append("again"))
    clock.forward(minutes=1)
    far.write(PAT, "4", "x")
    second = mail.pull(first.cursor)
    assert (subjects(second), second.more, second.as_of) == (["2", "3"], False, NOON)
    assert opened == ["once"]
    last = mail.pull(second.cursor)
    assert (subjects(last), last.as_of) == (["4"], clock.as_datetime())
    assert opened == ["once", "again"]


def test_between_two_pages_a_connection_may_die(far: MailSimulator, connect: Connect) -> None:
    for number in range(3):
        far.write(PAT, str(number), "x")
    mail = connect(page=2)
    first = mail.pull(None)
    far.hang_up()
    assert subjects(mail.pull(first.cursor)) == ["2"]


def test_between_two_pages_a_mail_may_go(far: MailSimulator, connect: Connect) -> None:
    for number in range(4):
        far.write(PAT, str(number), "x")
    mail = connect(page=2)
    first = mail.pull(None)
    far.expunge(3)
    assert subjects(mail.pull(first.cursor)) == ["3"]


def test_a_page_whose_mails_are_gone_covers_no_more_than_the_first_of_them(
    far: MailSimulator, connect: Connect, clock: SteppedClock
) -> None:
    for hour in range(3):
        far.write(PAT, f"{hour}a", "x")
        far.write(PAT, f"{hour}b", "x")
        clock.forward(hours=1)
    mail = connect(page=2)
    first = mail.pull(None)
    far.expunge(3)
    far.expunge(4)
    second = mail.pull(first.cursor)
    assert (second.items, second.more, second.as_of) == ((), True, NOON + timedelta(hours=1))
    assert subjects(mail.pull(second.cursor)) == ["2a", "2b"]


def test_what_was_known_of_a_folder_is_forgotten_with_its_uidvalidity(
    far: MailSimulator, connect: Connect
) -> None:
    far.write(PAT, "small", "x")
    far.write(PAT, "big", "line\n" * 4_000)
    mail = connect(page=1, max_bytes=10_000)
    first = mail.pull(None)
    far.expunge(1)
    far.bump_uidvalidity()
    far.hang_up()
    (refused,) = mail.pull(first.cursor).items
    assert isinstance(refused, Refused)


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


def test_a_connection_that_breaks_at_once_is_retried_and_loses_nothing(
    far: MailSimulator, mailbox: Email
) -> None:
    far.write(PAT, "one", "1")
    far.drop_fetch_after(0)
    with pytest.raises(Retry, match="the connection broke"):
        mailbox.pull(None)
    assert subjects(mailbox.pull(None)) == ["one"]


def test_what_came_before_the_connection_broke_is_a_shorter_page(
    far: MailSimulator, mailbox: Email
) -> None:
    for number in range(5):
        far.write(PAT, str(number), "x")
    far.drop_fetch_after(3)
    page = mailbox.pull(None)
    assert (subjects(page), page.more) == (["0", "1", "2"], True)
    assert subjects(mailbox.pull(page.cursor)) == ["3", "4"]


def test_a_mail_that_was_cut_in_the_middle_is_not_taken(far: MailSimulator, mailbox: Email) -> None:
    far.write(PAT, "big", "line\n" * 1000)
    far.drop_fetch_after(bytes_=2000)
    with pytest.raises(Retry):
        mailbox.pull(None)
    assert sole(mailbox.pull(None)).text == "line\n" * 1000


def test_a_connection_that_died_in_the_meantime_is_opened_again(
    far: MailSimulator, mailbox: Email
) -> None:
    first = mailbox.pull(None)
    far.hang_up()
    far.write(PAT, "one", "1")
    assert subjects(mailbox.pull(first.cursor)) == ["one"]


def test_after_a_new_uidvalidity_the_folder_is_read_from_its_start(
    far: MailSimulator, mailbox: Email, context: ScratchContext
) -> None:
    far.write(PAT, "gone", "0")
    names = [far.write(PAT, "one", "1"), far.write(PAT, "two", "2")]
    first = mailbox.pull(None)
    far.expunge(1)
    far.bump_uidvalidity()
    again = mailbox.pull(first.cursor)
    assert [item.id for item in again.items if isinstance(item, Message)] == names
    assert [name for _, name, _ in context.record.lines] == ["mailbox_renumbered"]
    assert mailbox.pull(again.cursor).items == ()


@pytest.mark.parametrize(
    "cursor",
    ["", "nonsense", "[1]", '{"a": 1}', '["INBOX", "x", 1]', "null", '["INBOX", Infinity, 1]'],
)
def test_what_is_no_cursor_of_ours_reads_from_the_start(
    far: MailSimulator, mailbox: Email, cursor: str
) -> None:
    far.write(PAT, "one", "1")
    assert subjects(mailbox.pull(cursor)) == ["one"]


def test_a_cursor_of_another_folder_reads_from_the_start(
    far: MailSimulator, mailbox: Email
) -> None:
    far.write(PAT, "one", "1")
    assert subjects(mailbox.pull(str(Cursor("Elsewhere", 1, 99)))) == ["one"]


def test_a_cursor_survives_being_written_down() -> None:
    cursor = Cursor('Sent "items"', 7, 12)
    assert Cursor.parse(str(cursor)) == cursor


def test_a_refused_password_says_so_without_showing_it(
    far: MailSimulator, connect: Connect
) -> None:
    with pytest.raises(Auth, match=f"refuses user '{far.address}'") as caught:
        connect(password="s3cret-canary").pull(None)
    shown = f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r}"
    assert "canary" not in shown


def test_a_password_beyond_ascii_gets_in(far: MailSimulator, connect: Connect) -> None:
    far.add_mailbox(far.address, "pässwörd")
    far.write(PAT, "one", "1")
    assert subjects(connect(password="pässwörd").pull(None)) == ["one"]


def test_a_folder_that_is_not_there_is_a_wrong_configuration(connect: Connect) -> None:
    with pytest.raises(Misconfigured, match="no folder 'Support'"):
        connect(folder="Support").pull(None)


def test_a_folder_with_a_name_beyond_ascii_is_read(far: MailSimulator, connect: Connect) -> None:
    far.add_folder("Anfr&AOQ-ge")  # modified UTF-7 (RFC 3501 §5.1.3)
    assert connect(folder="Anfräge").pull(None).items == ()


def test_nobody_at_the_port_is_tried_again(connect: Connect, far: MailSimulator) -> None:
    mail = connect()
    far.close()
    with pytest.raises(Retry, match=r"127\.0\.0\.1"):
        mail.pull(None)
    far.start()


def test_starttls_that_is_not_offered_sends_no_password(
    connect: Connect, far: MailSimulator
) -> None:
    url = far.imap_url.replace("imap://", "imap+starttls://")
    with pytest.raises(Misconfigured, match="does not offer STARTTLS"):
        connect(imap=url).pull(None)
    assert far.logins == 0


# --- what is put away ---------------------------------------------------------------------------


@pytest.mark.parametrize("move", [True, False])
def test_mail_is_put_away_only_after_the_next_pull_shows_that_it_is_on_record(
    far: MailSimulator,
    connect: Connect,
    move: bool,
) -> None:
    far.no_move(missing=not move)
    far.add_folder("Processed")
    far.write(PAT, "one", "1")
    mail = connect(processed="Processed")
    first = mail.pull(None)
    assert (len(far.folder()), len(far.folder("Processed"))) == (1, 0)
    far.write(PAT, "two", "2")
    assert subjects(mail.pull(first.cursor)) == ["two"]
    assert (len(far.folder()), len(far.folder("Processed"))) == (1, 1)


def test_without_move_only_our_own_mails_are_expunged(far: MailSimulator, connect: Connect) -> None:
    far.no_move()
    far.add_folder("Processed")
    far.write(PAT, "one", "1")
    mail = connect(processed="Processed")
    first = mail.pull(None)
    far.write(PAT, "somebody else marked this", "2")
    far.flag(2, "\\Deleted")
    mail.pull(first.cursor)
    assert len(far.folder()) == 1


def test_without_move_and_uidplus_a_mail_is_copied_once(
    far: MailSimulator, connect: Connect
) -> None:
    far.no_move()
    far.no_uidplus()
    far.add_folder("Processed")
    far.write(PAT, "one", "1")
    mail = connect(processed="Processed")
    cursor = mail.pull(None).cursor
    for _ in range(3):
        cursor = mail.pull(cursor).cursor
    assert len(far.folder("Processed")) == 1
    assert far.flags(1) == {"\\Deleted"}


def test_what_can_not_be_put_away_keeps_nobody_from_being_heard(
    far: MailSimulator, connect: Connect, context: ScratchContext
) -> None:
    far.write(PAT, "one", "1")
    mail = connect(processed="Processed")
    first = mail.pull(None)
    far.write(PAT, "two", "2")
    second = mail.pull(first.cursor)
    assert subjects(second) == ["two"]
    mail.pull(second.cursor)
    assert [name for _, name, _ in context.record.lines] == ["not_put_away"]
    far.add_folder("Processed")
    mail.pull(second.cursor)
    assert len(far.folder("Processed")) == 2


# --- limits -------------------------------------------------------------------------------------


def test_mail_that_is_too_big_is_refused_by_its_size_and_its_beginning_kept(
    far: MailSimulator, connect: Connect
) -> None:
    far.write(PAT, "small", "x")
    far.write(PAT, "big", "line\n" * 40_000)
    far.write(PAT, "small too", "x")
    page = connect(max_bytes=10_000).pull(None)
    refused = page.items[1]
    assert isinstance(refused, Refused)
    assert "10000 are taken" in refused.reason
    assert refused.raw == far.folder()[1][:65_536]
    assert subjects(page) == ["small", "small too"]


def test_one_broken_mail_does_not_keep_the_others(far: MailSimulator, mailbox: Email) -> None:
    far.deliver(b"\xff\xfe no header at all")
    far.deliver(b"\r\n")
    far.write(PAT, "fine", "x")
    items = everything(mailbox)
    assert [type(item) for item in items] == [Refused, Refused, Message]


def test_two_mails_under_one_message_id_are_told_apart_by_what_they_say(
    far: MailSimulator, mailbox: Email
) -> None:
    same = {"Message-ID": "<scanner@acme.example>", "Date": "Tue, 1 Dec 2026 12:00:00 +0000"}
    far.write(PAT, "scan", "one", headers=same)
    far.write(PAT, "scan", "two", headers=same)
    far.write(PAT, "scan", "one", headers=same | {"Received": "by another way"})
    far.write(PAT, "another", "one", headers=same)
    far.write(PAT, "scan", "one", headers=same | {"Date": "Tue, 1 Dec 2026 12:00:01 +0000"})
    mails = [item for item in everything(mailbox) if isinstance(item, Message)]
    assert {mail.id for mail in mails} == {"<scanner@acme.example>"}
    one, _, copy, *_ = (mail.digest for mail in mails)
    assert one == copy
    assert len({mail.digest for mail in mails}) == 4


def test_every_mail_is_a_message_or_refused(far: MailSimulator, connect: Connect) -> None:
    for number in range(23):
        if number % 5 == 0:
            far.deliver(b"From: a@b.example, c@d.example\r\n\r\n%d" % number)
        else:
            far.write(PAT, str(number), "x")
    assert len(everything(connect(page=4))) == 23


def test_nothing_is_opened_before_it_is_needed(connect: Connect, far: MailSimulator) -> None:
    connect()
    assert far.connections == 0


def test_what_a_site_says_of_its_lists_forwards_and_machines_is_heeded(
    far: MailSimulator, connect: Connect
) -> None:
    group, sent_on = (
        {"List-Id": "Help <Help.Magnolia.example>"},
        {"Auto-Submitted": "auto-generated"},
    )
    far.write(PAT, "by a group", "x", headers=group)
    far.write(PAT, "sent on", "x", headers=sent_on | {"Resent-From": "old@magnolia.example"})
    far.write("Nagios@acme.example", "down", "x", headers=sent_on)
    mail = connect(
        lists=("help.magnolia.example",),
        forwarded_from=("OLD@magnolia.example",),
        machines=("nagios@acme.example",),
    )
    mails = [item for item in everything(mail) if isinstance(item, Message)]
    assert [(each.nature, each.expected) for each in mails] == [
        (Nature.NORMAL, False),
        (Nature.NORMAL, False),
        (Nature.AUTOMATIC, True),
    ]
