"""The line to a server: opened within a time, and encrypted to somebody who is who he says."""

from __future__ import annotations

import socket
import ssl
import time

from upheld.plugin import Misconfigured
from upheld_email.config import Endpoint


def connected(host: str, port: int, seconds: float) -> socket.socket:
    """A TCP connection within ``seconds`` in all, whatever the number of addresses: each gets its
    share of what is left. Raises ``OSError``.

    (The standard library gives every address the whole time; large providers have eight.)
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    until, failed = time.monotonic() + seconds, OSError("it has no address")
    for number, (*_, (ip, *_)) in enumerate(found):
        share = max(until - time.monotonic(), 0.05) / (len(found) - number)
        try:
            opened = socket.create_connection((str(ip), port), share)
        except OSError as error:
            failed = error
        else:
            opened.settimeout(seconds)
            # The end of a mail that is filed goes by itself, and would wait for the server's
            # acknowledgement of the rest: 40 ms a mail (RFC 896).
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
    raise failed


def trusted(ca_file: str | None) -> ssl.SSLContext:
    """Verifies certificates and host names; `Misconfigured` where ``ca_file`` holds no authority."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        what = f"`ca_file` {ca_file} can't be read as certificates ({type(error).__name__})"
        raise Misconfigured(what, "set it to a PEM file that is there and may be read") from error


def untrusted(where: Endpoint, error: ssl.SSLCertVerificationError) -> Misconfigured:
    """What to say of a server whose certificate does not hold."""
    what = f"the certificate of {where} can't be verified: {error.verify_message}"
    return Misconfigured(what, "set `ca_file` where the authority is your own")
