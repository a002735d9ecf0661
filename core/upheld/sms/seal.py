"""A word for a URL that comes back as it was, or not at all: what a callback is about. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sealed(content: bytes, secret: str) -> str:
    """The content as a word of letters, digits, ``-``, ``_`` and ``.``, with who made it."""
    return f"{_word(content)}.{_word(_seal(content, secret))}"


def unsealed(word: str, secrets: Iterable[str]) -> bytes | None:
    """The content again; None where none of our secrets sealed it. Compared in constant time."""
    content, _, seal = word.partition(".")
    try:
        found, given = _bytes(content), _bytes(seal)
    except ValueError:
        return None
    fits = [hmac.compare_digest(_seal(found, secret), given) for secret in secrets]
    return found if any(fits) else None


def _seal(content: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), b"seal:" + content, hashlib.sha256).digest()[:16]


def _word(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(word: str) -> bytes:
    return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
