"""Webhooks v3: verified, read, answered. Pure: no network, no state.

Whatever is signed is answered with 2xx: PagerDuty drops what is answered 4xx, and after three drops in a
row stops telling anything for a day. So an event that says nothing to us is taken and left alone.
Source: "Webhooks Overview" and "Verifying Signatures", PagerDuty developer documentation.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from upheld.plugin import Auth, Receipt, Received, Refused, Request, Response
from upheld_pagerduty.incident import from_event

SIGNATURE: Final = "x-pagerduty-signature"
WEBHOOK_ID: Final = "x-webhook-id"
_VERSION: Final = "v1="
_TAKEN: Final = Response(202, body=b"taken\n")


def received(request: Request, secrets: Sequence[str], ours: str | None) -> Received:
    """What an event brings; ``Auth`` where no secret fits. ``ours`` is our own user there."""
    headers = {name.lower(): value for name, value in request.headers}
    if not signed(headers.get(SIGNATURE, ""), secrets, request.body):
        what = "a webhook bears no signature of PagerDuty's"
        raise Auth(
            what, "look at `webhook_secrets`: PagerDuty shows a secret once, when it makes it"
        )
    try:
        event = json.loads(request.body)["event"]
        found = from_event(event, ours)
        items: tuple[Receipt | Refused, ...] = () if found is None else (_dated(found, request.at),)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        name = headers.get(WEBHOOK_ID) or sha256(request.body).hexdigest()
        reason = f"an event can't be read: {type(error).__name__}"
        items = (Refused(f"webhook {name}", reason, request.body),)
    return Received(_TAKEN, items, once=headers.get(WEBHOOK_ID, ""))


def signed(header: str, secrets: Sequence[str], body: bytes) -> bool:
    """Whether any signature of the header was made with any of the secrets: while one is replaced, both
    are sent. Every pair is compared, each in constant time."""
    made = [hmac.new(each.encode(), body, sha256).hexdigest() for each in secrets]
    pairs = [(one, other) for one in _given(header) for other in made]
    return sum(hmac.compare_digest(one, other) for one, other in pairs) > 0


def _given(header: str) -> Iterator[str]:
    for each in header.split(","):
        name = each.strip()
        # What is not ASCII can't be compared in constant time, nor be a signature.
        if name.startswith(_VERSION) and name.isascii():
            yield name.removeprefix(_VERSION)


def _dated(found: Receipt, now: datetime) -> Receipt:
    """Nothing happens later than it is told."""
    return found if found.at <= now else replace(found, at=now)
