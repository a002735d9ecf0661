"""The provider's token endpoint (RFC 6749 §6): refresh tokens buy access tokens, and are rotated."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

from upheld_email.simulator import MailSimulator


class TokenEndpoint:
    """Gives tokens for the mailboxes of a simulator. Use it in a ``with``.

    ``refresh_token`` is the one that is good now: the next one comes with each answer, and the old
    one ends. ``asked`` are the forms that came.
    """

    def __init__(self, mail: MailSimulator, *, rotates: bool = True) -> None:
        self._mail, self._rotates = mail, rotates
        self._number = 0
        self.refresh_token = f"refresh-{self._number}"
        self.asked: list[dict[str, str]] = []
        self._server: ThreadingHTTPServer | None = None
        mail.take_tokens(())

    @property
    def url(self) -> str:
        """What goes into ``token_url``."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}/token"

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

    def __enter__(self) -> Self:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # as http.server wants it
                size = int(self.headers.get("Content-Length", "0"))
                form = parse_qs(self.rfile.read(size).decode())
                status, given = endpoint.answer({name: each[0] for name, each in form.items()})
                body = json.dumps(given).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
