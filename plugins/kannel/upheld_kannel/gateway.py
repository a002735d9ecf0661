"""A real Kannel on free ports of this machine, in front of a message centre, for the tests.

``bearerbox`` and ``smsbox`` are Debian's (``apt-get install kannel``); nothing of theirs is changed or
left running. Use it in a ``with``.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

USER: Final = "upheld"
PASSWORD: Final = "a-word-of-the-gateway"  # noqa: S105  of nobody
#: What a get-url of ours asks Kannel to fill in.
ESCAPES: Final = "from=%p&to=%P&text=%a&id=%I&charset=%C"
_PATH: Final = "/usr/sbin:/usr/bin:/usr/local/sbin"
_SECONDS: Final = 15.0
_CONFIGURATION: Final = """\
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {password}
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
box-deny-ip = "*.*.*.*"
log-file = "{folder}/bearerbox.log"
dlr-storage = internal
sms-resend-retry = 0

group = smsc
smsc = smpp
smsc-id = local
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
alt-charset = UTF-8
throughput = 0

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}
sendsms-interface = 127.0.0.1
log-file = "{folder}/smsbox.log"
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = {user}
password = {password}
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
omit-empty = true
max-messages = 0
get-url = "{hook}"
"""


def installed() -> str | None:
    """Why there is no Kannel here; None where there is."""
    missing = [each for each in ("bearerbox", "smsbox") if shutil.which(each, path=_PATH) is None]
    return f"no {' and '.join(missing)} here: apt-get install kannel" if missing else None


class Gateway:
    """Bearerbox and smsbox. ``hook`` is the URL that gets what people write, with Kannel's escapes."""

    def __init__(self, folder: Path, smsc: int, hook: str) -> None:
        self._folder, self._smsc, self._hook = folder, smsc, hook
        self._open = ExitStack()
        self.send = 0

    @property
    def url(self) -> str:
        """What goes into ``url``."""
        return f"http://127.0.0.1:{self.send}/cgi-bin/sendsms"

    def __enter__(self) -> Self:
        admin, boxes, self.send = _free(3)
        text = _CONFIGURATION.format(
            admin=admin,
            boxes=boxes,
            send=self.send,
            smsc=self._smsc,
            folder=self._folder,
            hook=self._hook,
            user=USER,
            password=PASSWORD,
        )
        self._folder.joinpath("kannel.conf").write_text(text, encoding="utf-8")
        with ExitStack() as opened:
            for name, port in (("bearerbox", boxes), ("smsbox", self.send)):
                opened.callback(_end, self._run(name))
                _answers(port, name)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def _run(self, name: str) -> subprocess.Popen[bytes]:
        program = shutil.which(name, path=_PATH) or name
        with self._folder.joinpath(f"{name}.out").open("wb") as out:
            return subprocess.Popen(  # noqa: S603  Debian's own programs
                [program, "-v", "4", "kannel.conf"],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()  # asked to end, it would wait for idle connections; it has nothing to save
    process.wait()


def _free(number: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return ports


def _answers(port: int, name: str) -> None:
    """Until somebody listens there."""
    for _ in range(int(_SECONDS / 0.05)):
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"{name} does not answer on port {port}")
