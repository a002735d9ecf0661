"""Mailboxes in memory, as the IMAP and the SMTP side of the simulator share them."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

#: What XOAUTH2 sends (Google's and Microsoft's own mechanism; they agree).
_XOAUTH2: Final = re.compile(r"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01")
#: How a token that is no good is refused: in base64, and the client answers an empty line.
CHALLENGE: Final = '{"status":"401","schemes":"bearer","scope":"https://mail.example/"}'


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that was accepted by SMTP: when (policy time), its envelope, its bytes."""

    at: datetime
    envelope_from: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def text(self) -> str:
        """Its plain text."""
        body = self.message.get_body(("plain",))
        words = str(body.get_content()) if body is not None else ""
        return words.replace("\r\n", "\n")


@dataclass(slots=True)
class Stored:
    """A mail in a folder."""

    uid: int
    raw: bytes
    at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Folder:
    """Mails in the order of their UIDs."""

    validity: int = 1
    next_uid: int = 1
    mails: list[Stored] = field(default_factory=list)

    def add(self, raw: bytes, at: datetime, flags: set[str] | None = None) -> int:
        """Put a mail in; returns its UID."""
        mail = Stored(self.next_uid, raw, at, set(flags or ()))
        self.mails.append(mail)
        self.next_uid += 1
        return mail.uid

    def find(self, uids: set[int]) -> list[Stored]:
        """The mails with these UIDs, as far as they are there."""
        return [mail for mail in self.mails if mail.uid in uids]

    def remove(self, uids: set[int]) -> None:
        """Take mails out; their UIDs are never used again."""
        self.mails = [mail for mail in self.mails if mail.uid not in uids]

    def renumber(self) -> None:
        """A new UIDVALIDITY: every UID means something else now (RFC 9051 §2.3.1.1)."""
        self.validity += 1
        for uid, mail in enumerate(self.mails, 1):
            mail.uid = uid
        self.next_uid = len(self.mails) + 1


@dataclass(slots=True)
class Account:
    """Somebody's mailbox: a password and folders."""

    address: str
    password: str = field(repr=False)
    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder()})


@dataclass(slots=True)
class Faults:
    """What goes wrong on demand. ``delay`` is in seconds of machine time, before every reply.

    By IMAP command: ``before`` is done just before it, once; of ``lost_answers`` the next answer is
    lost; those in ``refused`` are answered with NO and these words (an empty one is done).
    By SMTP stage (``CONNECT``, a verb, ``.`` after the text): what is said in ``stages``.
    """

    refuse_password: bool = False
    no_idle: bool = False
    no_move: bool = False
    no_uidplus: bool = False
    delay: float = 0.0
    fetches_left: int | None = None
    bytes_left: int | None = None
    lost_replies: int = 0
    recipients: dict[str, tuple[int, str]] = field(default_factory=dict)
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    lost_answers: set[str] = field(default_factory=set)
    refused: dict[str, deque[str]] = field(default_factory=dict)
    mute_idle: bool = False
    byes: int = 0
    stages: dict[str, deque[tuple[int, str]]] = field(default_factory=dict)
    greylisting: bool = False
    greylisted: set[tuple[str, str]] = field(default_factory=set)


class Store:
    """All accounts and all that was sent; one lock over both."""

    def __init__(self, clock: Callable[[], datetime], password: str) -> None:
        self.clock, self.password = clock, password
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.sent: list[Sent] = []
        self.faults = Faults()
        self.logins, self.idling = 0, 0
        #: Access tokens that are good now; None: nobody is asked for one.
        self.tokens: set[str] | None = None

    def account(self, address: str) -> Account:
        """Whose mailbox this is, a plus-address included; a new one gets the usual password."""
        local, _, domain = address.lower().rpartition("@")
        bare = f"{local.partition('+')[0]}@{domain}"
        return self.accounts.setdefault(bare, Account(bare, self.password))

    def deliver(self, raw: bytes, to: str, folder: str = "INBOX") -> int:
        """Put a mail into a folder, now; returns its UID."""
        with self.lock:
            account = self.account(to)
            return account.folders.setdefault(folder, Folder()).add(raw, self.clock())

    def accept(self, sender: str, recipients: tuple[str, ...], raw: bytes) -> None:
        """Take a mail from SMTP: it is on record, and goes on to those who have a mailbox here."""
        with self.lock:
            self.sent.append(Sent(self.clock(), sender, recipients, raw))
            for to in recipients:
                trace = f"Return-Path: <{sender}>\r\nDelivered-To: {to}\r\n"
                self.deliver(trace.encode() + raw, to)

    def idling_by(self, change: int) -> None:
        """One client more or less that waits in IDLE."""
        with self.lock:
            self.idling += change

    def lets_in_by(self, token_of: str) -> Account | None:
        """The account in XOAUTH2's first answer, where its token is good."""
        self.logins += 1
        found = _XOAUTH2.fullmatch(token_of)
        if found is None or found[2] not in (self.tokens or ()) or self.faults.refuse_password:
            return None
        return self.accounts.get(found[1].lower())

    def lets_in(self, user: str, password: str) -> Account | None:
        """The account, where the password is right."""
        self.logins += 1
        account = self.accounts.get(user.lower())
        if account is None or account.password != password or self.faults.refuse_password:
            return None
        return account
