"""What Twilio's error codes mean to us. Pure.

Source: Twilio's error and warning dictionary. A request that is refused raises; what happens to a
message later comes with its status, and only has to be told.
"""

from __future__ import annotations

from typing import Final

from upheld.plugin import Misconfigured, Permanent, PluginError

_REFUSED: Final[dict[int, tuple[type[PluginError], str]]] = {
    21210: (Misconfigured, "verify our number with Twilio, or set `number` to one of the account"),
    21211: (Permanent, "correct the person's number; another channel goes on"),
    21215: (Misconfigured, "allow calls to that country in the account's geographic permissions"),
    21217: (Permanent, "correct the person's number; another channel goes on"),
    21219: (Misconfigured, "a trial account calls verified numbers alone: verify it or upgrade"),
    21408: (Misconfigured, "allow SMS to that country in the account's geographic permissions"),
    21606: (Misconfigured, "set `number` to a number of the account that can send SMS"),
    21608: (
        Misconfigured,
        "a trial account writes to verified numbers alone: verify it or upgrade",
    ),
    21609: (Misconfigured, "Twilio must reach `web.url` from outside, and its host has no _"),
    21610: (Permanent, "the person wrote STOP: they have to write START to our number"),
    21614: (Permanent, "it is no mobile number; another channel goes on"),
    21617: (Permanent, "the text is too long: lower `segments`"),
    22005: (Permanent, "calls wait for more than a day: another channel goes on"),
    30034: (Misconfigured, "register our number for A2P 10DLC with Twilio"),
    63038: (Misconfigured, "the account's daily cap is reached: have Twilio raise it"),
}
#: Not now: too many requests, too many waiting on our number.
BUSY: Final = frozenset({20429, 21611})
#: The credentials, whatever the status.
CREDENTIALS: Final = frozenset({20003})

_LATER: Final[dict[int, str]] = {
    21610: "the person wrote STOP",
    30001: "too much waited on our number",
    30003: "the phone is off or out of reach",
    30004: "the phone or its carrier blocks us",
    30005: "the number does not exist any more",
    30006: "a landline, or a carrier that can't be reached",
    30007: "a carrier took it for spam",
    30008: "nobody says why",
    30034: "our number is not registered for A2P 10DLC",
    30036: "its time was over before it could go out",
    63038: "the account's daily cap is reached",
}


def refused(code: int, what: str) -> PluginError | None:
    """The error for a request that was refused with this code; None where the code tells nothing."""
    if code not in _REFUSED:
        return None
    kind, do_next = _REFUSED[code]
    return kind(what, do_next)


def told(code: int | None) -> str:
    """Why a message did not arrive, for people; empty without a code."""
    return "" if not code else f"{_LATER.get(code, 'see Twilio')} ({code})"
