"""Who sends: by a signature of the body, or by the secret itself. Pure."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence

from upheld.plugin import Request
from upheld.webhooks import header, proven, same
from upheld_readings.config import Signature


def is_proven(request: Request, secrets: Sequence[str], signature: Signature | None) -> bool:
    """Whether it bears a proof. Where bodies are signed, a secret alone is none."""
    if signature is None:
        return proven(request, secrets)
    given = header(request, signature.header).split(",")
    made = [signed(request.body, secret, signature) for secret in secrets]
    return same([each.strip() for each in given], made)


def signed(body: bytes, secret: str, signature: Signature) -> str:
    """What stands in the header of a body."""
    digest = hmac.new(secret.encode(), body, signature.algorithm).digest()
    written = digest.hex() if signature.encoding == "hex" else b64encode(digest).decode()
    return f"{signature.prefix}{written}"
