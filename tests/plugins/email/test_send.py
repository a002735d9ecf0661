"""Sending: what stands on the mail, and what is certain when something goes wrong."""

from __future__ import annotations

from email.message import EmailMessage

from tests.plugins.email.conftest import NOON
from tests.plugins.email.test_pull import PAT, sole
from upheld.plugin import (
    Address,
    Channel,
    Delivery,
    Outgoing,
)
from upheld_email.adapter import Email
from upheld_email.simulator import MailSimulator

TO = Address(Channel.MAIL, "pat@acme.example", "Pat Lin")
NOTICE = Outgoing(thread="C7", subject="Case 1042: status", text="We work on it.\n")


def sent(far: MailSimulator) -> EmailMessage:
    (mail,) = far.sent
    return mail.message


def test_a_message_goes_out_and_the_receipt_names_it(far: MailSimulator, mailbox: Email) -> None:
    receipt = mailbox.send(NOTICE, TO, "C7/status/1>pat")
    mail = sent(far)
    assert receipt.state is Delivery.ACCEPTED
    assert receipt.key == "C7/status/1>pat"
    assert receipt.handle == mail["Message-ID"]
    assert receipt.at == NOON
    assert receipt.detail.startswith("250")
    assert (mail["From"], mail["To"]) == (far.address, "Pat Lin <pat@acme.example>")
    assert (mail["Subject"], far.sent[0].text) == ("Case 1042: status", "We work on it.\n")


def test_a_repeat_bears_the_same_message_id_another_key_another(
    far: MailSimulator, mailbox: Email
) -> None:
    handles = [mailbox.send(NOTICE, TO, key).handle for key in ("one", "one", "two")]
    assert handles[0] == handles[1] != handles[2]


def test_a_reply_to_what_we_sent_finds_its_thread(far: MailSimulator, mailbox: Email) -> None:
    receipt = mailbox.send(NOTICE, TO, "k")
    far.write(PAT, "Re: status", "Thanks", in_reply_to=receipt.handle)
    assert sole(mailbox.pull(None)).thread == (receipt.handle, "C7")
