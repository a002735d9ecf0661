"""What a server reports of a mail that we sent: that it could not be delivered, or was. Pure.

RFC 3464 where the report follows it, flufl.bounce for the many that do not. A delay is no end: it
is noted on the case, and nothing follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from upheld.plugin import Delivery, Message, Receipt
from upheld_email.body import leaves, payload
from upheld_email.headers import (
    Mime,
    first,
    message_ids,
    parsed,
    raw,
    recipients,
    report_of,
    text,
)
from upheld_email.threads import Tokens

#: Headers that tell to which of our addresses a mail came.
RECIPIENTS: Final = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
#: RFC 3464 §2.3.3; ``delayed``, ``relayed`` and ``expanded`` are no end.
_ENDS: Final = {"failed": Delivery.FAILED, "delivered": Delivery.DELIVERED}
_SHOWN: Final = 300
#: What is returned where addresses are not ASCII (RFC 6533).
_GLOBAL: Final = ("message/global", "message/global-headers")
_BLANK: Final = re.compile(rb"\r?\n[ \t]*\r?\n")
#: Not just any id: in a returned head those of older mails stand, too.
_OURS: Final = re.compile(
    rb"(?im)^[> \t]{0,9}message-id:[ \t]*(?:\r?\n[ \t]+)?"
    rb"(<upheld\.[\w.-]{1,300}@[\w.-]{1,255}>)"
)
_READ: Final = 100_000


def receipt(report: Message, tokens: Tokens) -> Receipt | None:
    """The end of a sending that a bounce tells; None where it tells none, or of no mail of ours.

    Which one it was is said by the address that it came to (VERP, signed), or by the mail that it
    returns: whoever got a mail of ours could make that up, and gains that its recipient is told
    over another channel too.
    """
    mime = parsed(report.raw)
    handle = _sending(mime, tokens)
    found = _told(mime) if handle is not None else None
    if found is None:
        return None
    state, detail = found
    return Receipt(None, handle, state, report.at, detail=detail[:_SHOWN])


def returned_ids(mime: Mime) -> list[str]:
    """The Message-IDs of the mails, or of their headers, that a report returns; ours in the words of a
    server that has no form for it (qmail, Exim)."""
    if not report_of(mime):
        daemon = "mailer-daemon" in first(mime, "From").lower()
        return _named(mime) if daemon or raw(mime, "X-Failed-Recipients") else []
    kinds = ("message/rfc822", "text/rfc822", *_GLOBAL)
    back = (part for part in leaves(mime) if part.get_content_type().startswith(kinds))
    return [found for part in back for found in message_ids(raw(_inner(part), "Message-ID"))]


def _named(mime: Mime) -> list[str]:
    texts = (
        payload(part)[:_READ] for part in leaves(mime) if part.get_content_maintype() == "text"
    )
    return [found.decode() for text in texts for found in _OURS.findall(text)]


def _sending(mime: Mime, tokens: Tokens) -> str | None:
    by_address = (tokens.sending_in_address(each) for each in recipients(mime, RECIPIENTS))
    by_return = (each for each in returned_ids(mime) if tokens.thread_in_id(each) is not None)
    return next((each for each in (*by_address, *by_return) if each is not None), None)


def _told(mime: Mime) -> tuple[Delivery, str] | None:
    blocks = list(_statuses(mime))
    if not blocks:
        return _failed_by_its_words(mime)
    ended = [(_ENDS.get(_action(block)), _detail(block)) for block in blocks]
    known = [(state, detail) for state, detail in ended if state is not None]
    return next((each for each in known if each[0] is Delivery.FAILED), (*known, None)[0])


def _statuses(mime: Mime) -> Iterator[Mime]:
    """The blocks that speak of a recipient."""
    for part in leaves(mime):
        if part.get_content_type() == "message/global-delivery-status":
            apart = map(parsed, _BLANK.split(payload(part)))
            yield from (each for each in apart if _action(each))
    for part in mime.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            blocks = part.get_payload()
            yield from (each for each in blocks if isinstance(each, Mime) and _action(each))


def _action(block: Mime) -> str:
    return first(block, "Action").partition(" ")[0].lower()


def _detail(block: Mime) -> str:
    said = text(first(block, "Diagnostic-Code").partition(";")[2])
    return " ".join(part for part in (text(first(block, "Status")), said) if part)


def _failed_by_its_words(mime: Mime) -> tuple[Delivery, str] | None:
    """A report without a form: the library knows those of some twenty servers."""
    from flufl.bounce import all_failures

    try:
        _, failed = all_failures(mime)
    except Exception:  # noqa: BLE001  it was written for mail that is less broken than some is
        return None
    return (Delivery.FAILED, "the server says that it can't be delivered") if failed else None


def _inner(part: Mime) -> Mime:
    inner = part.get_payload(0) if part.is_multipart() else None
    return inner if isinstance(inner, Mime) else parsed(payload(part))
