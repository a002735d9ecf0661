"""What AR System says went wrong, by its message numbers: the HTTP status tells little. Pure.

Most failures come with status 500, whether they pass or not; several messages may come at once, and
warnings come with success too. What a timeout at the server (92, 93) leaves open has to be looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from upheld.plugin import (
    Auth,
    Gone,
    Misconfigured,
    Permanent,
    PluginError,
    Retry,
    Stale,
    Unknown,
)

_SHOWN: Final = 400
_FAILED: Final = frozenset({"ERROR", "FATAL", "BAD STATUS"})
#: So long the server lets nobody take over a session from another machine: several tries, no storm.
_SESSION: Final = timedelta(minutes=2)


class Duplicate(Permanent):
    """A unique index has this value already (382): ours, where an earlier try came through."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of AR System; ``number`` 0 where it has none."""

    kind: str
    number: int
    text: str

    @property
    def failed(self) -> bool:
        """Whether it tells of a failure, not of a warning."""
        return self.kind in _FAILED

    @property
    def shown(self) -> str:
        """As people look it up: ARERR 302 Entry does not exist."""
        return f"ARERR {self.number} {self.text}" if self.number else self.text


def messages(body: Any) -> tuple[Message, ...]:
    """The messages in an answer; nothing where it holds none."""
    listed = body if isinstance(body, list) else [body]
    found = (each for each in listed if isinstance(each, dict) and "messageType" in each)
    return tuple(_message(each) for each in found)


def _message(said: Mapping[str, Any]) -> Message:
    texts = (said.get("messageText"), said.get("messageAppendedText"))
    text = " ".join(" ".join(str(each) for each in texts if each).split())
    number = said.get("messageNumber")
    kind = str(said["messageType"]).upper()
    return Message(kind, number if isinstance(number, int) else 0, text or "no text")


def failure(told: Iterable[Message], *, writing: bool) -> PluginError | None:
    """The plugin error that the gravest of these messages means; None where none tells of a failure."""
    failed = [each for each in told if each.failed]
    if not failed:
        return None
    gravest = min(failed, key=lambda each: _rank(each.number))
    what = "; ".join(each.shown for each in failed)[:_SHOWN]
    return _error(gravest.number, what, writing=writing)


def _rank(number: int) -> int:
    return list(_KNOWN).index(number) if number in _KNOWN else len(_KNOWN)


def _error(number: int, what: str, *, writing: bool) -> PluginError:
    if number in _UNDECIDED:
        if writing:
            return Unknown(what, "it may have been done: it is looked up before it is tried again")
        return Retry(what, "it is tried again; look at the server's load where it goes on")
    if number in _KNOWN:
        make, do_next = _KNOWN[number]
        return make(what, do_next)
    if 8932 <= number <= 9999:
        return _session(what, "a licence or a session is missing; it is tried again")
    return Permanent(what, "look at the incident and at what the form requires, then replay it")


def _session(what: str, do_next: str) -> Retry:
    return Retry(what, do_next, after=_SESSION)


_UNDECIDED: Final = frozenset({92, 93})
_BUG: Final = "please report it: what was asked is no valid entry id"
_VALUE: Final = "give the field a value that the form takes: see `upheld remedy describe`"
_MISSING: Final = "set it in the connection's `create` or `with_status`"
#: By message number, the gravest first.
_KNOWN: Final[Mapping[int, tuple[Callable[[str, str], PluginError], str]]] = {
    623: (Auth, "look at `user` and `password`, and whether the account is locked"),
    9093: (_session, "the account is in use elsewhere: give Upheld one of its own"),
    9084: (_session, "no licence is free: give the account a fixed one"),
    9090: (_session, "its fixed licence was moved too often this week: ask the administrator"),
    92: (Unknown, ""),
    93: (Unknown, ""),
    302: (Gone, "see whether it was deleted by hand"),
    309: (Stale, "read it again"),
    382: (Duplicate, "look who else has this value"),
    303: (Misconfigured, "set the form's name in `forms`: see `upheld remedy describe`"),
    329: (Misconfigured, "look at `only` and at the names in `fields`"),
    331: (Misconfigured, "give the account the right to this field or form"),
    306: (Permanent, _VALUE),
    307: (Permanent, _MISSING),
    326: (Permanent, _MISSING),
    100: (Permanent, _BUG),
    101: (Permanent, _BUG),
    102: (Permanent, _BUG),
    103: (Permanent, _BUG),
}
