"""Postfix and Dovecot: what only real servers show. Skipped, with the reason, where there are none."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from tests.plugins.email.conftest import servers, settings
from tests.plugins.email.test_send import ACK, NOTICE
from tests.plugins.email.test_wait import Waiting, until
from upheld.plugin import (
    Address,
    Channel,
    Level,
    Message,
    Misconfigured,
    Nature,
    Permanent,
    PluginError,
    Retry,
)
from upheld.testing import ScratchContext, SteppedClock
from upheld.testing.kit import Grade, Outcome
from upheld.testing.kit.verify import verify
from upheld_email.adapter import Email
from upheld_email.far_end.servers import VARIABLE, MailServers, NoServers, named


@pytest.fixture
def clock() -> SteppedClock:
    """Of this machine, as the servers'."""
    return SteppedClock(datetime.now(UTC))


@pytest.fixture
def pair(clock: SteppedClock) -> Iterator[MailServers]:
    with MailServers(clock.as_datetime, servers()) as pair:
        yield pair


@pytest.fixture
def mailbox(pair: MailServers, context: ScratchContext) -> Iterator[Email]:
    with closing(Email(settings(pair), context)) as mailbox:
        yield mailbox


def messages(mailbox: Email, cursor: str | None = None) -> list[Message]:
    return [item for item in mailbox.pull(cursor).items if isinstance(item, Message)]


def arrived(mailbox: Email, wanted: int, cursor: str | None = None) -> list[Message]:
    """So many messages, once Postfix has handed them over."""
    found: list[Message] = []

    def met() -> bool:
        found[:] = messages(mailbox, cursor)
        return len(found) >= wanted

    until(met)
    return found


def mail(pair: MailServers, to: str, **headers: str) -> EmailMessage:
    """What a customer writes, with a program of their own."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"pat@{pair.customer_domain}", to, "Server down"
    made["Message-ID"] = f"<{to}@{pair.customer_domain}>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content("Nothing goes out – since noon.\n")
    return made


def post(pair: MailServers, made: EmailMessage, to: str) -> None:
    """By Postfix, as any server on the net would."""
    with smtplib.SMTP("127.0.0.1", pair.ports["smtp"], "[127.0.0.1]", 10) as smtp:
        smtp.send_message(made, f"pat@{pair.customer_domain}", [to])


def test_a_customer_writes_by_smtp_and_it_wakes_us(pair: MailServers, mailbox: Email) -> None:
    first = mailbox.pull(None)
    waiting = Waiting(mailbox)
    until(lambda: pair.idling == 1)
    post(pair, mail(pair, pair.address), pair.address)
    assert waiting.result()
    (came,) = arrived(mailbox, 1, first.cursor)
    assert came.text == "Nothing goes out – since noon.\n"
    assert came.by.id == f"pat@{pair.customer_domain}"
    assert came.nature is Nature.NORMAL
    assert not came.verified  # nobody but Postfix stamped it, and it vouches for nobody


def test_a_reply_to_what_we_sent_finds_its_thread(pair: MailServers, mailbox: Email) -> None:
    """Its Reply-To has come through two servers and back."""
    pat = Address(Channel.MAIL, f"pat@{pair.customer_domain}")
    handle = mailbox.send(replace(NOTICE, thread="C7"), pat, "k").handle
    (got,) = [sent.message for sent in pair.sent]
    post(pair, mail(pair, got["Reply-To"]), got["Reply-To"])
    post(pair, mail(pair, pair.address, In_Reply_To=str(got["Message-ID"])), pair.address)
    by_address, by_id = sorted(arrived(mailbox, 2), key=lambda each: handle in each.thread)
    assert "token:C7" in by_address.thread
    assert by_id.thread[0] == handle


def test_a_mail_with_an_empty_sender_arrives_with_it(pair: MailServers, mailbox: Email) -> None:
    mailbox.send(ACK, Address(Channel.MAIL, f"pat@{pair.customer_domain}"), "k")
    (sent,) = pair.sent
    assert sent.envelope_from == ""
    assert sent.message["Return-Path"] == "<>"


@pytest.mark.parametrize(
    ("name", "kind"), [("nobody", Permanent), ("full", Retry), ("greylisted", Retry)]
)
def test_what_postfix_refuses(
    pair: MailServers, mailbox: Email, name: str, kind: type[PluginError]
) -> None:
    with pytest.raises(kind) as caught:
        mailbox.send(NOTICE, Address(Channel.MAIL, f"{name}@{pair.customer_domain}"), "k")
    assert "Recipient address rejected" in caught.value.what
    mailbox.send(NOTICE, Address(Channel.MAIL, f"ann@{pair.customer_domain}"), "k2")
    assert len(pair.sent) == 1


def test_a_folder_that_is_made_anew_is_read_from_its_start(
    pair: MailServers, context: ScratchContext
) -> None:
    """Its UIDVALIDITY is another, and UID 1 another mail."""
    pair.add_folder("Desk")
    pair.deliver(mail(pair, "first"), folder="Desk")
    with closing(Email(settings(pair, folder="Desk"), context)) as mailbox:
        first = mailbox.pull(None)
        with imaplib.IMAP4("127.0.0.1", pair.ports["imap"]) as other:
            other.login(pair.address, pair.password)
            other.delete("Desk")
            other.create("Desk")
        pair.deliver(mail(pair, "second"), folder="Desk")
        (came,) = messages(mailbox, first.cursor)
    assert came.id == f"<second@{pair.customer_domain}>"


def test_what_is_on_record_is_moved_though_somebody_moves_too(
    pair: MailServers, context: ScratchContext
) -> None:
    pair.add_folder("Done")
    uids = [pair.deliver(mail(pair, str(number))) for number in range(3)]
    with closing(Email(settings(pair, processed="Done"), context)) as mailbox:
        first = mailbox.pull(None)
        pair.expunge(uids[1])
        assert mailbox.pull(first.cursor).items == ()
    assert pair.folder() == ()
    assert len(pair.folder("Done")) == 2


SECURE = [
    ("imaps://localhost:{imaps}", "smtps://localhost:{smtps}"),
    ("imap+starttls://localhost:{imap}", "smtp+starttls://localhost:{smtp}"),
]


@pytest.mark.parametrize(("imap", "smtp"), SECURE)
def test_over_tls(pair: MailServers, context: ScratchContext, imap: str, smtp: str) -> None:
    pair.deliver(mail(pair, pair.address))
    urls = {"imap": imap.format(**pair.ports), "smtp": smtp.format(**pair.ports)}
    with closing(Email(settings(pair, **urls, ca_file=pair.ca_file), context)) as mailbox:
        assert len(messages(mailbox)) == 1
        mailbox.send(NOTICE, Address(Channel.MAIL, f"pat@{pair.customer_domain}"), "k")
        assert [each.level for each in mailbox.check() if each.level is Level.ERROR] == []
    until(lambda: len(pair.inbox(f"pat@{pair.customer_domain}")) == 1)


@pytest.mark.parametrize(("imap", "smtp"), SECURE)
def test_over_tls_to_somebody_unknown_no_password_is_sent(
    pair: MailServers, context: ScratchContext, imap: str, smtp: str
) -> None:
    urls = {"imap": imap.format(**pair.ports), "smtp": smtp.format(**pair.ports)}
    with closing(Email(settings(pair, **urls), context)) as mailbox:
        calls: tuple[Callable[[], object], ...] = (
            lambda: mailbox.pull(None),
            lambda: mailbox.send(NOTICE, Address(Channel.MAIL, "pat@acme.example"), "k"),
        )
        for call in calls:
            with pytest.raises(Misconfigured, match="certificate"):
                call()


def test_the_certificate_is_for_this_machine(pair: MailServers) -> None:
    trusting = ssl.create_default_context(cafile=pair.ca_file)
    with smtplib.SMTP_SSL(
        "localhost", pair.ports["smtps"], "[127.0.0.1]", context=trusting
    ) as smtp:
        assert smtp.noop()[0] == 250


@pytest.mark.timeout(180)
def test_it_is_gold_over_real_servers() -> None:
    servers()
    told = verify("email", "upheld_email.conformance", live=True)
    failed = {
        each.assertion.id: each.reason for each in told.shown if each.outcome is Outcome.FAILED
    }
    assert failed == {}
    assert (told.live, told.grade) == (True, Grade.GOLD)


def test_without_servers_it_is_told_how_to_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(NoServers, match=f"mail-servers start FOLDER.*{VARIABLE}=FOLDER"):
        named()


def test_in_ci_they_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("CI", "1")
    with pytest.raises(NoServers):
        servers()
