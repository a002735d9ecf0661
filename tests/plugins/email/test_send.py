"""Sending: what stands on the mail, and what is certain when something goes wrong."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from tests.plugins.email.conftest import NOON, Connect
from tests.plugins.email.test_pull import PAT, sole
from upheld.plugin import (
    Address,
    Auth,
    Channel,
    Delivery,
    Misconfigured,
    Nature,
    Outgoing,
    Permanent,
    PluginError,
    Retry,
    Unknown,
)
from upheld_email.adapter import Email
from upheld_email.simulator import MailSimulator

TO = Address(Channel.MAIL, "pat@acme.example", "Pat Lin")
NOTICE = Outgoing(thread="C7", subject="Case 1042: status", text="We work on it.\n")
ACK = Outgoing(thread="C7", subject="We have your mail", text="Thank you.\n", automatic=True)


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
    assert far.sent[0].recipients == ("pat@acme.example",)


def test_a_repeat_bears_the_same_message_id_another_key_another(
    far: MailSimulator, mailbox: Email
) -> None:
    handles = [mailbox.send(NOTICE, TO, key).handle for key in ("one", "one", "two")]
    assert handles[0] == handles[1] != handles[2]


def test_a_repeat_after_a_restart_bears_the_same_message_id(
    far: MailSimulator, connect: Connect
) -> None:
    assert connect().send(NOTICE, TO, "k").handle == connect().send(NOTICE, TO, "k").handle


def test_a_reply_to_what_we_sent_finds_its_thread(far: MailSimulator, mailbox: Email) -> None:
    receipt = mailbox.send(NOTICE, TO, "k")
    far.write(PAT, "Re: status", "Thanks", in_reply_to=receipt.handle)
    assert sole(mailbox.pull(None)).thread == (receipt.handle, "token:C7")


def test_a_reply_without_references_finds_its_thread_by_the_address_it_went_to(
    far: MailSimulator, mailbox: Email
) -> None:
    mailbox.send(NOTICE, TO, "k")
    far.write(PAT, "something else", "Thanks", headers={"To": sent(far)["Reply-To"]})
    assert sole(mailbox.pull(None)).thread == ("token:C7",)


def test_a_bounce_finds_its_thread_by_the_envelope(far: MailSimulator, mailbox: Email) -> None:
    mailbox.send(NOTICE, TO, "k")
    came_back = {"To": far.sent[0].envelope_from, "Auto-Submitted": "auto-replied"}
    far.write("MAILER-DAEMON@mx.example", "Undeliverable", "No", headers=came_back)
    message = sole(mailbox.pull(None))
    assert (message.nature, message.thread) == (Nature.BOUNCE, ("token:C7",))


def test_an_acknowledgement_can_neither_bounce_nor_be_answered_by_a_machine(
    far: MailSimulator, mailbox: Email
) -> None:
    mailbox.send(ACK, TO, "k")
    mail = sent(far)
    assert far.sent[0].envelope_from == ""
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["Precedence"] == "bulk"


def test_a_notice_says_that_a_machine_wrote_it_and_takes_bounces(
    far: MailSimulator, mailbox: Email
) -> None:
    mailbox.send(NOTICE, TO, "k")
    mail = sent(far)
    assert far.sent[0].envelope_from.startswith("support+")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Precedence"] is None
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["X-Loop"] == "test-site"


def test_our_own_mail_that_comes_back_is_ours(far: MailSimulator, mailbox: Email) -> None:
    mailbox.send(ACK, Address(Channel.MAIL, far.address), "k")
    assert len(far.sent) == 1
    assert sole(mailbox.pull(None)).nature is Nature.OURS


def test_a_mailbox_without_plus_addresses_uses_the_bare_one(
    far: MailSimulator, connect: Connect
) -> None:
    connect(plus_addresses=False).send(NOTICE, TO, "k")
    assert sent(far)["Reply-To"] is None
    assert far.sent[0].envelope_from == far.address


def test_a_server_that_wants_a_sender_gets_one(far: MailSimulator, connect: Connect) -> None:
    connect(null_sender=False).send(ACK, TO, "k")
    assert far.sent[0].envelope_from.startswith("support+")


def test_lines_that_begin_with_a_dot_arrive(far: MailSimulator, mailbox: Email) -> None:
    text = "one\n.\n..two\nMAIL FROM:<x@y.example>\n"
    mailbox.send(Outgoing("C7", "dots", text), TO, "k")
    assert far.sent[0].text == text


# --- what is certain ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error"),
    [(550, Permanent), (554, Permanent), (450, Retry), (451, Retry), (421, Retry)],
)
def test_a_refused_recipient_is_permanent_or_not_by_its_code(
    far: MailSimulator, mailbox: Email, code: int, error: type[PluginError]
) -> None:
    far.smtp_reply(TO.value, code, "says the server")
    with pytest.raises(error, match=f"refuses the mail to {TO.value}: {code} says the server"):
        mailbox.send(NOTICE, TO, "k")
    assert far.sent == ()
    far.smtp_reply(TO.value, None)
    mailbox.send(NOTICE, TO, "k")
    assert len(far.sent) == 1


def test_a_lost_answer_after_the_final_dot_is_unknown(far: MailSimulator, mailbox: Email) -> None:
    far.lose_reply_after_data()
    with pytest.raises(Unknown, match="took the mail") as caught:
        mailbox.send(NOTICE, TO, "k")
    assert "same Message-ID" in caught.value.do_next
    mailbox.send(NOTICE, TO, "k")
    assert len({mail.message["Message-ID"] for mail in far.sent}) == 1


def test_a_connection_that_died_in_the_meantime_is_opened_again(
    far: MailSimulator, mailbox: Email
) -> None:
    mailbox.send(NOTICE, TO, "one")
    far.hang_up()
    mailbox.send(NOTICE, TO, "two")
    assert len(far.sent) == 2


def test_nobody_at_the_port_is_tried_again(far: MailSimulator, connect: Connect) -> None:
    mail = connect()
    far.close()
    with pytest.raises(Retry, match="can't be reached"):
        mail.send(NOTICE, TO, "k")
    far.start()


def test_a_silent_server_is_given_up_in_time(far: MailSimulator, connect: Connect) -> None:
    far.delay(1)
    mail = connect(timeout=0.2)
    with pytest.raises(Retry):
        mail.send(NOTICE, TO, "k")
    far.delay(0)


def test_a_refused_password_says_so_without_showing_it(
    far: MailSimulator, connect: Connect
) -> None:
    with pytest.raises(Auth, match="or the password") as caught:
        connect(password="s3cret-canary").send(NOTICE, TO, "k")
    shown = f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r}"
    assert "canary" not in shown


@pytest.mark.parametrize("given", ["pässwörd", "wröng"])
def test_a_password_beyond_ascii_is_tried_as_it_is(
    far: MailSimulator, connect: Connect, given: str
) -> None:
    far.add_mailbox(far.address, "pässwörd")
    mail = connect(password=given)
    if given == "pässwörd":
        mail.send(NOTICE, TO, "k")
        assert len(far.sent) == 1
    else:
        with pytest.raises(Auth):
            mail.send(NOTICE, TO, "k")


def test_starttls_that_is_not_offered_sends_no_password(
    far: MailSimulator, connect: Connect
) -> None:
    url = far.smtp_url.replace("smtp://", "smtp+starttls://")
    with pytest.raises(Misconfigured, match="does not offer STARTTLS"):
        connect(smtp=url).send(NOTICE, TO, "k")
    assert far.logins == 0


# --- check --------------------------------------------------------------------------------------


def findings(mail: Email) -> list[str]:
    return [f"{finding.level}: {finding.what}" for finding in mail.check()]


def test_check_tries_both_sides_and_changes_nothing(far: MailSimulator, mailbox: Email) -> None:
    far.write(PAT, "one", "1")
    assert findings(mailbox) == [
        "ok: IMAP: INBOX holds 1 mails",
        "ok: SMTP: signed in; no mail was sent",
    ]
    assert far.sent == ()
    assert not far.flags(1)


def test_check_tells_of_a_refused_password_on_both_sides(
    far: MailSimulator, mailbox: Email
) -> None:
    far.refuse_password()
    levels = [finding.split(":")[0] for finding in findings(mailbox)]
    assert levels == ["error", "error"]


def test_check_finds_a_server_without_plus_addresses(far: MailSimulator, mailbox: Email) -> None:
    plus = mailbox._tokens.plus_address("check")
    far.smtp_reply(plus, 550)
    assert "error: SMTP: the server refuses mail to a plus-address of this mailbox" in findings(
        mailbox
    )


def test_check_finds_a_wrong_address(far: MailSimulator, mailbox: Email) -> None:
    far.smtp_reply(far.address, 550, "who?")
    assert any("who?" in finding and finding.startswith("error") for finding in findings(mailbox))


def test_check_finds_a_missing_folder_and_a_missing_idle(
    far: MailSimulator, connect: Connect
) -> None:
    far.no_idle()
    found = findings(connect(processed="Processed"))
    assert any("no folder 'Processed'" in finding for finding in found)
    assert any("has no IDLE" in finding for finding in found)


def test_check_warns_when_no_sender_can_be_proven(connect: Connect) -> None:
    assert any("`authserv_id` is not set" in found for found in findings(connect(authserv_id=None)))
