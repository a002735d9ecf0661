"""The conversation contract, over a mail provider on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import ClassVar, Final

import pytest

from upheld.plugin import Address, Channel, Nature
from upheld.testing import SteppedClock
from upheld.testing.kit import (
    LIVE_VARIABLE,
    Arrived,
    Call,
    ConversationContract,
    ConversationFarEnd,
    Fault,
    Letter,
    without_network,
)
from upheld_email.adapter import Email
from upheld_email.far_end.servers import MailServers, named
from upheld_email.simulator import AUTHSERV_ID, MailSimulator

_NO_HTTP: Final = "it speaks IMAP and SMTP, which have no such answer"
_HEADERS: Final[Mapping[Nature, Mapping[str, str]]] = {
    Nature.AUTOMATIC: {"Auto-Submitted": "auto-replied"},
    Nature.LIST: {"List-Id": "<users.acme.example>", "Precedence": "list"},
}
_REPORT: Final = (
    "Reporting-MTA: dns; mx.acme.example\n\n"
    "Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}\n"
)
_OVER: Final = 5  # seconds of machine time: more than the connection waits


class MailProvider(ConversationFarEnd):
    """Our mailbox, and one for everybody who is written to."""

    budget: ClassVar[Mapping[str, int]] = {"create": 2, "change": 0, "idle": 1}
    lacks: ClassVar[Mapping[str, str]] = {
        **{
            name: reason
            for name, reason in without_network(_NO_HTTP).items()
            if name not in {Fault.REVOKED.name, Fault.UNAVAILABLE.name}
        },
        "urgent": "a mail is as urgent as its reader finds it",
    }

    def __init__(self, clock: SteppedClock, mail: MailSimulator | MailServers) -> None:
        super().__init__(clock)
        self.mail = mail
        self._written = 0
        mail.add_folder("Sent")

    @property
    def options(self) -> Mapping[str, object]:
        """The mailbox."""
        return {
            "address": self.mail.address,
            "imap": self.mail.imap_url,
            "smtp": self.mail.smtp_url,
            "password": self.mail.password,
            "authserv_id": AUTHSERV_ID,
            "sent": "Sent",
            "timeout": 1,
        }

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """A wrong password, a folder that is not there, a server that is not there."""
        return {
            "password": {"password": "wrong"},
            "folder": {"folder": "No such folder"},
            "server": {"imap": "imap://127.0.0.1:1"},
        }

    def calls(self) -> tuple[Call, ...]:
        """Connections, and the mails that were taken."""
        made = [Call("connection")] * self.mail.connections
        return (*made, *(Call("mail", writes=True) for _ in self.mail.sent))

    def inject(self, fault: Fault) -> None:
        """As the provider can."""
        if fault is Fault.LOST_REPLY:
            self.mail.lose_reply_after_data()
        elif fault is Fault.RESET:
            self.mail.hang_up()
        elif fault is Fault.TIMEOUT:
            self.mail.delay(_OVER)
        elif fault is Fault.REVOKED:
            self.mail.refuse_password()
            self.mail.hang_up()
        elif fault is Fault.UNAVAILABLE:
            self.mail.smtp_reply(self.person(Channel.MAIL, 1).value, 451)
        else:
            super().inject(fault)

    def heal(self) -> None:
        """All is well again."""
        self.mail.refuse_password(False)
        self.mail.lose_reply_after_data(0)
        self.mail.delay(0)
        self.mail.smtp_reply(self.person(Channel.MAIL, 1).value, None)

    def person(self, channel: Channel, number: int) -> Address:
        """Somebody with a mailbox."""
        return Address(channel, f"person{number}@{self.mail.customer_domain}", f"Person {number}")

    def unreachable(self) -> Address:
        """The provider says that there is nobody of this name."""
        nobody = "nobody@acme.example"
        self.mail.smtp_reply(nobody, 550)
        return Address(Channel.MAIL, nobody)

    def got(self) -> tuple[Arrived, ...]:
        """What lies in everybody's mailbox."""
        return tuple(
            _arrived(each.message, to) for each in self.mail.sent for to in each.recipients
        )

    def write(self, letter: Letter) -> str:
        """A mail, as the sender's own server would hand it over."""
        self._written += 1
        mail = EmailMessage()
        domain = letter.by.partition("@")[2]
        if letter.proven:
            mail["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc=pass header.from={domain}"
        mail["From"], mail["To"], mail["Subject"] = letter.by, self.mail.address, letter.subject
        mail["Date"] = format_datetime(self.clock.as_datetime())
        mail["Message-ID"] = name = f"<letter-{self._written}@{domain}>"
        if letter.answers is not None:
            mail["In-Reply-To"] = mail["References"] = letter.answers
        for header, value in _HEADERS.get(letter.nature, {}).items():
            mail[header] = value
        mail.set_content(letter.text, charset=letter.charset)
        for file, content in letter.files.items():
            mail.add_attachment(content, "application", "octet-stream", filename=file)
        self.mail.deliver(_report(mail) if letter.nature is Nature.BOUNCE else mail)
        return name

    def rubbish(self) -> None:
        """A mail by nobody."""
        self.mail.deliver(b"\xff\xfe\x00 this is no mail\r\n\r\n\x80\x81")

    def acknowledge(self, key: str) -> None:
        """The reader's server says that the mail of last is in their mailbox (RFC 3464)."""
        sent = self.mail.sent[-1]
        report = EmailMessage()
        report["From"], report["To"] = "mailer-daemon@acme.example", sent.envelope_from
        report["Message-ID"] = f"<report-{key}@acme.example>"
        self.mail.deliver(_report(report, sent.recipients[0], "delivered", "2.0.0"))

    def cut_reading(self) -> None:
        """After five more mails."""
        self.mail.drop_fetch_after(5)

    def mirror_sent(self) -> None:
        """As a list or a rule of the provider sends it back."""
        self.mail.deliver(self.mail.sent[-1].message)


class RealProvider(MailProvider):
    """Postfix and Dovecot, as ``scripts/mail-servers`` starts them."""

    live: ClassVar[bool] = True

    def unreachable(self) -> Address:
        """Postfix itself says so."""
        return Address(Channel.MAIL, f"nobody@{self.mail.customer_domain}")


def _arrived(message: EmailMessage, to: str) -> Arrived:
    body = message.get_body(("plain",))
    files = {str(each.get_filename()): each.get_content() for each in message.iter_attachments()}
    content = {
        name: each.encode() if isinstance(each, str) else each for name, each in files.items()
    }
    text = f"{message['Subject']}\n{body.get_content() if body else ''}"
    return Arrived(to, text, None, content, str(message["Message-ID"]))


def _report(
    mail: EmailMessage, to: str = "ray@acme.example", action: str = "failed", status: str = "5.1.1"
) -> bytes:
    """The same, as a report of what became of a mail (RFC 3464)."""
    parts = (
        ("text/plain", f"Your mail: {action}."),
        ("message/delivery-status", _REPORT.format(to=to, action=action, status=status)),
    )
    head = "".join(f"{name}: {value}\n" for name, value in mail.items() if name[:7] != "Content")
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n'
    body = "".join(f"--b\nContent-Type: {each}\n\n{text}\n" for each, text in parts)
    return f"{head}{kind}Auto-Submitted: auto-replied\n\n{body}--b--\n".replace(
        "\n", "\r\n"
    ).encode()


class TestEmail(ConversationContract):
    """The email conversation."""

    plugin = Email

    @pytest.fixture
    def clock(self) -> SteppedClock:
        """Begins now: a real server takes no mail from the future."""
        return SteppedClock(datetime.now(UTC))

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Iterator[MailProvider]:
        """The simulated provider; with ``--live`` Postfix and Dovecot, which the environment names."""
        if os.environ.get(LIVE_VARIABLE):
            with MailServers(clock.as_datetime, named()) as mail:
                yield RealProvider(clock, mail)
        else:
            with MailSimulator(clock.as_datetime) as mail:
                yield MailProvider(clock, mail)
