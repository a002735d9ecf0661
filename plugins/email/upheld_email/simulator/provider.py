"""What every mail provider offers, one in memory and one of real servers alike: people who write."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import ClassVar, Final

from upheld_email.simulator.store import Sent

#: The name under which the provider stamps its verdict on senders (RFC 8601).
AUTHSERV_ID: Final = "mx.simulator.example"
POLICY: Final = policy.SMTP.clone(cte_type="7bit")


class Provider(ABC):
    """Our mailbox, and one for everybody who is written to. ``clock`` stamps what comes."""

    authserv_id: ClassVar[str] = AUTHSERV_ID
    #: Where those live who are written to.
    customer_domain = "acme.example"

    def __init__(self, clock: Callable[[], datetime], address: str, password: str) -> None:
        self.clock, self.address, self.password = clock, address, password
        self._written = 0

    @property
    @abstractmethod
    def sent(self) -> tuple[Sent, ...]:
        """All mails that SMTP accepted, in order."""

    @abstractmethod
    def deliver(
        self, mail: bytes | EmailMessage, to: str | None = None, folder: str = "INBOX"
    ) -> int:
        """Put a mail into a mailbox, byte by byte as it is; returns its UID."""

    def sent_to(self, address: str) -> tuple[Sent, ...]:
        """The mails to one recipient, in order."""
        return tuple(mail for mail in self.sent if address in mail.recipients)

    def write(
        self,
        frm: str,
        subject: str,
        text: str,
        *,
        in_reply_to: str | None = None,
        headers: Mapping[str, str] | None = None,
        to: str | None = None,
        verified: bool = True,
    ) -> str:
        """Somebody writes (to us, if not ``to`` somebody); returns the Message-ID.

        ``headers`` replace what is there. Where ``verified``, the mail bears the provider's word
        that its sender is proven.
        """
        mail = EmailMessage(policy=POLICY)
        usual = self._headers(frm, to or self.address, subject, verified)
        for name, value in (usual | dict(headers or {})).items():
            mail[name] = value
        if in_reply_to is not None:
            mail["In-Reply-To"] = mail["References"] = in_reply_to
        mail.set_content(text)
        self.deliver(mail, to)
        return str(mail["Message-ID"])

    def _headers(self, frm: str, to: str, subject: str, verified: bool) -> dict[str, str]:
        self._written += 1
        domain = parseaddr(frm)[1].rpartition("@")[2]
        proof = f"{AUTHSERV_ID}; dmarc=pass header.from={domain}"
        return {
            **({"Authentication-Results": proof} if verified else {}),
            "From": frm,
            "To": to,
            "Date": format_datetime(self.clock()),
            "Message-ID": f"<written-{self._written}@{domain}>",
            "Subject": subject,
        }


def as_bytes(mail: bytes | EmailMessage) -> bytes:
    """A mail as it goes over the wire."""
    return mail if isinstance(mail, bytes) else mail.as_bytes(policy=POLICY)
