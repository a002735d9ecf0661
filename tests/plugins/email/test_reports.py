"""What became of a mail of ours, as its reader's server reports it."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.plugins.email.conftest import NOON
from tests.plugins.email.corpus import OUR
from upheld.plugin import (
    Actor,
    Address,
    Channel,
    Delivery,
    Message,
    Nature,
    Outgoing,
    Receipt,
    Refused,
)
from upheld_email.adapter import Email
from upheld_email.classify import Around
from upheld_email.mapping import Reader
from upheld_email.reports import receipt
from upheld_email.simulator import MailSimulator
from upheld_email.threads import Tokens

TOKENS = Tokens(b"k" * 32, OUR)
VERP = TOKENS.plus_address("C7", "0123456789abcdef")
HANDLE = TOKENS.message_id("C7", "0123456789abcdef")
FAILED = "Final-Recipient: rfc822; pat@acme.example\nAction: failed\nStatus: 5.1.1\n"
WHY = "Diagnostic-Code: smtp; 550 5.1.1 no such user\n"
#: As Exim words it, without any form.
EXIM = (
    "This message was created automatically by mail delivery software.\n\n"
    "A message that you sent could not be delivered to one or more of its\n"
    "recipients. This is a permanent error. The following address(es) failed:\n\n"
    "  pat@acme.example\n    no such user\n"
)


def report(*blocks: str, to: str = VERP, returns: str = "", text: str = "Sorry.") -> bytes:
    """A delivery report, with one block a recipient."""
    parts = [("text/plain", text)]
    status = "Reporting-MTA: dns; mx.acme.example\n\n" + "\n".join(blocks)
    parts += [("message/delivery-status", status)] if blocks else []
    parts += [("text/rfc822-headers", f"Message-ID: {returns}\n")] if returns else []
    body = "".join(f"--b\nContent-Type: {kind}\n\n{words}\n" for kind, words in parts)
    head = (
        f"From: mailer-daemon@acme.example\nTo: {to}\nMessage-ID: <r@acme.example>\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n'
    )
    return f"{head}\n{body}--b--\n".encode()


def told(raw: bytes) -> Receipt | None:
    """What it says of a sending of ours."""
    reader = Reader(TOKENS, Around(frozenset({OUR}), "stage"))
    message = reader.read(raw, NOON)
    assert isinstance(message, Message)
    assert message.nature is Nature.BOUNCE
    return receipt(message, TOKENS)


def bounced(text: str, sender: str = "mailer-daemon@acme.example", *headers: str) -> bytes:
    """A bounce without a form, which comes to our bare address."""
    head = (f"From: {sender}", f"To: {OUR}", "Message-ID: <r@acme.example>", *headers)
    return ("\n".join(head) + f"\n\n{text}").encode()


QMAIL = (
    "Hi. This is the qmail-send program at acme.example.\nI'm afraid I wasn't able to deliver"
    " your message to the following addresses.\nThis is a permanent error; I've given up."
    " Sorry it didn't work out.\n\n<pat@acme.example>:\nno mailbox here by that name\n\n"
    "--- Below this line is a copy of the message.\n\nReturn-Path: <support@magnolia.example>\n"
)
OLDER = TOKENS.message_id("C7", "ffffffffffffffff")


@pytest.mark.parametrize("mark", ["", "> "])
def test_a_bounce_that_only_quotes_our_mail_is_of_that_mail(mark: str) -> None:
    """Without plus-addresses nothing else tells which one; older ids stand in it, too."""
    quoted = f"{mark}References: {OLDER}\n{mark}Message-ID: {HANDLE}\n{mark}Subject: Status\n"
    found = told(bounced(QMAIL + quoted))
    assert found is not None
    assert (found.handle, found.state) == (HANDLE, Delivery.FAILED)


@pytest.mark.parametrize("fold", ["\n ", "\n\t", " \r\n  "])
def test_an_id_may_stand_on_the_line_below_its_name(fold: str) -> None:
    found = told(bounced(f"{QMAIL}Message-ID:{fold}{HANDLE}\n"))
    assert found is not None
    assert found.handle == HANDLE


def test_a_name_with_blanks_without_end_holds_nobody_up() -> None:
    """A pattern that goes back over them took minutes, in which nobody was paged."""
    assert told(bounced(f"{QMAIL}Message-ID:{' ' * 100_000}x\n")) is None


def test_what_a_person_quotes_ends_nothing() -> None:
    reader = Reader(TOKENS, Around(frozenset({OUR}), "stage"))
    message = reader.read(bounced(f"Message-ID: {HANDLE}\n", "pat@acme.example"), NOON)
    assert isinstance(message, Message)
    assert (message.nature, message.thread) == (Nature.NORMAL, ())


def test_a_report_of_an_address_beyond_ascii_is_read() -> None:
    """RFC 6533."""
    status = f"Reporting-MTA: dns; mx.acme.example\n\n{FAILED}{WHY}"
    text = (
        f"--b\nContent-Type: message/global-delivery-status\n\n{status}\n"
        f"--b\nContent-Type: message/global\n\nMessage-ID: {HANDLE}\n\nSecret.\n--b--\n"
    )
    kind = "Content-Type: multipart/report; report-type=delivery-status; boundary=b"
    raw = bounced(text, "mailer-daemon@acme.example", kind)
    found = told(raw)
    assert found is not None
    assert (found.handle, found.state) == (HANDLE, Delivery.FAILED)
    assert "no such user" in found.detail


def test_a_mail_that_could_not_be_delivered() -> None:
    """VERP: the address that the report comes to says which one."""
    assert told(report(FAILED + WHY)) == Receipt(
        None, HANDLE, Delivery.FAILED, NOON, detail="5.1.1 550 5.1.1 no such user"
    )


def test_the_mail_that_is_returned_says_it_too() -> None:
    found = told(report(FAILED, to=OUR, returns=HANDLE))
    assert found is not None
    assert (found.handle, found.state) == (HANDLE, Delivery.FAILED)


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("failed", Delivery.FAILED),
        ("Failed (bad destination mailbox)", Delivery.FAILED),
        ("delivered", Delivery.DELIVERED),
        ("delayed", None),
        ("relayed", None),
        ("expanded", None),
        ("no-such-thing", None),
    ],
)
def test_what_ends_a_sending_and_what_does_not(action: str, state: Delivery | None) -> None:
    found = told(report(FAILED.replace("failed", action)))
    assert (found and found.state) == state


def test_one_failure_among_several_is_one() -> None:
    found = told(report(FAILED.replace("failed", "delivered"), FAILED))
    assert found is not None
    assert found.state is Delivery.FAILED


def test_a_report_without_a_form() -> None:
    plain = (
        "From: Mail Delivery System <mailer-daemon@mx.example>\n"
        f"To: {VERP}\nX-Failed-Recipients: pat@acme.example\n\n{EXIM}"
    )
    found = told(plain.encode())
    assert found is not None
    assert (found.handle, found.state) == (HANDLE, Delivery.FAILED)


@pytest.mark.parametrize(
    "to",
    [
        OUR,
        "support+x@magnolia.example",
        TOKENS.plus_address("C7"),  # names the case, but no mail
        VERP.replace("0123", "0124"),  # a mail that the writer did not get
        Tokens(b"x" * 32, OUR).plus_address("C7", "0123456789abcdef"),
    ],
)
def test_a_report_of_nothing_of_ours(to: str) -> None:
    assert told(report(FAILED, to=to, returns="<theirs@acme.example>")) is None


def test_a_forged_address_leads_to_no_case_either() -> None:
    assert TOKENS.thread_in_address(VERP) == "C7"
    assert TOKENS.thread_in_address(VERP.replace("0123", "0124")) is None


def test_what_a_server_says_is_cut_and_cleaned() -> None:
    found = told(report(FAILED + "Diagnostic-Code: smtp; \x1b[2J" + "x" * 5000 + "\n"))
    assert found is not None
    assert len(found.detail) == 300
    assert "\x1b" not in found.detail


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=600))
@example(b"Content-Type: message/delivery-status\n\nAction: failed\n\nAction")
def test_no_bytes_raise(body: bytes) -> None:
    head = f"From: mailer-daemon@x.example\nTo: {VERP}\n".encode()
    message = Message(
        "x", NOON, Actor("x"), False, Nature.BOUNCE, (), (), "", "", raw=head + b"\n" + body
    )
    for raw in (head + b"\n" + body, head + body):
        found = receipt(replace(message, raw=raw), TOKENS)
        assert found is None or found.handle == HANDLE


def test_a_bounce_that_comes_in_is_a_note_and_the_end_of_a_sending(
    mailbox: Email, far: MailSimulator
) -> None:
    to = Address(Channel.MAIL, "pat@acme.example")
    sent = mailbox.send(Outgoing("C7", "Status", "Down."), to, "k1")
    far.deliver(report(FAILED, to=far.sent[0].envelope_from))
    note, ended = mailbox.pull(None).items
    assert isinstance(note, Message)
    assert not isinstance(ended, Refused)
    assert "token:C7" in note.thread
    assert isinstance(ended, Receipt)
    assert (ended.handle, ended.state) == (sent.handle, Delivery.FAILED)


def test_a_customer_who_answers_in_the_words_of_a_server_is_no_report(
    mailbox: Email, far: MailSimulator
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "pat@acme.example", VERP
    mail.set_content(EXIM)
    far.deliver(mail)
    (item,) = mailbox.pull(None).items
    assert isinstance(item, Message)
    assert item.nature is Nature.NORMAL
    assert message_from_bytes(item.raw)["To"] == VERP
