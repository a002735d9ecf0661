"""A mailbox on Postfix and Dovecot, with the face of the simulator; a front stands before each."""

from __future__ import annotations

import imaplib
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final, Self

from upheld_email.far_end.front import Front, ImapRelay, SmtpRelay
from upheld_email.simulator.provider import Provider, as_bytes
from upheld_email.simulator.store import Sent

#: The folder that ``scripts/mail-servers start`` was given.
VARIABLE: Final = "UPHELD_TEST_MAIL"
_PASSWORD: Final = "secret"  # noqa: S105  of everybody on servers that live for a test
_UID: Final = re.compile(rb"APPENDUID \d+ (\d+)")
# Seconds of machine time within which Postfix has handed a mail to Dovecot.
_DELIVERED: Final = 15.0


class NoServers(LookupError):
    """There are no real servers here."""


def named() -> Path:
    """The folder of the servers that the environment names. Raises `NoServers`."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        what = f"no Postfix and Dovecot: `scripts/mail-servers start FOLDER`, {VARIABLE}=FOLDER"
        raise NoServers(what)
    return Path(folder)


def ports(folder: Path) -> dict[str, int]:
    """Where the servers listen: ``imap``, ``imaps``, ``lmtp``, ``smtp``, ``smtps``."""
    lines = (folder / "ports").read_text(encoding="ascii").split()
    return {name: int(port) for name, _, port in (line.partition("=") for line in lines)}


class MailServers(Provider):
    """A mailbox that nobody had before, and customers of its own. Use it in a ``with``.

    ``deliver`` appends by IMAP, so that the bytes and the time are as given; what we send goes all
    the way through Postfix.
    """

    def __init__(self, clock: Callable[[], datetime], folder: Path) -> None:
        name = uuid.uuid4().hex[:10]
        super().__init__(clock, f"support@{name}.example", _PASSWORD)
        self.customer_domain = f"customer-{name}.example"
        self._place, self.ports = folder, ports(folder)
        self.imap_front = Front(self.ports["imap"], ImapRelay)
        self.smtp_front = Front(self.ports["smtp"], SmtpRelay)
        self._open = ExitStack()
        self._clients: dict[str, imaplib.IMAP4] = {}
        self._sent: list[Sent] = []

    @property
    def imap_url(self) -> str:
        """What goes into ``imap``."""
        return f"imap://127.0.0.1:{self.imap_front.port}"

    @property
    def smtp_url(self) -> str:
        """What goes into ``smtp``."""
        return f"smtp://127.0.0.1:{self.smtp_front.port}"

    @property
    def ca_file(self) -> str:
        """The authority of the servers' certificate."""
        return str(self._place / "certificate.pem")

    @property
    def sent(self) -> tuple[Sent, ...]:
        """All mails that Postfix accepted, as they lie in the recipients' mailboxes."""
        for sender, recipients, text in self.smtp_front.passed.accepted[len(self._sent) :]:
            raw = self._arrived(recipients[0], text)
            self._sent.append(Sent(self.clock(), sender, recipients, raw))
        return tuple(self._sent)

    # --- mail ---

    def inbox(self, address: str) -> tuple[EmailMessage, ...]:
        """What lies in somebody's INBOX."""
        found = self._raw(address, "INBOX").values()
        return tuple(message_from_bytes(raw, policy=policy.default) for raw in found)

    def add_folder(self, name: str) -> None:
        """A folder beside INBOX."""
        self._client(self.address).create(f'"{name}"')

    def deliver(
        self, mail: bytes | EmailMessage, to: str | None = None, folder: str = "INBOX"
    ) -> int:
        """By IMAP, with the clock's time as that of its arrival."""
        client = self._client(to or self.address)
        when = imaplib.Time2Internaldate(self.clock())
        _, said = client.append(f'"{folder}"', "", when, as_bytes(mail))
        found = _UID.search(said[0])
        if found is None:
            raise AssertionError(f"Dovecot took no mail: {said}")
        return int(found[1])

    def folder(self, name: str = "INBOX") -> tuple[bytes, ...]:
        """The mails that lie in a folder now."""
        return tuple(self._raw(self.address, name).values())

    def flags(self, uid: int) -> frozenset[str]:
        """The flags of a mail in INBOX."""
        said = self._uid("FETCH", str(uid), "(FLAGS)")
        flags = imaplib.ParseFlags(said[0])
        return frozenset(flag.decode() for flag in flags) - {"\\Recent"}

    def flag(self, uid: int, flag: str) -> None:
        """Somebody else flags a mail in INBOX."""
        self._uid("STORE", str(uid), "+FLAGS", f"({flag})")

    def expunge(self, uid: int) -> None:
        """Somebody else removes a mail from INBOX."""
        self.flag(uid, "\\Deleted")
        self._uid("EXPUNGE", str(uid))

    # --- who is there ---

    @property
    def connections(self) -> int:
        """How many connections were ever made, IMAP and SMTP."""
        return self.imap_front.connections + self.smtp_front.connections

    @property
    def logins(self) -> int:
        """How often somebody has tried to sign in."""
        return self.imap_front.passed.logins + self.smtp_front.passed.logins

    @property
    def idling(self) -> int:
        """How many clients wait in IDLE now."""
        return len(self.imap_front.passed.waiting)

    # --- faults ---

    def hang_up(self) -> None:
        """Cut every connection, once."""
        self.imap_front.hang_up()
        self.smtp_front.hang_up()

    def refuse_password(self, refuse: bool = True) -> None:
        """Nobody gets in any more, or again: the servers get a wrong password to see."""
        for front in (self.imap_front, self.smtp_front):
            front.faults.refuse_password = refuse

    def drop_fetch_after(self, mails: int | None = None, *, bytes_: int | None = None) -> None:
        """Cut the IMAP connection, once: after so many mails were fetched, or within the next
        mail after so many bytes of it."""
        faults = self.imap_front.faults
        faults.mails_left, faults.bytes_left = mails, bytes_

    def smtp_reply(self, recipient: str, code: int | None, text: str = "said the front") -> None:
        """Answer RCPT for this recipient with ``code`` and ``text``; None ends that."""
        self.smtp_front.faults.recipients.pop(recipient.lower(), None)
        if code is not None:
            self.smtp_front.faults.recipients[recipient.lower()] = (code, text)

    def lose_reply_after_data(self, times: int = 1) -> None:
        """Postfix takes the next mails, and nobody hears that it did."""
        self.smtp_front.faults.lost_replies = times

    def delay(self, seconds: float) -> None:
        """Think for so long (machine time) before every answer."""
        self.imap_front.faults.delay = self.smtp_front.faults.delay = seconds

    # --- life ---

    def start(self) -> Self:
        """Let everybody in."""
        self.imap_front.start()
        self.smtp_front.start()
        return self

    def __enter__(self) -> Self:
        return self.start()

    def close(self) -> None:
        """Nobody answers any more; the mails stay."""
        self.imap_front.close()
        self.smtp_front.close()

    def __exit__(self, *exc: object) -> None:
        self._open.close()
        self.close()
        domain = self.address.rpartition("@")[2]
        for each in (domain, self.customer_domain):
            shutil.rmtree(self._place / "mail" / each, ignore_errors=True)

    # --- parts ---

    def _client(self, address: str) -> imaplib.IMAP4:
        """Past the front: what the tests look at is none of ours."""
        if address not in self._clients:
            client = imaplib.IMAP4("127.0.0.1", self.ports["imap"], 10)
            client.login(address, _PASSWORD)
            self._open.callback(_leave, client)
            self._clients[address] = client
        return self._clients[address]

    def _uid(self, command: str, *args: str) -> list[Any]:
        client = self._client(self.address)
        client.select("INBOX")
        return list(client.uid(command, *args)[1])

    def _raw(self, address: str, folder: str) -> dict[int, bytes]:
        client = self._client(address)
        client.select(f'"{folder}"', readonly=True)
        said = client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
        mails = [each[1] for each in said if isinstance(each, tuple)]
        return dict(enumerate(mails, 1))

    def _arrived(self, to: str, text: bytes) -> bytes:
        """The mail as it lies in the mailbox, once it does; what was there before is another."""
        until, bare = time.monotonic() + _DELIVERED, re.sub(r"\+[^@]*", "", to)
        taken = [mail.raw for mail in self._sent]
        while time.monotonic() < until:
            for raw in self._raw(bare, "INBOX").values():
                if raw.endswith(text) and raw not in taken:
                    return raw
            time.sleep(0.01)
        raise AssertionError(f"Postfix took a mail to {to}, and it never came")


def _leave(client: imaplib.IMAP4) -> None:
    with suppress(OSError, imaplib.IMAP4.error):
        client.logout()
