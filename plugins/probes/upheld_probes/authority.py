"""Certificates of our own making for targets on this machine, by the command `openssl`."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Final

_SETTINGS: Final = """
[ca]
default_ca = ours
[ours]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
basicConstraints = CA:true
subjectAltName = {names}
"""


def missing() -> str | None:
    """Why none can be made here; None where they can."""
    return None if shutil.which("openssl") else "there is no `openssl` here to make certificates"


def certificate(folder: Path, begins: datetime, ends: datetime, names: str = "IP:127.0.0.1") -> str:
    """A file with a key and its certificate, which is its own authority. ``folder`` is an empty one."""
    folder.joinpath("settings").write_text(_SETTINGS.format(names=names), encoding="ascii")
    folder.joinpath("index").touch()
    folder.joinpath("serial").write_text("01\n", encoding="ascii")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _run(folder, "req", *curve, "-subj", "/CN=target", "-keyout", "key", "-out", "request")
    valid = ("-startdate", f"{begins:%Y%m%d%H%M%SZ}", "-enddate", f"{ends:%Y%m%d%H%M%SZ}")
    given = ("-in", "request", "-keyfile", "key", "-selfsign", "-notext", "-batch")
    _run(folder, "ca", "-config", "settings", *given, *valid, "-out", "certificate")
    both = folder / "target.pem"
    both.write_bytes(
        folder.joinpath("key").read_bytes() + folder.joinpath("certificate").read_bytes()
    )
    return str(both)


def serving(pem: str) -> ssl.SSLContext:
    """For a server that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def _run(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607
