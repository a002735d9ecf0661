"""What Twilio tells, of lists and in callbacks, as messages and receipts. Pure.

A message delivered is delivered; one sent may be anywhere. A call that was completed was answered, by
a person or by a machine, and acknowledges nothing: only a key does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, Field

from upheld.plugin import (
    Actor,
    Address,
    Channel,
    Delivery,
    Message,
    Nature,
    Receipt,
    Refused,
)
from upheld.sms import carried, quoted, without
from upheld_twilio.codes import told

_DELIVERY: Final = {
    "accepted": Delivery.ACCEPTED,
    "scheduled": Delivery.ACCEPTED,
    "queued": Delivery.ACCEPTED,
    "sending": Delivery.ACCEPTED,
    "sent": Delivery.ACCEPTED,
    "delivered": Delivery.DELIVERED,
    "partially_delivered": Delivery.DELIVERED,
    "read": Delivery.DELIVERED,
    "undelivered": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "canceled": Delivery.FAILED,
    # calls
    "initiated": Delivery.ACCEPTED,
    "ringing": Delivery.ACCEPTED,
    "in-progress": Delivery.ACCEPTED,
    "answered": Delivery.ACCEPTED,
    "completed": Delivery.DELIVERED,
    "busy": Delivery.FAILED,
    "no-answer": Delivery.FAILED,
}
#: Twilio answers these itself (and refuses to send after the first): nobody writes to us with them.
_KEYWORDS: Final = frozenset(
    {
        *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
        *("start", "unstop", "help", "info"),
    }
)
_TITLE: Final = 80


def _rfc2822(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = parsedate_to_datetime(value)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


_Date = Annotated[datetime | None, BeforeValidator(_rfc2822)]


class Resource(BaseModel):
    """The part of a message or call that is read."""

    sid: str = Field(min_length=1)
    status: str
    direction: str = ""
    sender: str | None = Field(None, alias="from")
    to: str | None = None
    body: str | None = None
    num_media: int = 0
    error_code: int | None = None
    answered_by: str | None = None
    date_created: _Date = None

    @property
    def inbound(self) -> bool:
        """Whether somebody sent it to us."""
        return self.direction == "inbound"

    @property
    def open(self) -> bool:
        """Whether there is more to come of it."""
        return not self.inbound and _DELIVERY.get(self.status) is Delivery.ACCEPTED


@dataclass(frozen=True, slots=True)
class Listed:
    """A message or call as it was listed; ``found`` is None where it can't be read."""

    raw: Mapping[str, Any]
    found: Resource | None

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Listed:
        """One item of a list."""
        try:
            return cls(raw, Resource.model_validate(raw))
        except (ValueError, TypeError):
            return cls(raw, None)

    @property
    def created(self) -> datetime | None:
        """When it came or was created; None where nobody knows."""
        return self.found.date_created if self.found is not None else None

    @property
    def tag(self) -> str:
        """What tells one piece of news from another."""
        if self.found is None:
            return unreadable(self.raw, "").id
        return self.found.sid if self.found.inbound else f"{self.found.sid}:{self.found.status}"


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what comes in; ``tokens`` are those that marks may be proven with."""

    tokens: Sequence[str]

    def item(self, listed: Listed, at: datetime) -> Message | Receipt | Refused | None:
        """What a listed message or call is to us; None for what tells nothing."""
        found = listed.found
        if found is None:
            return unreadable(listed.raw, "it is not written as Twilio writes them")
        if found.inbound:
            return self._inbound(found, listed.raw)
        # Its text tells which sending it was; a call has none, and is known by its own id.
        handle = carried(found.body or "") or found.sid
        return receipt(None, handle, found.status, at, found.error_code, found.answered_by)

    def message(
        self, sid: str, sender: str, to: str, body: str, at: datetime, raw: bytes
    ) -> Message:
        """What somebody wrote to us. It is proven where it quotes the mark of an SMS that they got."""
        marks = quoted(body, sender, at, self.tokens)
        text = without(body, marks)
        automatic = text.lower() in _KEYWORDS
        return Message(
            id=sid,
            at=at,
            by=Actor(sender, addresses=(sender,)),
            verified=bool(marks),
            nature=Nature.AUTOMATIC if automatic else Nature.NORMAL,
            to=(Address(Channel.SMS, to),),
            thread=marks,
            subject=text.partition("\n")[0][:_TITLE],
            text=text,
            raw=raw,
        )

    def _inbound(self, found: Resource, raw: Mapping[str, Any]) -> Message | Refused | None:
        if found.status == "receiving":  # it is read once it is whole
            return None
        if not found.sender or found.date_created is None:
            return unreadable(raw, "it has no sender or no date")
        text = with_files(found.body or "", found.num_media)
        kept = json.dumps(raw, ensure_ascii=False).encode()
        return self.message(found.sid, found.sender, found.to or "", text, found.date_created, kept)


def receipt(
    key: str | None,
    handle: str | None,
    status: str,
    at: datetime,
    code: int | None = None,
    answered_by: str | None = None,
) -> Receipt | None:
    """What a status says of a sending; None for one that says nothing."""
    state = _DELIVERY.get(status)
    if state is None:
        return None
    machine = (answered_by or "").startswith(("machine", "fax"))
    if machine and state is Delivery.DELIVERED:
        return Receipt(key, handle, Delivery.FAILED, at, detail="a machine answered")
    why = told(code) or (_answered(answered_by) if status == "completed" else "")
    return Receipt(key, handle, state, at, detail=f"{status}: {why}" if why else status)


def _answered(by: str | None) -> str:
    """What a completed call proves: unless Twilio listened, it may have been a voicemail."""
    return "a person answered" if by == "human" else "a person or a machine answered"


def with_files(text: str, number: int) -> str:
    """The text, with a word on files that came along: they stay at Twilio."""
    return f"{text}\n[files at Twilio: {number}]".lstrip() if number else text


def unreadable(raw: Mapping[str, Any], why: str) -> Refused:
    """What can't be taken, as it came."""
    kept = json.dumps(raw, sort_keys=True, default=str).encode()
    sid = raw.get("sid")
    name = sid if isinstance(sid, str) and sid else hashlib.sha256(kept).hexdigest()
    return Refused(name, why, kept)
