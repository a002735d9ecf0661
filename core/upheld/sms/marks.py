"""The mark at the end of an SMS, such as ``#k7f3q2ab``. Pure.

Its first half says which sending it was: Twilio has no field of ours on a message, so a lookup reads
it in the text. The second proves that whoever quotes it got it: it holds for one number, for a day or
two. A caller's number alone can be forged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

_HALF: Final = 4
_ENDING: Final = re.compile(r"#([a-z2-7]{8})\s*$")
_QUOTED: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{8}(?![A-Za-z0-9])")


def mark(key: str, number: str, at: datetime, token: str) -> str:
    """The mark of a sending, for the person at ``number``, as of the day of ``at``."""
    name = of(key)
    return name + _proof(name, number, _day(at), token)


def of(key: str) -> str:
    """The half that says which sending it was."""
    return _letters(hashlib.sha256(key.encode()).digest())


def carried(body: str) -> str | None:
    """The mark that a text of ours ends with."""
    found = _ENDING.search(body)
    return found[1] if found else None


def quoted(body: str, number: str, at: datetime, tokens: Sequence[str]) -> tuple[str, ...]:
    """The marks in somebody's text that were sent to their number, that day or the day before."""
    words = [each.lower() for each in _QUOTED.findall(body)]
    days = (_day(at), _day(at) - 1)
    return tuple(
        word
        for word in dict.fromkeys(words)
        if any(
            hmac.compare_digest(_proof(word[:_HALF], number, day, token), word[_HALF:])
            for token in tokens
            for day in days
        )
    )


def without(body: str, marks: Sequence[str]) -> str:
    """A text without these marks: they are no words of the person."""
    for each in marks:
        body = re.sub(rf"\s*#?{each}(?![A-Za-z0-9])", "", body, flags=re.IGNORECASE)
    return body.strip()


def _proof(name: str, number: str, day: int, token: str) -> str:
    said = f"reply:{name}:{number}:{day}".encode()
    return _letters(hmac.new(token.encode(), said, hashlib.sha256).digest())


def _letters(digest: bytes) -> str:
    return base64.b32encode(digest).decode().lower()[:_HALF]


def _day(at: datetime) -> int:
    return at.astimezone(UTC).toordinal()
