"""The IMAP side: opens the mailbox, reads it, and says in our words what went wrong."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from imap_tools.errors import ImapToolsError, MailboxFolderSelectError
from imap_tools.mailbox import BaseMailBox
from imap_tools.utils import encode_folder

from upheld.plugin import Auth, Misconfigured, PluginError, Retry
from upheld_email.answers import Envelope, envelopes, mails, number
from upheld_email.config import EmailConfig, Endpoint, endpoint
from upheld_email.idle import Idle
from upheld_email.line import connected, trusted, untrusted
from upheld_email.oauth import OAuth

# RFC 2177: IDLE again at least every 29 minutes; NAT gateways forget a silent connection much sooner.
_RENEW: Final = 9 * 60.0
# UIDs that are asked for at a time: their answer is one line, and imaplib takes a million bytes.
# The first is short: a page needs few, and what is found is kept for those that follow.
_STRETCH: Final = 1_000
_LONGEST: Final = 80_000
#: From where it was searched, what was found, and up to where.
_NONE: Final[tuple[int, list[int], int]] = (0, [], 0)
# As SEARCH writes them, whatever the locale (RFC 9051 §9, date-month).
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_BUSY: Final = re.compile(r"(?i)\[(unavailable|throttled|inuse|limit|serverbug|contactadmin)\]")
#: The same of one command: a server's own fault (RFC 5530) may be one mail's.
_ALL_BUSY: Final = re.compile(r"(?i)\[(unavailable|throttled|inuse|limit)\]")


@dataclass(frozen=True, slots=True)
class Selected:
    """A folder as it was when it was opened. ``next_uid`` is 0 where the server doesn't say."""

    validity: int
    next_uid: int
    exists: int


class Dropped(Retry):
    """The connection broke; ``got`` are the mails that had come by then."""

    def __init__(self, what: str, got: dict[int, bytes]) -> None:
        super().__init__(what, "nothing to do: it is opened again")
        self.got = got


class Declined(Retry):
    """The server answers, and does not do what it is asked."""


class Mailbox:
    """One IMAP connection, opened when first needed, kept, and opened again after an error."""

    def __init__(self, config: EmailConfig, oauth: OAuth | None = None) -> None:
        self._config, self._where, self._oauth = config, endpoint(config.imap), oauth
        self._box: _Box | None = None
        self._selected: Selected | None = None
        self._stretch = _NONE
        self._copied: set[tuple[int, int]] = set()  # by UIDVALIDITY and UID, and not yet marked

    def select(self, folder: str, *, readonly: bool) -> Selected:
        """Open a folder. A kept connection that died in the meantime is replaced, once."""
        kept = self._box is not None
        try:
            return self._select(folder, readonly=readonly)
        except Dropped:
            if not kept:
                raise
            return self._select(folder, readonly=readonly)

    def lasts(self, opened: Selected) -> bool:
        """Whether this folder is the one that is open, and still is: then its ``validity`` can't change,
        and there is no need to open it anew, for which a server reads all that is known of it."""
        if self._selected is not opened:
            return False
        with suppress(Dropped), self._said():
            return self._open().client.noop()[0] == "OK"
        return False

    def has_folder(self, folder: str) -> bool:
        """Whether there is a folder of this name."""
        with self._said():
            return bool(self._open().folder.exists(folder))

    def uids_after(self, uid: int, next_uid: int) -> tuple[list[int], int]:
        """The UIDs above ``uid``, in order, and the UID up to which those are all of them.

        A large folder is searched in stretches, until one has any; that one is asked for once,
        so that some may be gone by then. Where ``next_uid`` is not known (0), all of it is
        searched. (`n:*` always names the last mail too: RFC 9051 §9.)
        """
        since, found, upto = self._stretch
        ahead = [each for each in found if each > uid] if since <= uid else []
        if not ahead:
            ahead, upto = self._searched(uid, next_uid)
            self._stretch = (uid, ahead, upto)
        return ahead, upto

    def uids_up_to(self, uid: int) -> list[int]:
        """The UIDs up to ``uid``, in order, without mail that is marked as deleted."""
        return self._search(1, f"{uid} UNDELETED")

    def has(self, uid: int) -> bool:
        """Whether this mail is still there."""
        return bool(self._search(uid, str(uid)))

    def envelopes(self, uids: Sequence[int]) -> list[Envelope]:
        """Size and date of each mail that is still there."""
        return envelopes(self._uid("FETCH", _set(uids), "(UID RFC822.SIZE INTERNALDATE)"))

    def mails(self, uids: Sequence[int], limit: int | None = None) -> dict[int, bytes]:
        """The mails by UID (their first ``limit`` bytes); `Dropped` says what had come by then."""
        part = "BODY.PEEK[]" if limit is None else f"BODY.PEEK[]<0.{limit}>"
        try:
            return mails(self._uid("FETCH", _set(uids), f"(UID {part})"))
        except Dropped as dropped:
            raise Dropped(dropped.what, mails(self._left)) from dropped

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails (RFC 6851); without MOVE, copy, mark and expunge just these.

        What is copied and can't be marked is not copied again, as long as the program runs."""
        if not uids:
            return
        target = encode_folder(folder)
        if "MOVE" in self._open().client.capabilities:
            self._uid("MOVE", _set(uids), target)
            return
        validity = self._selected.validity if self._selected else 0
        names = {(validity, uid) for uid in uids}
        if fresh := sorted(uid for _, uid in names - self._copied):
            self._uid("COPY", _set(fresh), target)
        self._copied |= names
        self._uid("STORE", _set(uids), "+FLAGS.SILENT", r"(\Deleted)")
        self._copied -= names
        if "UIDPLUS" in self._open().client.capabilities:
            self._uid("EXPUNGE", _set(uids))

    def append(self, folder: str, mail: bytes, at: datetime) -> None:
        """File a mail that has been read; `Declined` where the server does not take it."""
        with self._said(folder):
            date = imaplib.Time2Internaldate(at)
            kind, said = self._open().client.append(
                bytes(encode_folder(folder)).decode("ascii"), r"(\Seen)", date, mail
            )
        if kind != "OK":
            what = f"{self._where} takes no copy into {folder!r}: {str(said)[:200]}"
            raise Declined(what, "make the folder, or correct `sent`")

    def uids_since(self, day: date) -> list[int]:
        """The UIDs of what came on this day of the server's or later, in order."""
        month = _MONTHS[3 * day.month - 3 : 3 * day.month]
        return self._search(1, f"* SINCE {day.day}-{month}-{day.year}")

    def message_ids(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The Message-ID header of each mail, as it is written there."""
        wanted = "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
        return mails(self._uid("FETCH", _set(uids), wanted))

    def idles(self) -> bool:
        """Whether the server knows IDLE."""
        with self._said():
            return "IDLE" in self._open().client.capabilities

    def idle(self, exists: int, seconds: float, enough: threading.Event) -> bool:
        """Wait until there are more than ``exists`` mails (True), or until it is ``enough``."""
        until = time.monotonic() + min(seconds, _RENEW)
        with self._said():
            return Idle(self._open().client, self._config.timeout).wait(exists, until, enough)

    def close(self) -> None:
        """Log out, and let go in any case."""
        box, self._box, self._selected, self._stretch = self._box, None, None, _NONE
        if box is None:
            return
        errors = (OSError, imaplib.IMAP4.error, ImapToolsError)
        with suppress(*errors):
            box.client.sock.settimeout(1)
            box.logout()
        with suppress(*errors):
            box.client.shutdown()

    # --- under the hood ---

    def _select(self, folder: str, *, readonly: bool) -> Selected:
        with self._said(folder):
            box = self._open()
            said = box.folder.set(folder, readonly)
            codes = box.client.untagged_responses
            validity, next_uid = (number(codes.get(each)) for each in ("UIDVALIDITY", "UIDNEXT"))
            self._selected = Selected(validity, next_uid, number(said[1]))
            self._stretch = _NONE
            return self._selected

    def _searched(self, uid: int, next_uid: int) -> tuple[list[int], int]:
        if not next_uid:
            found = self._search(uid + 1, "*")
            return found, max([uid, *found])
        found, stretch = [], _STRETCH
        while not found and uid + 1 < next_uid:
            upto = min(uid + stretch, next_uid - 1)
            found, stretch = self._search(uid + 1, str(upto)), min(2 * stretch, _LONGEST)
            uid = upto
        return found, uid

    def _search(self, first: int, rest: str) -> list[int]:
        with self._said():
            found = map(int, self._open().uids(f"UID {first}:{rest}", charset=None))
            return sorted(uid for uid in found if uid >= first)

    def _uid(self, command: str, *args: str | bytes) -> list[Any]:
        """A UID command's answers. What had come when it broke is kept in ``_left``."""
        self._left: list[Any] = []
        with self._said():
            client = self._open().client
            try:
                kind, answers = client.uid(command, *args)  # type: ignore[arg-type]  # bytes go too
            except (OSError, imaplib.IMAP4.abort):
                self._left = list(client.untagged_responses.get("FETCH", []))
                raise
            except imaplib.IMAP4.error as error:  # BAD
                kind, answers = "BAD", [str(error).encode()]
        if kind != "OK":
            what = f"{self._where} refuses {command}: {str(answers)[:200]}"
            raise (Retry if _ALL_BUSY.search(what) else Declined)(
                what, "nothing to do: it is tried again"
            )
        return list(answers)

    def _open(self) -> _Box:
        if self._box is None:
            box = _Box(self._where, self._config)
            try:
                self._sign_in(box)
            except BaseException:
                with suppress(OSError):
                    box.client.shutdown()
                raise
            self._box = box
        return self._box

    def _sign_in(self, box: _Box) -> None:
        user, password = self._config.login, self._config.secret
        try:
            if self._oauth is not None:
                self._by_token(box, self._oauth)
            elif (user + password).isascii():
                box.login(user, password, initial_folder=None)
            else:
                box.login_utf8(user, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (ImapToolsError, imaplib.IMAP4.error) as error:
            raise self._not_let_in(str(error)) from None
        # Many servers tell of MOVE, UIDPLUS and IDLE only those who have signed in.
        offered = box.client.capability()[1]
        box.client.capabilities = tuple(str(offered[-1] or b"", "ascii").upper().split())

    def _by_token(self, box: _Box, oauth: OAuth) -> None:
        said = ""

        def attempt(answer: str) -> bool:
            nonlocal said
            try:
                # Refused, the server says why in a challenge of its own: to that goes an empty line.
                box.client.authenticate("XOAUTH2", lambda why: b"" if why else answer.encode())
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                said = str(error)
                return False
            return True

        if not oauth.sign_in(attempt):
            raise self._not_let_in(said)

    def _not_let_in(self, said: str) -> PluginError:
        if _BUSY.search(said):
            return Retry(f"{self._where} lets nobody in just now", after=timedelta(minutes=1))
        return Auth(f"{self._where} refuses {self._config.way_in}", self._config.way_out)

    @contextmanager
    def _said(self, folder: str = "") -> Iterator[None]:
        """Foreign errors in our words; after any of them the connection is opened anew."""
        try:
            yield
        except PluginError:
            self.close()
            raise
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise untrusted(self._where, error) from error
        except MailboxFolderSelectError as error:
            what = f"{self._where} has no folder {folder!r} for {self._config.login}"
            raise Misconfigured(what, "set `folder` to one that is there") from error
        except imaplib.IMAP4.readonly as error:
            self.close()
            what = f"{self._where}: folder {folder!r} may be read, but not written to"
            raise Misconfigured(what, "leave out `processed`, or have the rights set") from error
        except (OSError, imaplib.IMAP4.error, ImapToolsError, EOFError, ValueError) as error:
            self.close()
            kind = type(error).__name__
            raise Dropped(f"{self._where}: the connection broke ({kind})", {}) from error


class _Box(BaseMailBox):
    """imap-tools over a connection that is closed where opening it fails half-way."""

    def __init__(self, where: Endpoint, config: EmailConfig) -> None:
        self._where, self._config = where, config
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        where, timeout = self._where, self._config.timeout
        if where.security == "plain":
            return _Line(where, timeout)
        context = trusted(self._config.ca_file)
        if where.security == "tls":
            return _Line(where, timeout, context)
        client = _Line(where, timeout)
        _protect(client, where, context)
        return client


class _Line(imaplib.IMAP4):
    """imaplib over a line of ours; with a ``context`` it is encrypted from its first byte."""

    def __init__(
        self, where: Endpoint, timeout: float, context: ssl.SSLContext | None = None
    ) -> None:
        self._context = context
        super().__init__(where.host, where.port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        opened = connected(self.host, self.port, timeout or 0)
        if self._context is None:
            return opened
        return self._context.wrap_socket(opened, server_hostname=self.host)


def _protect(client: imaplib.IMAP4, where: Endpoint, context: ssl.SSLContext) -> None:
    try:
        if "STARTTLS" not in client.capabilities:
            what = f"{where} does not offer STARTTLS: the password was not sent"
            raise Misconfigured(what, "use imaps://, or ask who runs the server")
        client.starttls(context)
    except BaseException:
        with suppress(OSError):
            client.shutdown()
        raise


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))
