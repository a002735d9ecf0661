"""Our messages as events of PagerDuty's Events API v2. Pure.

Limits are PagerDuty's: summary 1,024 characters, dedup_key 255, body 512 KB. Source: "Send an
Alert Event", PagerDuty developer documentation.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Final

from upheld.plugin import Address, Outgoing, Urgency, Withdrawal

SUMMARY: Final = 1024
DEDUP_KEY: Final = 255
# What people read on a phone, and far below the 512 KB that a body may have.
_DETAIL: Final = 20_000
_SEVERITY: Final = {Urgency.HIGH: "critical", Urgency.LOW: "warning"}


def trigger(
    message: Outgoing, to: Address, *, source: str, client: str, at: datetime
) -> dict[str, Any]:
    """The event that pages, without the routing key. ``source`` is the site."""
    event: dict[str, Any] = {
        "event_action": "trigger",
        "dedup_key": dedup_key(message.thread),
        "client": client,
        "payload": {
            "summary": cut(one_line(message.subject) or "(no subject)", SUMMARY),
            "source": source or client,
            "severity": _SEVERITY[message.urgency],
            "timestamp": timestamp(at),
            "custom_details": details(message, to),
        },
    }
    if message.url:
        event |= {"client_url": message.url, "links": [{"href": message.url, "text": "The case"}]}
    return event


def withdrawal(thread: str, why: Withdrawal) -> dict[str, Any]:
    """The event that stands people down: acknowledged while somebody works, else resolved."""
    action = "acknowledge" if why is Withdrawal.WORKED else "resolve"
    return {"event_action": action, "dedup_key": dedup_key(thread)}


def dedup_key(thread: str) -> str:
    """The thread; where it is too long, its beginning and a SHA-256 of all of it."""
    if len(thread) <= DEDUP_KEY:
        return thread
    digest = hashlib.sha256(thread.encode()).hexdigest()
    return f"{thread[: DEDUP_KEY - len(digest) - 1]}~{digest}"


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as PagerDuty's examples write it."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def details(message: Outgoing, to: Address) -> dict[str, str]:
    """Whom it is for and what it says, by name."""
    details = {"for": to.name or to.value, "text": cut(message.text, _DETAIL)}
    if message.attachments:  # an event carries none: whoever reads it can ask for them by name
        details["files"] = cut(", ".join(file.name for file in message.attachments), _DETAIL)
    if message.valid_until is not None:
        details["valid until"] = timestamp(message.valid_until)
    return details


def one_line(text: str) -> str:
    """The text without line ends."""
    return " ".join(text.split())


def cut(text: str, length: int) -> str:
    """The text, shortened where it is longer than ``length``."""
    return text if len(text) <= length else text[: length - 1] + "…"
