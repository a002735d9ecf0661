"""Access tokens for servers that take no password any more: Microsoft 365, Gmail, and their like.

RFC 6749 and 7628: a refresh token, or the application's own secret, buys an access token for about an
hour. Providers give a new refresh token with some answers, and the old one ends: the new one is kept in
the vault before the access token is used.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import requests

from upheld.plugin import Auth, Context, PluginError, Retry
from upheld_email.config import OAuthConfig

_KEPT: Final = "refresh-token"
#: Seconds before its end from which a token is not used any more.
_MARGIN: Final = 120
_USUAL: Final = 3600
#: RFC 6749 §5.2: an error is a word; anything else that is said may hold what we sent.
_ERROR: Final = re.compile(r"[a-z_]{1,40}")
_MEND: Final = (
    "sign in anew and set `refresh_token`, or look at the application's rights and secret"
)


@dataclass(slots=True)
class OAuth:
    """Buys tokens, and keeps one while it lasts. Reading and sending share it."""

    config: OAuthConfig
    context: Context
    user: str
    _token: str = field(default="", repr=False)
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def sign_in(self, attempt: Callable[[str], bool]) -> bool:
        """Try with XOAUTH2's answer (`answer`); once more with a new token where the kept one is refused."""
        kept = self._kept()
        if kept and attempt(answer(self.user, kept)):
            return True
        return attempt(answer(self.user, self._bought()))

    def _kept(self) -> str:
        with self._lock:
            return self._token if time.monotonic() < self._until else ""

    def _bought(self) -> str:
        with self._lock:
            given = self._asked()
            lasts = str(given.get("expires_in"))
            seconds = int(lasts) if lasts.isdecimal() else _USUAL
            self._token = str(given["access_token"])
            self._until = time.monotonic() + seconds - _MARGIN
            return self._token

    def _asked(self) -> dict[str, Any]:
        refresh = self._refresh_token()
        form = self.config.form(refresh)
        try:
            response = self.context.http().post(self.config.endpoint, data=form)
            given = response.json()
        except (requests.RequestException, ValueError) as error:
            raise self._unreached(type(error).__name__) from None
        if not isinstance(given, dict) or response.status_code != requests.codes.ok:
            raise self._refused(response, given if isinstance(given, dict) else {})
        token = given.get("access_token")
        if not isinstance(token, str) or not token.isascii():
            raise self._unreached("its answer holds no token")
        rotated = given.get("refresh_token")
        if refresh is not None and isinstance(rotated, str) and rotated != refresh:
            self.context.vault[_KEPT] = json.dumps([self._configured(), rotated])
        return given

    def _refresh_token(self) -> str | None:
        """The newest: of the vault, unless another one has been configured since."""
        if self.config.refresh_token is None:
            return None
        kept = json.loads(self.context.vault.get(_KEPT, "[null, null]"))
        if kept[0] == self._configured():
            return str(kept[1])
        return self.config.refresh_token.get_secret_value()

    def _configured(self) -> str:
        assert self.config.refresh_token is not None
        return hashlib.sha256(self.config.refresh_token.get_secret_value().encode()).hexdigest()

    def _refused(self, response: requests.Response, given: dict[str, Any]) -> PluginError:
        word = _ERROR.fullmatch(str(given.get("error", "")))
        said = f"{response.status_code} {word[0] if word else ''}".strip()
        if (
            response.status_code in {400, 401, 403}
            and word
            and word[0] != "temporarily_unavailable"
        ):
            return Auth(f"{self.config.endpoint} gives no token for {self.user}: {said}", _MEND)
        after = response.headers.get("Retry-After", "")
        wait = timedelta(seconds=int(after)) if after.isdecimal() else None
        what = f"{self.config.endpoint} gives no token just now: {said}"
        return Retry(what, "nothing to do: it is tried again", after=wait)

    def _unreached(self, why: str) -> PluginError:
        what = f"{self.config.endpoint} gives no token ({why})"
        return Retry(what, "look at the network, and at `token_url`")


def answer(user: str, token: str) -> str:
    """What XOAUTH2 sends, before base64 (Google's and Microsoft's own mechanism; they agree)."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"
