"""X-Twilio-Signature: whether a callback comes from Twilio. Pure.

HMAC-SHA1, keyed with the auth token, over the public URL as Twilio knows it and every parameter of
the form, sorted, in base64. Source: Twilio documentation, "Webhooks security".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from upheld.plugin import Multi

_PORTS: Final = {"https": 443, "http": 80}


def signature(token: str, url: str, form: Multi) -> str:
    """What Twilio sends as ``X-Twilio-Signature``. A name that repeats counts each value once."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def signed(given: str, tokens: Iterable[str], url: str, form: Multi) -> bool:
    """Whether one of our tokens made it. Every candidate is compared, each in constant time.

    Twilio signs with or without the port that goes without saying, so both are looked at.
    """
    wanted = [signature(token, each, form) for token in tokens for each in _spellings(url)]
    fits = [hmac.compare_digest(each.encode(), given.encode()) for each in wanted]
    return any(fits)


def _spellings(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    port, host = _PORTS.get(parts.scheme), parts.netloc
    yield url
    if parts.port is None:
        yield urlunsplit(parts._replace(netloc=f"{host}:{port}"))
    elif parts.port == port:
        yield urlunsplit(parts._replace(netloc=host.removesuffix(f":{port}")))
