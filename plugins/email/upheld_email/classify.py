"""Who really wrote, and what: a person, a machine, a list, a bouncing server, ourselves. Pure.

Markers of RFC 3834, 3464 and 5230 and of common gateways. ``X-Auto-Response-Suppress`` is none of
them: Outlook puts it on what people write, so it is sent, and never tested.
"""

from __future__ import annotations

import re
from typing import Final

from upheld.plugin import Nature
from upheld_email.headers import Mime, first, raw, report_of, unquoted

_MACHINES: Final = frozenset(
    {"mailer-daemon", "postmaster", "no-reply", "noreply", "donotreply", "do-not-reply"}
)
_LIST: Final = ("List-Id", "List-Unsubscribe", "List-Post", "Mailing-List")
_ANSWERED: Final = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From")
_BULK: Final = frozenset({"bulk", "junk", "auto_reply"})
_METHOD: Final = re.compile(r"(?i)^\s*(dmarc|dkim|spf)\s*=\s*([a-z]+)\b(.*)$", re.DOTALL)
_COMPOSITE: Final = re.compile(r"(?i)^\s*compauth\s*=\s*pass\b")
_PROPERTY: Final = re.compile(r"(?i)\b(header\.from|header\.d|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)")


def nature(mime: Mime, sender: str, *, ours: frozenset[str], site: str) -> Nature:
    """What kind of mail this is. ``sender`` is in lower case; ``ours`` are our own addresses."""
    if _bounces(mime, sender):
        return Nature.BOUNCE
    if sender in ours or _unplussed(sender) in ours or site in raw(mime, "X-Loop"):
        return Nature.OURS
    if any(raw(mime, name) for name in _LIST) or _precedence(mime) == "list":
        return Nature.LIST
    return Nature.AUTOMATIC if _automatic(mime, sender) else Nature.NORMAL


def verified(mime: Mime, sender: str, authserv_id: str | None, *, microsoft: bool = False) -> bool:
    """Whether our own server vouches for the sender (RFC 8601, 7489).

    Only the topmost Authentication-Results counts, and only under our server's name: anybody can
    write another. It must say ``dmarc=pass``, or ``dkim`` or ``spf`` must have passed for exactly
    the domain in From (a relaxed match would need the public suffix list; DMARC does that).
    ``microsoft``: Microsoft 365 writes no name (against RFC 8601 §2.5); then the topmost counts that
    bears none, and its own verdict over all (``compauth``) must be a pass, too.
    """
    topmost = unquoted(first(mime, "Authentication-Results")) or ""
    name, _, named = topmost.partition(";")
    if microsoft:
        results = topmost.split(";")
        ours = _METHOD.match(name) is not None and any(map(_COMPOSITE.match, results))
    else:
        results, words = named.split(";"), name.split()
        ours = (
            authserv_id is not None and words[:1] != [] and words[0].lower() == authserv_id.lower()
        )
    domain = sender.rpartition("@")[2].lower()
    return ours and any(_vouches(result, domain) for result in results)


def _vouches(result: str, domain: str) -> bool:
    found = _METHOD.match(result)
    if found is None or found[2].lower() != "pass":
        return False
    properties = {each[1].lower(): each[2].lower() for each in _PROPERTY.finditer(found[3])}
    if found[1].lower() == "dmarc":
        return properties.get("header.from", domain) == domain
    proven = properties.get("header.d" if found[1].lower() == "dkim" else "smtp.mailfrom", "")
    return proven.rpartition("@")[2] == domain


def _bounces(mime: Mime, sender: str) -> bool:
    if report_of(mime) == "delivery-status":
        return True
    return sender.partition("@")[0] == "mailer-daemon"


def _automatic(mime: Mime, sender: str) -> bool:
    return (
        _submitted(mime) not in {"", "no"}
        or report_of(mime) == "disposition-notification"
        or "<>" in raw(mime, "Return-Path")
        or _precedence(mime) in _BULK
        or any(raw(mime, name) for name in _ANSWERED)
        or sender.partition("@")[0] in _MACHINES
    )


def _submitted(mime: Mime) -> str:
    """Its keyword; a comment may stand beside it (RFC 3834 §5)."""
    value = first(mime, "Auto-Submitted")
    bare = unquoted(value)
    return (value if bare is None else bare).partition(";")[0].strip().lower()


def _precedence(mime: Mime) -> str:
    return first(mime, "Precedence").lower()


def _unplussed(address: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local.partition('+')[0]}@{domain}"
