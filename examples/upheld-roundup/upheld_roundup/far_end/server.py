"""A tracker of its own, served by the real Roundup server in a process of its own."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Final, Self

USER, PASSWORD = "upheld", "canary-roundup-secret"
#: Seconds of machine time that the server may take to start.
_PATIENCE: Final = 30.0
_DUE: Final = '                assignedto=Link("user"),\n'
_KEPT: Final = frozenset({"ids", "schema", "sessions", "otks"})


class RoundupServer:
    """Roundup's classic tracker, with a due date. Use it in a ``with``.

    ``web`` is the address that people use: something may stand in front of the server's ``port``.
    Mails are written to a file.
    """

    def __init__(self, folder: Path, port: int, web: str) -> None:
        self.home, self.port, self.web = folder / "tracker", port, web
        self.mails = folder / "mails"
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._install()
        self._process = self._started()
        self._wait()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def clear(self) -> None:
        """Every item, message, file and keyword is gone, as if nothing had ever been."""
        with closing(sqlite3.connect(self.home / "db" / "db", timeout=30)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (name,) in names.fetchall():
                if name.strip("_").partition("_")[0] in {"issue", "msg", "file", "keyword"}:
                    connection.execute(f"DELETE FROM {name}")  # noqa: S608 - the schema's own names
            connection.commit()
        self.mails.write_bytes(b"")

    def _install(self) -> None:
        settings = {
            "rdbms_backend": "sqlite",
            "tracker_web": self.web,
            "mail_domain": "example.test",
            "mailhost": "127.0.0.1",
            "mail_debug": str(self.mails),
            "web_csrf_enforce_header_host": "no",
            # credentials are refused again and again here, which would lock the user out
            "web_api_failed_login_limit": "0",
            # else every request with a password takes a fifth of a second
            "password_pbkdf2_default_rounds": "1000",
        }
        given = ",".join(f"{name}={value}" for name, value in settings.items())
        self._admin("install", "classic", "sqlite", given)
        schema = self.home / "schema.py"
        text = schema.read_text(encoding="utf-8")
        assert _DUE in text, "Roundup's classic template has changed"
        schema.write_text(text.replace(_DUE, _DUE + "                due=Date(),\n", 1))
        self._admin("initialise", "secret")

    def _admin(self, *words: str) -> None:
        command = [sys.executable, "-m", "roundup.scripts.roundup_admin", "-i", str(self.home)]
        done = subprocess.run([*command, *words], capture_output=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()

    def _started(self) -> subprocess.Popen[bytes]:
        # Roundup does not run as root unless it is told to.
        as_user = ["-u", "root"] if os.getuid() == 0 else []
        command = [sys.executable, "-m", "roundup.scripts.roundup_server", *as_user]
        where = ["-t", "thread", "-n", "127.0.0.1", "-p", str(self.port), f"support={self.home}"]
        with self._log.open("wb") as log:
            return subprocess.Popen([*command, *where], stdout=log, stderr=log)  # noqa: S603

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"Roundup does not start: {self._log.read_text(errors='replace')}")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
