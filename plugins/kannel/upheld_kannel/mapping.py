"""Our messages as Kannel's headers, and its callbacks as receipts and messages. Pure.

Trap: a gateway fills ``%x`` in a ``dlr-url`` with its own words, so what is about to come back in it must
have no percent sign. Trap: a text outside of the plain alphabet comes as UTF-16, byte by byte.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from upheld.plugin import (
    Actor,
    Address,
    Auth,
    Channel,
    Delivery,
    Inbound,
    Message,
    Nature,
    Outgoing,
    Receipt,
    Refused,
    Request,
    Urgency,
)
from upheld.sms import is_gsm, number, quoted, sealed, seconds_left, unsealed, without
from upheld_kannel.config import KannelConfig

#: All that a gateway tells: delivered, not delivered, queued, sent, refused.
_EVERYTHING: Final = "31"
_STATES: Final = {
    "1": (Delivery.DELIVERED, "delivered"),
    "2": (Delivery.FAILED, "not delivered"),
    "4": (Delivery.ACCEPTED, "queued at the message centre"),
    "8": (Delivery.ACCEPTED, "taken by the message centre"),
    "16": (Delivery.FAILED, "refused by the message centre"),
}
_PRIORITY: Final = {Urgency.HIGH: "3", Urgency.LOW: "0"}
_CHARSETS: Final = {"utf-8": "utf-8", "utf-16be": "utf-16-be", "iso-8859-1": "iso-8859-1"}
_TITLE: Final = 80
_FIELDS: Final = 50


def headers(
    message: Outgoing,
    to: str,
    text: str,
    config: KannelConfig,
    door: str | None,
    *,
    key: str,
    at: datetime,
) -> dict[str, str]:
    """What Kannel is told of a message beside its text; ``door`` is where its receipts go."""
    minutes = max(1, seconds_left(message, at, config.validity) // 60)
    told = {
        "X-Kannel-From": config.sender,
        "X-Kannel-To": number(to),
        "X-Kannel-Coding": "0" if is_gsm(text) else "2",
        "X-Kannel-Validity": str(minutes),
        "X-Kannel-Priority": _PRIORITY[message.urgency],
    }
    if door is None:
        return told
    about = sealed(key.encode(), config.secret.get_secret_value())
    url = f"{door}/dlr?t={about}&type=%d&answer=%A"
    return told | {"X-Kannel-DLR-Mask": _EVERYTHING, "X-Kannel-DLR-Url": url}


def received(request: Request, secret: str) -> Inbound | None:
    """What a callback brings; ``Auth`` where it does not prove to be the gateway's, None for news that
    says nothing."""
    query = _query(request.url)
    if urlsplit(request.url).path.endswith("/dlr"):
        return _receipt(request, query, secret)
    if not hmac.compare_digest(query.get("token", b""), secret.encode()):
        raise Auth(
            "a callback bears no secret of ours", "look at `secret` and the gateway's get-url"
        )
    return _message(request, query, secret)


def _receipt(request: Request, query: Mapping[str, bytes], secret: str) -> Receipt | None:
    key = unsealed(query.get("t", b"").decode("latin-1"), [secret])
    if key is None:
        raise Auth("a receipt bears no seal of ours", "nothing to do: it is not taken")
    state = _STATES.get(query.get("type", b"").decode("latin-1"))
    if state is None:
        return None
    answer = " ".join(query.get("answer", b"").decode(errors="replace").split())
    detail = f"{state[1]}: {answer}" if state[0] is Delivery.FAILED and answer else state[1]
    return Receipt(key.decode(), None, state[0], request.at, detail=detail[:200])


def _message(request: Request, query: Mapping[str, bytes], secret: str) -> Inbound:
    raw = _kept(request.url)
    id_ = query.get("id", b"").decode("latin-1")
    charset = _CHARSETS.get(query.get("charset", b"UTF-8").decode("latin-1").lower())
    sender = query.get("from", b"").decode("latin-1")
    if not id_ or not sender or charset is None:
        return Refused(
            id_ or json.dumps(sorted(query)), "a message without id, sender or charset", raw
        )
    try:
        body = query.get("text", b"").decode(charset)
    except UnicodeDecodeError:
        return Refused(id_, f"its text is no {charset}", raw)
    marks = quoted(body, sender, request.at, [secret])
    text = without(body, marks)
    return Message(
        id=id_,
        at=request.at,
        by=Actor(sender, addresses=(sender,)),
        verified=bool(marks),  # a number alone can be forged
        nature=Nature.NORMAL,
        to=(Address(Channel.SMS, query.get("to", b"").decode("latin-1")),),
        thread=marks,
        subject=text.partition("\n")[0][:_TITLE],
        text=text,
        raw=raw,
    )


def _kept(url: str) -> bytes:
    """What came, as it came, but for the secret: however the gateway has written that."""
    parts = urlsplit(url).query.split("&")
    return "&".join(p for p in parts if unquote_plus(p.partition("=")[0]) != "token").encode()


def _query(url: str) -> dict[str, bytes]:
    """The query, byte by byte: what it says of itself tells the charset."""
    pairs = parse_qsl(
        urlsplit(url).query, keep_blank_values=True, encoding="latin-1", max_num_fields=_FIELDS
    )
    return {name: value.encode("latin-1") for name, value in pairs}
