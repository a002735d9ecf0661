"""Real servers on real sockets, which can be stopped, made to hang, and started again at the same port."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Server:
    """A web server on this machine. ``taken`` counts the requests that it got. Use it in a ``with``."""

    def __init__(self) -> None:
        self.status, self.body, self.taken = 200, b"well", 0
        #: Cleared: requests are taken and not answered until it is set again.
        self.answers = threading.Event()
        self.answers.set()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def place(self) -> str:
        """The same as ``host:port``."""
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, where it listened before."""
        self._server = _Http(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Nobody listens there any more."""
        server, self._server = self._server, None
        self.answers.set()
        if server is not None:
            server.shutdown()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.taken += 1
                server.answers.wait()
                self.send_response(server.status)
                self.send_header("Content-Length", str(len(server.body)))
                self.end_headers()
                self.wfile.write(server.body)

            def log_message(self, *_line: Any) -> None:
                """Nobody reads it."""

        return Handler


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, *_request: Any) -> None:
        """Whoever hangs up in the middle is no fault of the server's."""
