"""A real server on this machine: a page at ``/`` and at ``/health``, nothing elsewhere."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class _Page(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200 if self.path in {"/", "/health"} else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        pass


class _Server(ThreadingHTTPServer):
    asked: list[str]


class Answering:
    """Use it in a ``with``. ``asked`` are the paths that it was asked for."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Page)
        self._server.asked = []
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def asked(self) -> list[str]:
        return self._server.asked
