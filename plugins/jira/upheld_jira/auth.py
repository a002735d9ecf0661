"""Signing in: an API token, a personal access token, or OAuth 2.0 whose refresh tokens rotate.

A refresh token is good once (Atlassian, OAuth 2.0 (3LO) apps): the next one is in the vault before the
access token that came with it is used.
"""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime, timedelta
from typing import Any, Final

import requests
from pydantic import BaseModel, ValidationError
from requests.auth import AuthBase, HTTPBasicAuth

from upheld.plugin import Auth, Context, Retry
from upheld_jira.config import JiraConfig, OAuthConfig

_VAULT: Final = "oauth"
#: A token that ends so soon is not used any more.
_MARGIN: Final = timedelta(seconds=60)


class Bearer(AuthBase):
    """A personal access token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Signs a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Tokens(BaseModel):
    """What the vault holds. ``began`` tells from which refresh token of the settings it descends."""

    began: str
    refresh: str
    access: str = ""
    until: datetime | None = None


class _Granted(BaseModel):
    """The part of the answer that is read (RFC 6749 §5.1)."""

    access_token: str
    refresh_token: str
    expires_in: int = 3600


class OAuth(AuthBase):
    """Access tokens, exchanged when they end, and once more where one is refused."""

    def __init__(self, config: OAuthConfig, context: Context) -> None:
        self._config, self._context = config, context
        self._lock = threading.Lock()
        first = config.refresh_token.get_secret_value()
        self._began = hashlib.sha256(first.encode()).hexdigest()[:16]

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Signs a request; ``PluginError`` where no access token can be had."""
        request.headers["Authorization"] = f"Bearer {self._access()}"
        return request

    def renewed(self, refused: str) -> bool:
        """Exchange the access token that was ``refused``, unless somebody has done it meanwhile."""
        with self._lock:
            held = self._held()
            if f"Bearer {held.access}" == refused:
                self._exchange(held)
        return True

    def _access(self) -> str:
        with self._lock:
            held = self._held()
            now = self._context.now()
            if held.until is None or held.until - _MARGIN <= now:
                held = self._exchange(held)
            return held.access

    def _held(self) -> _Tokens:
        try:
            held = _Tokens.model_validate_json(self._context.vault.get(_VAULT, ""))
        except ValidationError:
            held = None
        if held is None or held.began != self._began:  # somebody has signed in anew
            first = self._config.refresh_token.get_secret_value()
            return _Tokens(began=self._began, refresh=first)
        return held

    def _exchange(self, held: _Tokens) -> _Tokens:
        granted = self._granted(held.refresh)
        until = self._context.now() + timedelta(seconds=granted.expires_in)
        new = _Tokens(
            began=held.began,
            refresh=granted.refresh_token,
            access=granted.access_token,
            until=until,
        )
        self._context.vault[_VAULT] = new.model_dump_json()
        return new

    def _granted(self, refresh: str) -> _Granted:
        asked = {
            "grant_type": "refresh_token",
            "client_id": self._config.client_id,
            "client_secret": self._config.client_secret.get_secret_value(),
            "refresh_token": refresh,
        }
        try:
            with self._context.http() as session:
                response = session.post(self._config.token_url, json=asked)
        except requests.RequestException as error:
            what = f"no access token could be had ({type(error).__name__})"
            raise Retry(what, "nothing to do: it is tried again") from None
        return _read(response)


def _read(response: requests.Response) -> _Granted:
    if response.status_code in {400, 401, 403}:
        what = f"the refresh token was refused ({response.status_code})"
        raise Auth(what, "sign in anew and put the new refresh token where `oauth` reads it")
    try:
        return _Granted.model_validate_json(response.content)
    except ValidationError:
        what = f"{response.status_code} and no token came from where tokens are exchanged"
        raise Retry(what, "nothing to do: it is tried again") from None


def signing_in(config: JiraConfig, context: Context) -> AuthBase:
    """How this connection proves who it is."""
    if config.oauth is not None:
        return OAuth(config.oauth, context)
    assert config.token is not None
    token = config.token.get_secret_value()
    if config.email is None:
        return Bearer(token)
    # As bytes: requests would write Latin-1.
    basic: Any = HTTPBasicAuth(config.email.encode(), token.encode())
    return basic  # type: ignore[no-any-return]
