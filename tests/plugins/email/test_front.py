"""What stands before a real server; here before the simulator, which is there everywhere."""

from __future__ import annotations

import imaplib
import smtplib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from tests.plugins.email.conftest import settings
from tests.plugins.email.test_pull import subjects
from tests.plugins.email.test_send import NOTICE, TO
from tests.plugins.email.test_wait import Waiting, until
from upheld.plugin import Auth, Permanent, Retry, Unknown
from upheld.testing import ScratchContext
from upheld_email.adapter import Email
from upheld_email.far_end.front import Front, ImapRelay, SmtpRelay
from upheld_email.simulator import MailSimulator


def port(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.fixture
def imap(far: MailSimulator) -> Iterator[Front]:
    front = Front(port(far.imap_url), ImapRelay)
    with closing(front.start()):
        yield front


@pytest.fixture
def smtp(far: MailSimulator) -> Iterator[Front]:
    front = Front(port(far.smtp_url), SmtpRelay)
    with closing(front.start()):
        yield front


@pytest.fixture
def mailbox(
    far: MailSimulator, imap: Front, smtp: Front, context: ScratchContext
) -> Iterator[Email]:
    urls = {"imap": f"imap://127.0.0.1:{imap.port}", "smtp": f"smtp://127.0.0.1:{smtp.port}"}
    with closing(Email(settings(far, **urls), context)) as mailbox:
        yield mailbox


def test_all_goes_through_both_ways(far: MailSimulator, mailbox: Email, smtp: Front) -> None:
    name = far.write("pat@acme.example", "one", ".a line with a dot\n..and two\n")
    (came,) = mailbox.pull(None).items
    assert came.raw == far.folder()[0]  # type: ignore[union-attr]
    mailbox.send(NOTICE, TO, "k")
    assert smtp.passed.accepted == [
        (each.envelope_from, each.recipients, each.raw) for each in far.sent
    ]
    assert name


def test_the_reading_is_cut_before_a_mail(far: MailSimulator, mailbox: Email, imap: Front) -> None:
    for number in range(3):
        far.write("pat@acme.example", str(number), "x")
    imap.faults.mails_left = 2
    page = mailbox.pull(None)
    assert (subjects(page), page.more) == (["0", "1"], True)
    assert subjects(mailbox.pull(page.cursor)) == ["2"]


def test_the_reading_is_cut_within_a_mail(far: MailSimulator, mailbox: Email, imap: Front) -> None:
    far.write("pat@acme.example", "one", "x" * 500)
    imap.faults.bytes_left = 300
    with pytest.raises(Retry):
        mailbox.pull(None)
    assert subjects(mailbox.pull(None)) == ["one"]


def test_who_waits_is_known(far: MailSimulator, mailbox: Email, imap: Front) -> None:
    mailbox.pull(None)
    waiting = Waiting(mailbox)
    until(lambda: len(imap.passed.waiting) == 1)
    far.write("pat@acme.example", "one", "1")
    assert waiting.result()
    assert imap.passed.waiting == set()


def test_who_is_cut_while_waiting_waits_no_more(mailbox: Email, imap: Front) -> None:
    mailbox.pull(None)

    def wait() -> bool:
        with suppress(Retry):
            return mailbox.wait(20)
        return False

    waiting = Waiting(mailbox, wait=wait)
    until(lambda: len(imap.passed.waiting) == 1)
    imap.hang_up()
    assert not waiting.result()
    until(lambda: imap.passed.waiting == set())


def test_a_password_is_refused_on_both_sides(mailbox: Email, imap: Front, smtp: Front) -> None:
    calls: dict[Front, Callable[[], object]] = {
        imap: lambda: mailbox.pull(None),
        smtp: lambda: mailbox.send(NOTICE, TO, "k"),
    }
    for front, call in calls.items():
        front.faults.refuse_password = True
        with pytest.raises(Auth):
            call()
        assert front.passed.logins
        front.faults.refuse_password = False
        call()


def test_a_recipient_is_refused(far: MailSimulator, mailbox: Email, smtp: Front) -> None:
    smtp.faults.recipients[TO.value] = (550, "said the front")
    with pytest.raises(Permanent, match="said the front"):
        mailbox.send(NOTICE, TO, "k")
    assert far.sent == ()


def test_a_reply_is_lost_after_the_mail_was_taken(
    far: MailSimulator, mailbox: Email, smtp: Front
) -> None:
    smtp.faults.lost_replies = 1
    with pytest.raises(Unknown):
        mailbox.send(NOTICE, TO, "k")
    assert len(far.sent) == len(smtp.passed.accepted) == 1
    mailbox.send(NOTICE, TO, "k")
    assert len({each.message["Message-ID"] for each in far.sent}) == 1


def test_a_delay_is_before_every_answer(mailbox: Email, imap: Front) -> None:
    imap.faults.delay = 30
    with pytest.raises(Retry):
        Email(mailbox.config.model_copy(update={"timeout": 0.2}), mailbox.context).pull(None)


def test_nobody_is_offered_to_encrypt(imap: Front, smtp: Front) -> None:
    with imaplib.IMAP4("127.0.0.1", imap.port) as client:
        assert "STARTTLS" not in client.capabilities
    with smtplib.SMTP("127.0.0.1", smtp.port, "[127.0.0.1]") as there:
        there.ehlo()
        assert not there.has_extn("starttls")


def test_starttls_that_a_server_offers_is_hidden() -> None:
    front = Front(1, ImapRelay)
    relay = ImapRelay(front.faults, front.passed)
    offer = b"* CAPABILITY IMAP4rev1 STARTTLS IDLE\r\n"
    assert relay.answered(offer) == b"* CAPABILITY IMAP4rev1 IDLE\r\n"
    assert SmtpRelay(front.faults, front.passed).answered(b"250-STARTTLS\r\n") == b""


def test_a_server_that_is_not_there_hangs_up(far: MailSimulator, context: ScratchContext) -> None:
    front = Front(1, ImapRelay)
    with closing(front.start()):
        config = settings(far, imap=f"imap://127.0.0.1:{front.port}")
        with pytest.raises(Retry), closing(Email(config, context)) as mailbox:
            mailbox.pull(None)
