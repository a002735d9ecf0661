"""A mail provider on this machine: IMAP and SMTP over the same mailboxes, with faults on demand.

For the demo, the tests and integrators. Everything is stamped with policy time::

    with MailSimulator(clock.as_datetime) as mail:
        mail.write("pat@acme.example", "Mail server down", "Nothing goes out since 10:00.")
        config = EmailConfig(address=mail.address, imap=mail.imap_url, smtp=mail.smtp_url, ...)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

from upheld_email.simulator.imap import ImapServer
from upheld_email.simulator.provider import AUTHSERV_ID, Provider, as_bytes
from upheld_email.simulator.smtp import SmtpServer
from upheld_email.simulator.store import Account, Folder, Sent, Store

__all__ = ["AUTHSERV_ID", "MailSimulator", "Sent"]


class MailSimulator(Provider):
    """Our mailbox, and one for everybody who is written to. Use it in a ``with``.

    ``sent`` is all that was accepted by SMTP. Faults: `refuse_password`, `drop_fetch_after`,
    `smtp_reply`, `smtp_fails_at`, `greylist`, `lose_reply_after_data`, `bump_uidvalidity`,
    `no_idle`, `no_move`, `no_uidplus`, `mute_idle`, `say_bye`, `lose_reply_to`, `before`, `delay`.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        address: str = "support@magnolia.example",
        password: str = "open-sesame",  # noqa: S107  of a mailbox that lives in memory
    ) -> None:
        super().__init__(clock, address, password)
        self._store = Store(clock, password)
        self._imap, self._smtp = ImapServer(self._store), SmtpServer(self._store)
        self._store.account(address)

    @property
    def imap_url(self) -> str:
        """What goes into ``imap``."""
        return f"imap://127.0.0.1:{self._imap.port}"

    @property
    def smtp_url(self) -> str:
        """What goes into ``smtp``."""
        return f"smtp://127.0.0.1:{self._smtp.port}"

    @property
    def sent(self) -> tuple[Sent, ...]:
        """All mails that SMTP accepted, in order."""
        with self._store.lock:
            return tuple(self._store.sent)

    # --- mail ---

    def add_mailbox(self, address: str, password: str) -> None:
        """Somebody else's mailbox, with a password of its own."""
        self._store.account(address).password = password

    def inbox(self, address: str) -> tuple[EmailMessage, ...]:
        """What lies in somebody's INBOX; whoever is written to has one."""
        with self._store.lock:
            mails = list(self._store.account(address).folders["INBOX"].mails)
        return tuple(message_from_bytes(mail.raw, policy=policy.default) for mail in mails)

    def take_tokens(self, tokens: Iterable[str]) -> None:
        """Sign-in by XOAUTH2 is offered, and these access tokens are good now; none else is."""
        self._store.tokens = set(tokens)

    def add_folder(self, name: str) -> None:
        """A folder beside INBOX."""
        self._main.folders.setdefault(name, Folder())

    def deliver(
        self, mail: bytes | EmailMessage, to: str | None = None, folder: str = "INBOX"
    ) -> int:
        """Put a mail into a mailbox, byte by byte as it is; returns its UID."""
        return self._store.deliver(as_bytes(mail), to or self.address, folder)

    def folder(self, name: str = "INBOX") -> tuple[bytes, ...]:
        """The mails that lie in a folder now."""
        with self._store.lock:
            return tuple(mail.raw for mail in self._main.folders[name].mails)

    def flags(self, uid: int) -> frozenset[str]:
        """The flags of a mail in INBOX."""
        with self._store.lock:
            return frozenset(self._main.folders["INBOX"].find({uid})[0].flags)

    def flag(self, uid: int, flag: str) -> None:
        """Somebody else flags a mail in INBOX."""
        with self._store.lock:
            self._main.folders["INBOX"].find({uid})[0].flags.add(flag)

    def expunge(self, uid: int) -> None:
        """Somebody else removes a mail from INBOX."""
        with self._store.lock:
            self._main.folders["INBOX"].remove({uid})

    # --- who is there ---

    @property
    def connections(self) -> int:
        """How many connections were ever made, IMAP and SMTP."""
        return self._imap.connections + self._smtp.connections

    @property
    def logins(self) -> int:
        """How often somebody has tried to sign in."""
        return self._store.logins

    @property
    def idling(self) -> int:
        """How many clients wait in IDLE now."""
        return self._store.idling

    # --- faults ---

    def hang_up(self) -> None:
        """Cut every connection, once."""
        self._imap.hang_up()
        self._smtp.hang_up()

    def refuse_password(self, refuse: bool = True) -> None:
        """Nobody gets in any more, or again."""
        self._store.faults.refuse_password = refuse

    def drop_fetch_after(self, mails: int | None = None, *, bytes_: int | None = None) -> None:
        """Cut the IMAP connection, once: after so many mails were fetched, or within the next
        mail after so many bytes of it."""
        self._store.faults.fetches_left, self._store.faults.bytes_left = mails, bytes_

    def smtp_reply(
        self, recipient: str, code: int | None, text: str = "said the simulator"
    ) -> None:
        """Answer RCPT for this recipient with ``code`` and ``text``; None ends that."""
        self._store.faults.recipients.pop(recipient.lower(), None)
        if code is not None:
            self._store.faults.recipients[recipient.lower()] = (code, text)

    def lose_reply_after_data(self, times: int = 1) -> None:
        """Take the next mails, and hang up instead of saying so."""
        self._store.faults.lost_replies = times

    def smtp_fails_at(self, stage: str, *codes: int, text: str = "said the simulator") -> None:
        """Answer the next commands of a stage (``CONNECT``, ``EHLO``, ``AUTH``, ``MAIL``, ``RCPT``,
        ``DATA``, and ``.`` after the text) with these codes; 421 hangs up, too."""
        self._store.faults.stages[stage] = deque((code, text) for code in codes)

    def greylist(self, on: bool = True) -> None:
        """Refuse (450) every recipient the first time that a sender writes to it."""
        self._store.faults.greylisting = on

    def mute_idle(self, mute: bool = True) -> None:
        """Whoever is in IDLE hears nothing any more, not even an answer to DONE."""
        self._store.faults.mute_idle = mute

    def say_bye(self, times: int = 1) -> None:
        """Say goodbye to the next clients that are in IDLE."""
        self._store.faults.byes = times

    def lose_reply_to(self, command: str) -> None:
        """Do the next such IMAP command (``UID MOVE``), and hang up instead of saying so."""
        self._store.faults.lost_answers.add(command)

    def refuse(self, command: str, *words: str) -> None:
        """Say NO to the next such IMAP commands, one for each of these words; an empty one is done."""
        self._store.faults.refused[command] = deque(words)

    def before(self, command: str, happens: Callable[[], object]) -> None:
        """Let something happen just before the next such IMAP command is done: somebody else is
        quicker."""
        self._store.faults.before[command] = happens

    def bump_uidvalidity(self) -> None:
        """Every UID of INBOX means something else now."""
        with self._store.lock:
            self._main.folders["INBOX"].renumber()

    def no_idle(self, missing: bool = True) -> None:
        """The server does not know IDLE."""
        self._store.faults.no_idle = missing

    def no_move(self, missing: bool = True) -> None:
        """The server does not know MOVE."""
        self._store.faults.no_move = missing

    def no_uidplus(self, missing: bool = True) -> None:
        """The server can't expunge some mails alone."""
        self._store.faults.no_uidplus = missing

    def delay(self, seconds: float) -> None:
        """Think for so long (machine time) before every reply."""
        self._store.faults.delay = seconds

    # --- life ---

    def start(self) -> Self:
        """Listen on free ports of 127.0.0.1."""
        self._imap.start()
        self._smtp.start()
        return self

    def close(self) -> None:
        """Hang up on everybody; the mails stay."""
        self._imap.close()
        self._smtp.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def _main(self) -> Account:
        return self._store.accounts[self.address.lower()]
