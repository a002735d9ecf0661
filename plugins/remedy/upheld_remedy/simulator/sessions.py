"""Who is signed in: tokens, their end, guests, and the one place that an account may work from."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from upheld_remedy.simulator.rules import ArError

_GUEST = "a guest"
_REFUSED = (623, "Authentication failed", None)


@dataclass
class Sessions:
    """Accounts and their sessions. ``guests``: a wrong password is let in, and sees nothing.

    ``logins`` and ``logouts`` count; ``elsewhere`` are accounts that work from another machine.
    """

    clock: Callable[[], datetime]
    accounts: dict[str, str] = field(default_factory=dict, repr=False)
    lifetime: timedelta = timedelta(hours=1)
    guests: bool = False
    logins: int = 0
    logouts: int = 0
    elsewhere: set[str] = field(default_factory=set)
    _open: dict[str, tuple[str, datetime]] = field(default_factory=dict, repr=False)

    @property
    def open(self) -> int:
        """Sessions that were never signed out of; each holds a licence."""
        return len(self._open)

    def sign_in(self, user: str, password: str) -> tuple[str, str | None]:
        """A token, and what a header says of it."""
        wrong = not password or self.accounts.get(user) != password
        if wrong and not self.guests:
            raise ArError(401, _REFUSED)
        now = self.clock()
        claims = {"sub": user, "iss": "ar", "iat": _seconds(now), "nbf": _seconds(now) - 120}
        claims |= {"exp": _seconds(now + self.lifetime), "_cacheId": secrets.randbelow(10**6)}
        token = ".".join((_part({"alg": "HS256"}), _part(claims), secrets.token_urlsafe(16)))
        self._open[token] = (_GUEST if wrong else user, now + self.lifetime)
        self.logins += 1
        told = [{"messageType": "WARNING", "messageNumber": 59, "messageText": "User login failed"}]
        told[0]["messageText"] = "The user name or password is wrong: login failed; guest access"
        return token, json.dumps(told) if wrong else None

    def sign_out(self, token: str) -> None:
        """The licence is free again."""
        self.logouts += self._open.pop(token, None) is not None

    def user(self, token: str) -> str | None:
        """Whose token this is; None for a guest."""
        user, ends = self._open.get(token, ("", self.clock()))
        if not user or ends <= self.clock():
            self._open.pop(token, None)
            raise ArError(401, (9012, "The token is not valid any more", None))
        if user in self.elsewhere:
            raise ArError(500, (9093, "User is currently connected from another machine", user))
        return None if user == _GUEST else user

    def end_all(self) -> None:
        """Every session ends here and now."""
        self._open.clear()


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
