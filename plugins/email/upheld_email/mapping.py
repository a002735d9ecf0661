"""Mail as messages, and messages as mail. Pure: bytes in, records out, and back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from upheld.plugin import (
    Actor,
    Address,
    Channel,
    Message,
    Nature,
    Refused,
)
from upheld_email.away import says_away
from upheld_email.body import attachments, depth_and_parts, words
from upheld_email.classify import Around, nature, verified
from upheld_email.headers import (
    Mime,
    first,
    message_ids,
    parsed,
    raw,
    recipients,
    sole_address,
    text,
)
from upheld_email.reports import RECIPIENTS, returned_ids
from upheld_email.threads import Tokens, subject_tokens

_TOKENS: Final = 50
_CONTAINER: Final = re.compile(rb"(?i)\ncontent-type:[ \t]*(?:multipart|message)/")


@dataclass(frozen=True, slots=True)
class Reader:
    """All that reading a mail depends on. ``machines``: in lower case, whose automatic mail is wanted."""

    tokens: Tokens = field(repr=False)
    around: Around
    machines: frozenset[str] = frozenset()
    authserv_id: str | None = None
    microsoft: bool = False
    max_parts: int = 200
    max_depth: int = 20

    def read(self, data: bytes, at: datetime) -> Message | Refused:
        """The message in ``data``, which reached us at ``at``; `Refused` where it can't be taken.

        ``at`` is when our server got it. The Date header is the sender's claim, and a promise
        does not run from what a customer's clock says.
        """
        try:
            return self._read(data, at)
        except Exception as error:  # noqa: BLE001  no mail, however broken, may stop the mailbox
            return Refused(unread_id(data), f"it can't be read ({type(error).__name__})", data)

    def _read(self, data: bytes, at: datetime) -> Message | Refused:
        if len(_CONTAINER.findall(data)) > self.max_parts:
            return Refused(unread_id(data), f"it has more than {self.max_parts} parts", data)
        mime = parsed(data)
        sender = _sender(mime)
        wrong = self._too_much(mime) or (sender if isinstance(sender, str) else None)
        if wrong is not None or isinstance(sender, str):
            # Not its Message-ID: a mail that can be taken may come under the same.
            return Refused(unread_id(data), wrong or "", data)
        return self._message(mime, sender, at, data)

    def _too_much(self, mime: Mime) -> str | None:
        depth, parts = depth_and_parts(mime)
        if parts > self.max_parts:
            return f"it has {parts} parts, and {self.max_parts} are taken"
        return f"it is nested {depth} deep" if depth > self.max_depth else None

    def _message(self, mime: Mime, sender: Actor, at: datetime, data: bytes) -> Message:
        said = words(mime, self.around.ours)
        name, subject = message_id(mime, data), text(first(mime, "Subject"))
        return Message(
            id=name,
            at=at,
            by=sender,
            verified=verified(mime, sender.id, self.authserv_id, microsoft=self.microsoft),
            nature=self._nature(mime, name, sender.id, subject),
            to=tuple(Address(Channel.MAIL, each) for each in recipients(mime, ("To", "Cc"))),
            thread=tuple(dict.fromkeys(self._thread(mime, subject)))[:_TOKENS],
            subject=subject,
            text=said.text,
            html=said.html,
            fresh=said.fresh,
            attachments=tuple(attachments(mime)),
            raw=data,
            digest=_digest(mime, data),
            expected=sender.id in self.machines,
        )

    def _nature(self, mime: Mime, name: str, sender: str, subject: str) -> Nature:
        """A forwarder may change the sender and drop ``X-Loop``: our own id says it still. Who answers
        us that they are away is a machine, though some say it in the subject alone."""
        if self.tokens.thread_in_id(name) is not None:
            return Nature.OURS
        found = nature(mime, sender, self.around)
        away = found is Nature.NORMAL and says_away(subject)
        return Nature.AUTOMATIC if away and self._answers_us(mime) else found

    def _answers_us(self, mime: Mime) -> bool:
        answered = message_ids([*raw(mime, "In-Reply-To"), *raw(mime, "References")])
        to = recipients(mime, RECIPIENTS)
        return any(self.tokens.thread_in_id(each) for each in answered) or any(
            self.tokens.thread_in_address(each) for each in to
        )

    def _thread(self, mime: Mime, subject: str) -> Iterator[str]:
        """Surest first: ids of ours, signed threads, other ids, the subject's token."""
        answered = [*message_ids(raw(mime, "In-Reply-To")), *_newest_first(mime)]
        proven = {each: self.tokens.thread_in_id(each) for each in [*answered, *returned_ids(mime)]}
        yield from (each for each, thread in proven.items() if thread)
        yield from (f"token:{thread}" for thread in proven.values() if thread)
        for address in recipients(mime, RECIPIENTS):
            thread = self.tokens.thread_in_address(address)
            if thread is not None:
                yield f"token:{thread}"
        yield from proven
        yield from subject_tokens(subject)


def message_id(mime: Mime, data: bytes) -> str:
    """The Message-ID in its brackets; where there is none, a hash of all of the mail."""
    found = next(message_ids(raw(mime, "Message-ID")), None)
    return found or unread_id(data)


def unread_id(data: bytes) -> str:
    """An id for what names none, or could not even be parsed: the hash of it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _digest(mime: Mime, data: bytes) -> str:
    """Tells two mails with one Message-ID apart; the way they came (Received) makes no difference."""
    _, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    head = f"{first(mime, 'Date')}\n{first(mime, 'Subject')}\n".encode("utf-8", "replace")
    return hashlib.sha256(head + body).hexdigest()[:16]


def _sender(mime: Mime) -> Actor | str:
    """The one sender, or why there is none."""
    found = raw(mime, "From")
    if len(found) != 1:
        return f"it has {len(found)} From headers: nobody can say who wrote it"
    sole = sole_address(found[0])
    if sole is None:
        return "its From header does not have exactly one address"
    name, address = sole
    return Actor(id=address.lower(), name=name, addresses=(address.lower(),))


def _newest_first(mime: Mime) -> list[str]:
    return list(message_ids(raw(mime, "References", newest=True)))[::-1]
