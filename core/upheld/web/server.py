"""The listener: its socket is bound before anything runs, so a taken port is told at once."""

from __future__ import annotations

import errno
import socket
import threading
from dataclasses import dataclass, field
from typing import Final

import uvicorn
from fastapi import FastAPI

from upheld.errors import ConfigError

#: Connections beyond these are answered 503 by uvicorn itself.
_AT_A_TIME: Final = 64
_FINISH: Final = 5.0


@dataclass
class Door:
    """An application on an address. ``port`` is the one that was asked for, or was free (port 0)."""

    app: FastAPI
    listen: str
    _socket: socket.socket = field(init=False, repr=False)
    _server: uvicorn.Server = field(init=False, repr=False)
    _thread: threading.Thread = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._socket = _bound(self.listen)
        self._port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self.app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_AT_A_TIME,
            timeout_graceful_shutdown=int(_FINISH),
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="door", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens, or listened."""
        return self._port

    def open(self) -> None:
        """Answer from now on, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Finish the answers in hand, and listen no more."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_FINISH + 1)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _bound(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, int(port)))
        bound.listen(_AT_A_TIME)  # who comes before uvicorn is up waits for it
    except OSError as error:
        bound.close()
        why = (
            "somebody listens there already" if error.errno == errno.EADDRINUSE else error.strerror
        )
        raise ConfigError(
            f"the door can't listen on {listen}: {why}",
            where="web.listen",
            do_next="end the other one, or name another port in upheld.yaml",
        ) from None
    return bound
