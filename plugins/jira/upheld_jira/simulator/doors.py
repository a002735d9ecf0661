"""Who may come in: API tokens, personal access tokens, OAuth 2.0 with rotating refresh tokens."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from upheld_jira.simulator.people import User
from upheld_jira.simulator.site import Site
from upheld_jira.simulator.wire import Reply

CLOUD_ID: Final = "11223344-a1b2-3b33-c444-def123456789"
_AN_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who came. ``refused``: credentials that are wrong; ``reason`` is what Seraph says of them."""

    user: User | None
    refused: bool = False

    @property
    def reason(self) -> Mapping[str, str]:
        """The header that tells a silent guest from one who asked for nothing else."""
        return {"x-seraph-loginreason": "AUTHENTICATED_FAILED"} if self.refused else {}


@dataclass
class Doors:
    """The secrets of the account that a program uses, and whether they are still good."""

    site: Site
    account: str
    email: str
    token: str = field(default="api-token-of-the-simulator", repr=False)
    pat: str = field(default="personal-access-token", repr=False)
    client_id: str = "client-id"
    client_secret: str = field(default="client-secret", repr=False)
    refresh_token: str = field(default="refresh-1", repr=False)
    expired: bool = False
    _access: dict[str, datetime] = field(default_factory=dict, repr=False)
    _rotations: int = 1

    def let_in(self, headers: Mapping[str, str]) -> Entrance:
        """Whoever bears these headers."""
        given = headers.get("authorization")
        if given is None:
            return Entrance(None)
        kind, _, secret = given.partition(" ")
        good = self._basic(secret) if kind == "Basic" else self._bearer(secret)
        if not good or self.expired:
            return Entrance(None, refused=True)
        return Entrance(self.site.people[self.account])

    def _basic(self, secret: str) -> bool:
        """Email and API token on the cloud; Data Center 11 has no passwords any more."""
        try:
            user, _, word = base64.b64decode(secret).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return self.site.cloud and (user, word) == (self.email, self.token)

    def _bearer(self, secret: str) -> bool:
        if not self.site.cloud:
            return secret == self.pat
        until = self._access.get(secret)
        return until is not None and self.site.clock() < until

    def expire_access(self) -> None:
        """Every access token is too old; the refresh token is still good."""
        self._access.clear()

    def exchange(self, raw: bytes) -> Reply:
        """A refresh token for an access token and the next refresh token: each is good once."""
        given = _form(raw)
        wanted = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
        }
        if self.expired or any(given.get(name) != value for name, value in wanted.items()):
            words = "Unknown or invalid refresh token."
            return Reply(403, {"error": "unauthorized_client", "error_description": words})
        self._rotations += 1
        self.refresh_token, access = f"refresh-{self._rotations}", f"access-{self._rotations}"
        self._access[access] = self.site.clock() + _AN_HOUR
        return Reply(
            body={
                "access_token": access,
                "refresh_token": self.refresh_token,
                "expires_in": 3600,
                "token_type": "Bearer",
                "scope": "read:jira-work write:jira-work offline_access",
            }
        )


def _form(raw: bytes) -> dict[str, str]:
    try:
        given = json.loads(raw)
    except ValueError:
        return {name: values[0] for name, values in parse_qs(raw.decode(errors="replace")).items()}
    return given if isinstance(given, dict) else {}
