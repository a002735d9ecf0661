"""The notifier that is also a conversation: reads a mailbox, sends from its address."""

from __future__ import annotations

import dataclasses
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import datetime
from email.message import EmailMessage
from functools import cached_property
from typing import ClassVar, Final

from upheld.plugin import (
    Ability,
    Address,
    Channel,
    Context,
    Delivery,
    Finding,
    Inbound,
    Level,
    Lookup,
    Message,
    Nature,
    Notifier,
    Outgoing,
    Page,
    PluginError,
    Receipt,
    Refused,
    Retry,
)
from upheld_email.answers import Envelope, groups
from upheld_email.classify import Around
from upheld_email.client import Dropped, Mailbox, Selected
from upheld_email.config import EmailConfig
from upheld_email.fetching import Fetching
from upheld_email.letter import Writer, wire_address
from upheld_email.mapping import Reader, unread_id
from upheld_email.oauth import OAuth
from upheld_email.reports import receipt
from upheld_email.sent import SentFolder
from upheld_email.submission import Submission
from upheld_email.threads import Tokens, digest

_KEY: Final = "thread-key"
# Fetched in one command, and held in memory as one page; a bigger mail makes a page of its own.
_GROUP: Final = 4_000_000
_PAGE: Final = 32_000_000
# Seconds of machine time: a slow line gives a short page, and no call that seems to hang.
_LONGEST: Final = 30.0
# Mails that one pull puts away at most: a longer command is too long for some servers, or takes too long.
_AWAY: Final = 500


@dataclasses.dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder was read. Another ``validity`` makes every UID mean something else."""

    folder: str
    validity: int
    uid: int

    def __str__(self) -> str:
        return json.dumps([self.folder, self.validity, self.uid])

    @classmethod
    def parse(cls, text: str | None) -> Cursor | None:
        """None for what is no cursor of ours: then the folder is read from its start."""
        try:
            folder, validity, uid = json.loads(text or "")
            return cls(str(folder), int(validity), int(uid))
        except (ValueError, TypeError, OverflowError):
            return None


class Email(Notifier[EmailConfig]):
    """One mailbox. Reading and sending have a connection each, opened when first needed."""

    name = "email"
    conformance = "upheld_email.conformance"
    simulator = "upheld_email.simulator:MailSimulator"
    Config = EmailConfig
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.MAIL})
    abilities: ClassVar[frozenset[Ability]] = frozenset(
        {Ability.PULL, Ability.WAIT, Ability.SAME_ID, Ability.FIND, Ability.RECEIPTS}
    )

    def __init__(self, config: EmailConfig, context: Context) -> None:
        super().__init__(config, context)
        oauth = OAuth(config.oauth, context, config.login) if config.oauth else None
        self._mailbox, self._submission = Mailbox(config, oauth), Submission(config, oauth)
        self._oauth = oauth
        self._reading, self._sending = threading.Lock(), threading.Lock()
        self._enough = threading.Event()  # a wait that runs is to end
        self._read_to: tuple[int, int] | None = None  # UIDVALIDITY, and the first UID not yet read
        self._opened: tuple[Selected, datetime] | None = None  # while there is more in it to read
        self._fetching = Fetching(self._mailbox, config)
        self._put_away_failed, self._away = False, _AWAY
        self._sent = SentFolder(config, config.sent, oauth) if config.sent is not None else None
        self._unfiled: str | None = None

    def check(self) -> Iterable[Finding]:
        """Signs in on both sides, opens the folder, asks whether plus-addresses are taken."""
        return tuple(self._findings())

    def pull(self, cursor: str | None) -> Page:
        """One page of mail. Where the connection breaks, what had come by then is the page.

        A call with a cursor means that all up to it is on record: only then is it put away.
        """
        self._enough.set()
        with self._reading:
            self._enough.clear()
            return self._pull(Cursor.parse(cursor))

    def wait(self, seconds: float) -> bool:
        """IDLE, or (where the server has none) just the time; ends early on `pull` and `close`."""
        until = time.monotonic() + seconds
        with self._reading:
            while (left := until - time.monotonic()) > 0 and not self._enough.is_set():
                if self._news(left):
                    return True
        return False

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        """Hand it to the SMTP server. ``accepted`` is all that SMTP says; a bounce comes as mail."""
        at = self.context.now()
        mail = self._writer.compose(message, to, key, at)
        sender = self._writer.envelope_sender(message, key)
        with self._sending:
            said = self._submission.send(mail, sender, wire_address(to.value))
            self._file(mail, at)
        handle = self._writer.message_id(message, key)
        return Receipt(key, handle, Delivery.ACCEPTED, at, detail=said)

    def reread(self, raw: bytes, at: datetime) -> Message | Refused:
        """By what is configured now."""
        return self._reader.read(raw, at)

    def find(self, key: str, to: Address, since: datetime) -> Lookup[Receipt]:
        """Its copy in the folder `sent`, by Message-ID. That there is none proves something only where
        the server files by itself: we file after it has said that it took the mail."""
        if self._sent is None:
            return Lookup(None, conclusive=False)
        with self._sending:
            handle = self._sent.find(digest(key, self.context.site), since)
        if handle is None:
            return Lookup(None, conclusive=not self.config.files_sent)
        detail = f"its copy lies in {self.config.sent}"
        found = Receipt(key, handle, Delivery.ACCEPTED, self.context.now(), detail=detail)
        return Lookup(found, conclusive=True)

    def close(self) -> None:
        """Log out on both sides. A wait that runs ends within a moment."""
        self._enough.set()
        with self._reading:
            self._mailbox.close()
        with self._sending:
            self._submission.close()
            if self._sent is not None:
                self._sent.close()

    def _file(self, mail: EmailMessage, at: datetime) -> None:
        """The mail is on its way: whatever becomes of its copy, that stands. It is told once."""
        if self._sent is None or not self.config.files_sent:
            return
        failed = self._sent.put(mail, at)
        if failed is not None and self._unfiled is None:
            self.context.log.warning("not_filed", folder=self.config.sent, error=failed)
        self._unfiled = failed

    # --- reading ---

    def _pull(self, last: Cursor | None) -> Page:
        folder, now = self._folder()
        start = self._start(last, folder)
        if not self._put_away(start):
            folder, now = self._folder()
            start = self._start(last, folder)
        uids, upto = self._mailbox.uids_after(start.uid, folder.next_uid)
        items, done, as_of = self._items(uids, folder.validity, now)
        whole = not uids or done >= uids[-1]
        end = dataclasses.replace(start, uid=upto if whole else done or start.uid)
        more = end.uid < max(upto, folder.next_uid - 1)
        self._read_to = (folder.validity, end.uid + 1 if more else folder.next_uid)
        self._opened = (folder, now) if more else None
        return Page(tuple(items), str(end), more, as_of if more else now)

    def _folder(self) -> tuple[Selected, datetime]:
        """The folder, and when it was opened: once for all pages of what was in it then."""
        kept, self._opened = self._opened, None
        if kept is not None and self._mailbox.lasts(kept[0]):
            return kept
        now, readonly = self.context.now(), self.config.processed is None
        return self._mailbox.select(self.config.folder, readonly=readonly), now

    def _start(self, last: Cursor | None, folder: Selected) -> Cursor:
        """Where to go on: after a new UIDVALIDITY from the start; the core knows what it has."""
        start = Cursor(self.config.folder, folder.validity, 0)
        if last is None:
            return start
        if (last.folder, last.validity) == (start.folder, start.validity):
            return last
        self.context.log.warning("mailbox_renumbered", folder=start.folder, was=last.validity)
        return start

    def _put_away(self, start: Cursor) -> bool:
        """What does not work here must not keep anybody from being heard: it is told once.

        Whether the folder is still open. If not, the next time it is tried with fewer: the server may
        have copied them all, and have said so too late."""
        if self.config.processed is None or not start.uid:
            return True
        try:
            these = self._mailbox.uids_up_to(start.uid)[: self._away]
            self._mailbox.move(these, self.config.processed)
        except Retry as error:
            if not self._put_away_failed:
                self.context.log.warning("not_put_away", error=str(error))
            self._put_away_failed, dropped = True, isinstance(error, Dropped)
            self._away = max(1, self._away // 2) if dropped else self._away
            return not dropped
        self._put_away_failed, self._away = False, min(2 * self._away, _AWAY)
        return True

    def _items(
        self, uids: list[int], validity: int, now: datetime
    ) -> tuple[list[Inbound], int, datetime]:
        """What the first of these mails are, the last UID that was read, and when that one came."""
        items: list[Inbound] = []
        done, until = 0, time.monotonic() + _LONGEST
        envelopes, last = self._fetching.envelopes(uids, validity)
        as_of = min(envelopes[0].at or now, now) if envelopes else now
        taken = next(groups(envelopes, _PAGE, _PAGE), [])
        last = taken[-1].uid if len(taken) < len(envelopes) else last
        try:
            for group in groups(taken, _GROUP, self.config.max_bytes):
                if items and time.monotonic() > until:
                    return items, done, as_of
                for envelope, data in self._fetching.mails(group, validity):
                    items += self._read(data, envelope, now)
                    done, as_of = envelope.uid, min(envelope.at or now, now)
        except Retry:
            if not items:
                raise
            return items, done, as_of
        return items, last, as_of

    def _read(self, data: bytes | Refused, envelope: Envelope, now: datetime) -> Iterator[Inbound]:
        """The mail as an item; a bounce is what became of a mail of ours, too."""
        item = data if isinstance(data, Refused) else self._item(data, envelope, now)
        yield item
        if isinstance(item, Message) and item.nature is Nature.BOUNCE:
            ended = receipt(item, self._tokens)
            if ended is not None:
                yield ended

    def _item(self, data: bytes, envelope: Envelope, now: datetime) -> Message | Refused:
        if envelope.size > self.config.max_bytes:
            reason = f"it has {envelope.size} bytes, and {self.config.max_bytes} are taken"
            return Refused(unread_id(data), reason, data)
        return self._reader.read(data, envelope.at or now)

    def _news(self, seconds: float) -> bool:
        folder = self._mailbox.select(self.config.folder, readonly=True)
        if self._read_to is None:
            self._read_to = (folder.validity, folder.next_uid)
        if folder.validity != self._read_to[0] or folder.next_uid > self._read_to[1]:
            return True
        if self._mailbox.idles():
            return self._mailbox.idle(folder.exists, seconds, self._enough)
        self._enough.wait(seconds)
        return False

    # --- what both sides need ---

    @cached_property
    def _tokens(self) -> Tokens:
        vault = self.context.vault
        key = vault.get(_KEY) or vault.setdefault(_KEY, secrets.token_hex(32))
        return Tokens(bytes.fromhex(key), self.config.address)

    @cached_property
    def _reader(self) -> Reader:
        config = self.config
        return Reader(
            tokens=self._tokens,
            around=self._around,
            machines=_lower(config.machines),
            authserv_id=config.authserv_id,
            microsoft=config.microsoft_results,
            max_parts=config.max_parts,
            max_depth=config.max_depth,
        )

    @property
    def _around(self) -> Around:
        return Around(
            self.config.ours,
            self.context.site,
            _lower(self.config.lists),
            _lower(self.config.forwarded_from),
        )

    @cached_property
    def _writer(self) -> Writer:
        config = self.config
        return Writer(
            tokens=self._tokens,
            site=self.context.site,
            name=config.sender_name,
            plus=config.plus_addresses,
            null_sender=config.null_sender,
        )

    # --- check ---

    def _findings(self) -> Iterator[Finding]:
        yield from self._tried(self._reading_works)
        yield from self._tried(self._sending_works)
        if self.config.authserv_id is None and not self.config.microsoft_results:
            what = "`authserv_id` is not set: no sender is proven, so nobody works a case by mail"
            then = "set it to the name that your server writes first in Authentication-Results"
            yield Finding(Level.WARNING, self.context.name, what, then)

    def _tried(self, part: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
        try:
            yield from part()
        except PluginError as error:
            yield Finding(Level.ERROR, self.context.name, error.what, error.do_next)

    def _reading_works(self) -> Iterator[Finding]:
        name, config = self.context.name, self.config
        with closing(Mailbox(config, self._oauth)) as mailbox:
            found = mailbox.select(config.folder, readonly=True)
            yield Finding(Level.OK, name, f"IMAP: {config.folder} holds {found.exists} mails")
            if config.processed is not None and not mailbox.has_folder(config.processed):
                what = f"IMAP: there is no folder {config.processed!r} for what is processed"
                yield Finding(Level.ERROR, name, what, "make it, or correct `processed`")
            if config.sent is not None and not mailbox.has_folder(config.sent):
                what = f"IMAP: there is no folder {config.sent!r} for what is sent"
                yield Finding(Level.ERROR, name, what, "make it, or correct `sent`")
            if not mailbox.idles():
                what = "IMAP: the server has no IDLE; the mailbox is looked at now and then"
                yield Finding(Level.WARNING, name, what)

    def _sending_works(self) -> Iterator[Finding]:
        name, config = self.context.name, self.config
        with closing(Submission(config, self._oauth)) as submission:
            against = submission.takes(config.address, config.address)
            yield Finding(Level.OK, name, "SMTP: signed in; no mail was sent")
            if against is not None:
                what = f"SMTP: {against}"
                yield Finding(Level.ERROR, name, what, "correct `address`")
            else:
                yield from self._special_addresses(submission)

    def _special_addresses(self, submission: Submission) -> Iterator[Finding]:
        name, config, plus = self.context.name, self.config, self._tokens.plus_address("check")
        if config.plus_addresses and submission.takes(config.address, plus):
            what = "SMTP: the server refuses mail to a plus-address of this mailbox"
            yield Finding(Level.ERROR, name, what, "set `plus_addresses: false`")
        if config.null_sender and submission.takes("", config.address):
            what = "SMTP: the server refuses mail with an empty envelope sender"
            yield Finding(Level.ERROR, name, what, "set `null_sender: false`")


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
