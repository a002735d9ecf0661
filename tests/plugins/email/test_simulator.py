"""The simulated provider, by the standard library's clients: it speaks the protocols, traps included."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest

from tests.plugins.email.conftest import NOON
from upheld.testing import SteppedClock
from upheld_email.simulator import MailSimulator
from upheld_email.simulator.parts import internal_date, numbers, words

PAT = "pat@acme.example"
MAIL = b"Subject: Hello\r\n\r\nLine one\r\n.Line two\r\n"


def port(url: str) -> int:
    found = urlsplit(url).port
    assert found is not None
    return found


@contextmanager
def imap(far: MailSimulator, folder: str | None = "INBOX") -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4("127.0.0.1", port(far.imap_url), timeout=5)
    try:
        client.login(far.address, far.password)
        if folder is not None:
            client.select(folder)
        yield client
    finally:
        client.shutdown()


@contextmanager
def smtp(far: MailSimulator) -> Iterator[smtplib.SMTP]:
    client = smtplib.SMTP("127.0.0.1", port(far.smtp_url), "upheld.example", timeout=5)
    with closing(client):
        client.login(far.address, far.password)
        yield client


def uids(client: imaplib.IMAP4, which: str) -> list[int]:
    return [int(uid) for uid in client.uid("SEARCH", f"UID {which}")[1][0].split()]


def fetched(client: imaplib.IMAP4, which: str, parts: str) -> list[bytes]:
    """All that FETCH says, literals after what announces them."""
    pieces: list[bytes] = []
    for answer in client.uid("FETCH", which, parts)[1]:
        pieces.extend(answer if isinstance(answer, tuple) else [answer or b""])
    return pieces


# --- IMAP: reading ---


def test_a_mail_is_fetched_byte_by_byte_with_size_and_arrival(far: MailSimulator) -> None:
    far.deliver(MAIL)
    with imap(far) as client:
        said, literal, _ = fetched(client, "1", "(RFC822.SIZE INTERNALDATE FLAGS BODY.PEEK[])")
    assert literal == MAIL
    assert f"RFC822.SIZE {len(MAIL)}".encode() in said
    assert b'INTERNALDATE " 1-Dec-2025 12:00:00 +0000"' in said
    assert b"FLAGS ()" in said


def test_the_beginning_of_a_mail_can_be_fetched_alone(far: MailSimulator) -> None:
    far.deliver(MAIL)
    with imap(far) as client:
        said, literal, _ = fetched(client, "1", "(BODY.PEEK[]<0.7>)")
    assert literal == b"Subject"
    assert b"BODY[]<0> {7}" in said


def test_peeking_leaves_a_mail_unseen_reading_does_not(far: MailSimulator) -> None:
    far.deliver(MAIL)
    with imap(far) as client:
        fetched(client, "1", "(BODY.PEEK[])")
        assert far.flags(1) == frozenset()
        fetched(client, "1", "(BODY[])")
        assert far.flags(1) == {"\\Seen"}


def test_a_search_beyond_the_last_mail_finds_the_last_mail(far: MailSimulator) -> None:
    far.deliver(MAIL)
    far.deliver(MAIL)
    with imap(far) as client:
        assert uids(client, "1:*") == [1, 2]
        assert uids(client, "2:*") == [2]
        assert uids(client, "9:*") == [2]


def test_uids_are_never_used_again(far: MailSimulator) -> None:
    far.deliver(MAIL)
    far.expunge(1)
    assert far.deliver(MAIL) == 2


def test_mail_that_comes_later_is_seen_by_a_client_that_stayed(
    far: MailSimulator, clock: SteppedClock
) -> None:
    with imap(far) as client:
        assert uids(client, "1:*") == []
        clock.forward(hours=1)
        far.write(PAT, "Late", "x")
        client.noop()
        assert client.response("EXISTS")[1][-1] == b"1"
        assert b"13:00:00" in fetched(client, "1", "(INTERNALDATE)")[0]


def test_folders_are_listed_and_one_that_is_not_there_is_refused(far: MailSimulator) -> None:
    far.add_folder("Done")
    with imap(far, folder=None) as client:
        listed = b" ".join(line for line in client.list()[1] if isinstance(line, bytes))
        assert b'"INBOX"' in listed
        assert b'"Done"' in listed
        assert client.select("Nowhere")[0] == "NO"


def test_a_mail_is_flagged_moved_and_expunged(far: MailSimulator) -> None:
    far.add_folder("Done")
    far.deliver(MAIL)
    far.deliver(b"Subject: Other\r\n\r\n")
    with imap(far) as client:
        client.uid("MOVE", "1", "Done")
        assert far.folder("Done") == (MAIL,)
        client.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
        assert far.flags(2) == {"\\Deleted"}
        client.expunge()
    assert far.folder() == ()


def test_a_folder_opened_to_be_read_takes_no_changes(far: MailSimulator) -> None:
    far.deliver(MAIL)
    with imap(far, folder=None) as client:
        client.select("INBOX", readonly=True)
        assert client.uid("STORE", "1", "+FLAGS", r"(\Seen)")[0] == "NO"
    assert far.flags(1) == frozenset()


def test_a_password_may_come_as_a_literal(far: MailSimulator) -> None:
    with socket.create_connection(("127.0.0.1", port(far.imap_url)), timeout=5) as sock:
        file = sock.makefile("rwb")
        with file:
            assert file.readline().startswith(b"* OK")
            secret = far.password.encode()
            file.write(b"a LOGIN %s {%d}\r\n" % (far.address.encode(), len(secret)))
            file.flush()
            assert file.readline().startswith(b"+")
            file.write(secret + b"\r\n")
            file.flush()
            assert file.readline().startswith(b"a OK")


def test_nothing_is_told_before_sign_in(far: MailSimulator) -> None:
    client = imaplib.IMAP4("127.0.0.1", port(far.imap_url), timeout=5)
    try:
        client.state = "AUTH"  # pretend
        with pytest.raises(imaplib.IMAP4.error, match="sign in first"):
            client.select()
    finally:
        client.shutdown()


def test_idle_tells_of_new_mail_at_once(far: MailSimulator) -> None:
    with imap(far) as client:
        client.send(b"x IDLE\r\n")
        assert client.readline().startswith(b"+")
        far.write(PAT, "Now", "x")
        assert client.readline() == b"* 1 EXISTS\r\n"
        client.send(b"DONE\r\n")
        assert client.readline().startswith(b"x OK")


def test_many_clients_are_served_at_once(far: MailSimulator) -> None:
    far.deliver(MAIL)
    found: list[list[int]] = []

    def look() -> None:
        with imap(far) as client:
            found.append(uids(client, "1:*"))

    threads = [threading.Thread(target=look) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[1]] * 12


# --- IMAP: faults ---


def test_a_new_uidvalidity_hangs_up_on_who_had_the_old_one(far: MailSimulator) -> None:
    far.deliver(MAIL)
    with imap(far) as client:
        assert client.response("UIDVALIDITY")[1] == [b"1"]
        far.bump_uidvalidity()
        with pytest.raises(imaplib.IMAP4.abort):
            client.noop()
    with imap(far) as client:
        assert client.response("UIDVALIDITY")[1] == [b"2"]
        assert uids(client, "1:*") == [1]


def test_the_connection_is_cut_after_so_many_mails_and_only_once(far: MailSimulator) -> None:
    for _ in range(3):
        far.deliver(MAIL)
    far.drop_fetch_after(2)
    with imap(far) as client, pytest.raises(imaplib.IMAP4.abort):
        client.uid("FETCH", "1:*", "(BODY.PEEK[])")
    with imap(far) as client:
        assert fetched(client, "1:*", "(BODY.PEEK[])").count(MAIL) == 3


def test_the_connection_is_cut_within_a_mail(far: MailSimulator) -> None:
    far.deliver(MAIL)
    far.drop_fetch_after(bytes_=60)
    with imap(far) as client, pytest.raises(imaplib.IMAP4.abort):
        client.uid("FETCH", "1", "(BODY.PEEK[])")


def test_a_password_is_refused_on_both_sides_until_it_is_taken_again(far: MailSimulator) -> None:
    far.refuse_password()
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"), imap(far):
        pass
    with pytest.raises(smtplib.SMTPAuthenticationError), smtp(far):
        pass
    far.refuse_password(False)
    with imap(far), smtp(far) as client:
        assert client.noop()[0] == 250


def test_who_has_not_signed_in_is_not_told_all(far: MailSimulator) -> None:
    with imap(far) as client:
        assert not {"IDLE", "MOVE", "UIDPLUS"} & set(client.capabilities)
        assert {b"IDLE", b"MOVE", b"UIDPLUS"} <= set(client.capability()[1][0].split())


def test_idle_can_be_missing(far: MailSimulator) -> None:
    with imap(far) as client:
        assert b"IDLE" in client.capability()[1][0].split()
        far.no_idle()
        assert b"IDLE" not in client.capability()[1][0].split()
        client.send(b"x IDLE\r\n")
        assert client.readline().startswith(b"x BAD")


# --- SMTP ---


def test_a_mail_is_kept_with_its_envelope_and_delivered(far: MailSimulator) -> None:
    with smtp(far) as client:
        client.sendmail("", [PAT], MAIL)
    (sent,) = far.sent
    assert (sent.at, sent.envelope_from, sent.recipients) == (NOON, "", (PAT,))
    assert sent.raw == MAIL  # dots were doubled on the way, and are not any more
    assert sent.message["Subject"] == "Hello"
    assert [mail["Subject"] for mail in far.inbox(PAT)] == ["Hello"]


def test_mail_to_a_plus_address_of_ours_reaches_our_mailbox(far: MailSimulator) -> None:
    local, _, domain = far.address.partition("@")
    with smtp(far) as client:
        client.sendmail(PAT, [f"{local}+tag@{domain}"], MAIL)
    (raw,) = far.folder()
    assert b"Return-Path: <pat@acme.example>" in raw
    assert f"Delivered-To: {local}+tag@{domain}".encode() in raw


def test_nobody_sends_without_signing_in(far: MailSimulator) -> None:
    with closing(smtplib.SMTP("127.0.0.1", port(far.smtp_url), "x.example", timeout=5)) as client:
        client.ehlo()
        assert client.mail(PAT)[0] == 530


def test_a_recipient_is_refused_in_the_words_that_are_set(far: MailSimulator) -> None:
    far.smtp_reply(PAT, 550, "5.1.1 no such mailbox")
    with smtp(far) as client:
        client.mail(far.address)
        assert client.rcpt(PAT) == (550, b"5.1.1 no such mailbox")
    far.smtp_reply(PAT, None)
    with smtp(far) as client:
        client.sendmail(far.address, [PAT], MAIL)
    assert len(far.sent) == 1


def test_a_lost_reply_is_lost_once_and_the_mail_was_taken(far: MailSimulator) -> None:
    far.lose_reply_after_data()
    with smtp(far) as client, pytest.raises(smtplib.SMTPServerDisconnected):
        client.sendmail(far.address, [PAT], MAIL)
    with smtp(far) as client:
        client.sendmail(far.address, [PAT], MAIL)
    assert len(far.sent_to(PAT)) == 2


def test_the_order_of_smtp_is_kept(far: MailSimulator) -> None:
    with smtp(far) as client:
        assert client.rcpt(PAT)[0] == 503
        assert client.docmd("DATA")[0] == 503
        assert client.docmd("VRFY", PAT)[0] == 502
        client.mail(far.address)
        client.rset()
        assert client.rcpt(PAT)[0] == 503


# --- writing, and the life of the simulator ---


def test_what_is_written_bears_what_a_mail_has(far: MailSimulator) -> None:
    first = far.write(PAT, "Größe", "Text ü")
    second = far.write(PAT, "Re: Größe", "More", in_reply_to=first, headers={"X-Loop": "stage"})
    mails = far.inbox(far.address)
    assert [mail["Message-ID"] for mail in mails] == [first, second]
    assert (mails[0]["Subject"], mails[0].get_content()) == ("Größe", "Text ü\r\n")
    assert (mails[1]["In-Reply-To"], mails[1]["X-Loop"]) == (first, "stage")


def test_somebody_can_write_to_somebody_else(far: MailSimulator) -> None:
    far.write(PAT, "For Bo", "x", to="bo@magnolia.example")
    assert far.folder() == ()
    assert [mail["To"] for mail in far.inbox("bo@magnolia.example")] == ["bo@magnolia.example"]


def test_a_mail_object_is_delivered_as_it_would_be_sent(far: MailSimulator) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Object"
    mail.set_content("ü")
    far.deliver(mail)
    # How UTF-8 is encoded, and so what ends a line, is a setting of the process: Apprise changes it.
    assert far.inbox(far.address)[0].get_content().splitlines() == ["ü"]


def test_another_mailbox_has_a_password_of_its_own(far: MailSimulator) -> None:
    far.add_mailbox("other@magnolia.example", "another")
    client = imaplib.IMAP4("127.0.0.1", port(far.imap_url), timeout=5)
    try:
        client.login("other@magnolia.example", "another")
        assert client.select()[1] == [b"0"]
    finally:
        client.shutdown()


def test_no_url_before_it_runs_and_mail_survives_a_restart(clock: SteppedClock) -> None:
    far = MailSimulator(clock.as_datetime)
    with pytest.raises(RuntimeError, match="not running"):
        _ = far.imap_url
    for _ in range(2):
        with far:
            far.deliver(MAIL)
    assert far.folder() == (MAIL, MAIL)


# --- pure pieces ---


@pytest.mark.parametrize(
    ("which", "found"),
    [("1", {1}), ("1:3", {1, 3}), ("3:1", {1, 3}), ("4:*", {7}), ("9:*", {7}), ("2", set())],
)
def test_sets_of_numbers(which: str, found: set[int]) -> None:
    assert numbers(which, [1, 3, 7]) == found


def test_no_number_is_in_an_empty_folder() -> None:
    assert numbers("1:*", []) == set()


def test_words_are_atoms_and_quoted_strings() -> None:
    assert words(r'INBOX "a b" "say \"hi\""') == ["INBOX", "a b", 'say "hi"']


def test_dates_have_a_blank_where_the_day_has_one_digit() -> None:
    assert internal_date(NOON) == " 1-Dec-2025 12:00:00 +0000"
    assert internal_date(NOON.replace(day=24)).startswith("24-Dec-2025")
