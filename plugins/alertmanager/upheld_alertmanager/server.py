"""A real Alertmanager on free ports of this machine, and a door that keeps what it sends, for the tests.

It is Debian's (``apt-get install prometheus-alertmanager``); nothing is left running. Use both in a
``with``.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

import requests

from upheld.simulator import Asked, LocalServer, Reply

_PATH: Final = "/usr/bin:/usr/local/bin"
_PROGRAM: Final = "prometheus-alertmanager"
_SECONDS: Final = 15.0


def installed() -> str | None:
    """Why there is no Alertmanager here; None where there is."""
    if shutil.which(_PROGRAM, path=_PATH):
        return None
    return "no Alertmanager here: apt-get install prometheus-alertmanager"


class Sink:
    """A door on a free port that keeps what comes; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.came: list[Asked] = []
        self.status = 200
        self._changed = threading.Condition()
        self._server = LocalServer(self._took)

    @property
    def url(self) -> str:
        """Where it stands."""
        return self._server.url

    def wait_for(self, wanted: Callable[[Asked], bool]) -> Asked:
        """The newest that is wanted, once there is one; ``TimeoutError`` after a while."""

        def found() -> Asked | None:
            return next((each for each in reversed(self.came) if wanted(each)), None)

        with self._changed:
            came = self._changed.wait_for(found, _SECONDS)
        if came is None:
            raise TimeoutError(f"it did not come; {len(self.came)} others did")
        return came

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.close()

    def _took(self, asked: Asked) -> Reply:
        with self._changed:
            self.came.append(asked)
            self._changed.notify_all()
            return Reply(self.status)


class Server:
    """Alertmanager with a configuration (YAML, as its documentation has it), in a folder of its own."""

    def __init__(self, folder: Path, configuration: str) -> None:
        self._folder, self._configuration = folder, configuration
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of this machine is of no use to loopback
        self._process: subprocess.Popen[bytes]
        self._port = 0

    @property
    def url(self) -> str:
        """Where its own page is."""
        return f"http://127.0.0.1:{self._port}"

    def post(self, alerts: list[Mapping[str, Any]]) -> None:
        """What Prometheus sends: alerts that fire, or have ended."""
        url = f"{self.url}/api/v2/alerts"
        self._session.post(url, json=alerts, timeout=_SECONDS).raise_for_status()

    @property
    def log(self) -> str:
        """What it says of itself."""
        return self._folder.joinpath("alertmanager.out").read_text(encoding="utf-8")

    def __enter__(self) -> Self:
        self._folder.mkdir(exist_ok=True)
        file = self._folder / "alertmanager.yml"
        file.write_text(self._configuration, encoding="utf-8")
        self._port = _free()
        with self._folder.joinpath("alertmanager.out").open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603  Debian's own program
                [
                    shutil.which(_PROGRAM, path=_PATH) or _PROGRAM,
                    f"--config.file={file}",
                    f"--storage.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                    "--cluster.listen-address=",
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            self._answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._session.close()
        self._process.kill()  # it has nothing to save
        self._process.wait()

    def _answers(self) -> None:
        for _ in range(int(_SECONDS / 0.05)):
            if self._process.poll() is not None:
                raise RuntimeError(f"Alertmanager ended: {self.log[-1000:]}")
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"Alertmanager does not answer on port {self._port}")


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])
