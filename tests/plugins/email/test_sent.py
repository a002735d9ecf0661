"""Copies of what was sent: filed where `sent` says, and looked up instead of sending twice."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes

import pytest

from tests.plugins.email.conftest import NOON, Connect
from upheld.plugin import Address, Channel, Delivery, Level, Misconfigured, Outgoing, Unknown
from upheld.testing import ScratchContext, SteppedClock
from upheld_email.adapter import Email
from upheld_email.simulator import MailSimulator

PAT = Address(Channel.MAIL, "pat@acme.example", "Pat Lin")
LETTER = Outgoing("C7", "Status: C7", "Zürich is down. ✓")
HOUR = timedelta(hours=1)


@pytest.fixture
def filing(connect: Connect, far: MailSimulator) -> Email:
    far.add_folder("Sent")
    return connect(sent="Sent")


def filed(far: MailSimulator) -> list[str]:
    return [str(message_from_bytes(raw)["Message-ID"]) for raw in far.folder("Sent")]


def test_a_copy_of_what_is_sent_is_filed_as_it_went_out(filing: Email, far: MailSimulator) -> None:
    receipt = filing.send(LETTER, PAT, "k1")
    assert filed(far) == [receipt.handle]
    (copy,) = far.folder("Sent")
    assert copy.strip() == far.sent[0].raw.strip()


def test_what_went_out_is_found_by_its_key_and_what_did_not_is_not(
    filing: Email, far: MailSimulator
) -> None:
    sent = filing.send(LETTER, PAT, "k1")
    found = filing.find("k1", PAT, NOON - HOUR)
    assert found.found is not None
    assert (found.found.handle, found.found.state) == (sent.handle, Delivery.ACCEPTED)
    assert filing.find("k2", PAT, NOON - HOUR).found is None
    assert len(far.sent) == 1


@pytest.mark.parametrize("files_sent", [True, False])
def test_that_there_is_no_copy_proves_something_only_where_the_server_files(
    connect: Connect, far: MailSimulator, files_sent: bool
) -> None:
    """Ours is filed after the server has taken the mail: a reply that is lost leaves none."""
    far.add_folder("Sent")
    far.lose_reply_after_data()
    mailbox = connect(sent="Sent", files_sent=files_sent)
    with pytest.raises(Unknown):
        mailbox.send(LETTER, PAT, "k1")
    missing = mailbox.find("k1", PAT, NOON - HOUR)
    assert (missing.found, missing.conclusive) == (None, not files_sent)


def test_another_program_finds_it_too(filing: Email, connect: Connect) -> None:
    """After a restore, on another machine: the key of the message is all there is."""
    filing.send(LETTER, PAT, "k1")
    assert connect(sent="Sent").find("k1", PAT, NOON - HOUR).found is not None


def test_what_comes_in_between_two_look_ups_is_seen(filing: Email) -> None:
    assert filing.find("k1", PAT, NOON - HOUR).found is None
    filing.send(LETTER, PAT, "k1")
    assert filing.find("k1", PAT, NOON - HOUR).found is not None


def test_an_earlier_look_up_reads_further_back(filing: Email, clock: SteppedClock) -> None:
    filing.send(LETTER, PAT, "k1")
    clock.forward(days=9)
    now = clock.as_datetime()
    assert filing.find("k1", PAT, now - HOUR).found is None, "no mail of that week is read"
    assert filing.find("k1", PAT, NOON - HOUR).found is not None


def test_what_another_site_sent_under_the_same_key_is_not_ours(
    filing: Email, context: ScratchContext
) -> None:
    filing.send(LETTER, PAT, "k1")
    context.site = "another"
    assert filing.find("k1", PAT, NOON - HOUR).found is None


def test_without_a_folder_nothing_is_certain(mailbox: Email) -> None:
    mailbox.send(LETTER, PAT, "k1")
    found = mailbox.find("k1", PAT, NOON - HOUR)
    assert (found.found, found.conclusive) == (None, False)


def test_a_folder_that_is_not_there_proves_nothing(connect: Connect) -> None:
    with pytest.raises(Misconfigured, match="no folder 'Gone'"):
        connect(sent="Gone").find("k1", PAT, NOON - HOUR)


def test_a_copy_that_can_not_be_filed_does_not_unsend_the_mail(
    connect: Connect, far: MailSimulator, context: ScratchContext
) -> None:
    mail = connect(sent="Gone")
    for key in ("k1", "k2"):
        assert mail.send(LETTER, PAT, key).state is Delivery.ACCEPTED
    assert len(far.sent) == 2
    assert [name for _, name, _ in context.record.lines] == ["not_filed"], "it is told once"


def test_where_the_server_files_it_itself_we_put_no_second_copy(
    connect: Connect, far: MailSimulator
) -> None:
    far.add_folder("Sent")
    mail = connect(sent="Sent", files_sent=False)
    handle = mail.send(LETTER, PAT, "k1").handle
    assert filed(far) == []
    far.deliver(far.sent[0].raw, folder="Sent")  # as the server would
    found = mail.find("k1", PAT, NOON - HOUR).found
    assert found is not None
    assert found.handle == handle


def test_a_lost_reply_leaves_no_copy_behind(filing: Email, far: MailSimulator) -> None:
    """Nobody knows whether it went: it is not filed as if it had."""
    far.lose_reply_after_data()
    with pytest.raises(Unknown):
        filing.send(LETTER, PAT, "k1")
    assert filed(far) == []


def test_check_says_when_the_folder_is_not_there(connect: Connect) -> None:
    wrong = [f for f in connect(sent="Gone").check() if f.level is Level.ERROR]
    assert [f.what for f in wrong] == ["IMAP: there is no folder 'Gone' for what is sent"]
    assert "correct `sent`" in wrong[0].do_next
