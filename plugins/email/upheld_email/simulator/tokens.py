"""The provider's token endpoint (RFC 6749 §6): refresh tokens buy access tokens, and are rotated."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from upheld.simulator import Asked, LocalServer, Reply
from upheld_email.simulator import MailSimulator


class TokenEndpoint(LocalServer):
    """Gives tokens for the mailboxes of a simulator. Use it in a ``with``.

    ``refresh_token`` is the one that is good now: the next one comes with each answer, and the old
    one ends. ``asked`` are the forms that came.
    """

    def __init__(self, mail: MailSimulator, *, rotates: bool = True) -> None:
        self._mail, self._rotates = mail, rotates
        self._number = 0
        self.refresh_token = f"refresh-{self._number}"
        self.asked: list[dict[str, str]] = []
        super().__init__(self._take)
        mail.take_tokens(())

    @property
    def url(self) -> str:
        """What goes into ``token_url``."""
        return f"{super().url}/token"

    def expire(self) -> None:
        """Every access token has ended."""
        self._mail.take_tokens(())

    def revoke(self) -> None:
        """So has the refresh token: somebody has to sign in anew."""
        self.refresh_token = f"revoked-{self._number}"
        self.expire()

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """What is said to a form: a status, and an object."""
        self.asked.append(form)
        if form.get("refresh_token") != self.refresh_token:
            return 400, {"error": "invalid_grant"}
        self._number += 1
        token = f"access-{self._number}"
        self._mail.take_tokens((token,))
        given: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        if self._rotates:
            self.refresh_token = given["refresh_token"] = f"refresh-{self._number}"
        return 200, given

    def _take(self, asked: Asked) -> Reply:
        form = parse_qs(asked.body.decode())
        status, given = self.answer({name: each[0] for name, each in form.items()})
        return Reply(status, json.dumps(given).encode())
