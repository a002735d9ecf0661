"""What a reading came to, and whose fault an error is. Pure.

What goes wrong on our own side is ``INCONCLUSIVE``: no case may open because we ran out of sockets.
"""

from __future__ import annotations

import errno
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from upheld.plugin import Health

#: Characters of what a far end says that go into a detail.
SAID: Final = 100

_OURS: Final = {
    errno.EMFILE: "this process has no file descriptor left: raise its limit (LimitNOFILE)",
    errno.ENFILE: "this machine has no file descriptor left: raise fs.file-max",
    errno.ENOBUFS: "this machine has no memory left for sockets",
    errno.ENOMEM: "this machine has no memory left",
    errno.EADDRNOTAVAIL: "this machine has no address or local port left for it",
    errno.EADDRINUSE: "this machine has no local port left for it",
    errno.EACCES: "this machine forbids it: look at its firewall",
    errno.EPERM: "this machine forbids it: look at its firewall",
    errno.EAFNOSUPPORT: "this machine does not speak that kind of address",
    errno.ENETDOWN: "the network of this machine is down",
    errno.ENETUNREACH: "there is no way from here to its network",
}
_THEIRS: Final = {
    errno.ECONNREFUSED: "connection refused: nobody listens there",
    errno.ECONNRESET: "it cut the connection",
    errno.ECONNABORTED: "it cut the connection",
    errno.EPIPE: "it cut the connection",
    errno.EHOSTUNREACH: "its network says that the host is not there",
    errno.EHOSTDOWN: "its network says that the host is not there",
    errno.ETIMEDOUT: "it does not answer",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a target came to."""

    state: Health
    detail: str = ""
    version: str | None = None

    def but(self, *warnings: str | None) -> Seen:
        """Degraded, where it is up and one of these is to be told."""
        told = [each for each in warnings if each]
        if self.state is not Health.UP or not told:
            return self
        return replace(self, state=Health.DEGRADED, detail="; ".join(told))


class Settled(Exception):
    """The look ends here, with ``seen``."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(seen.detail)
        self.seen = seen


def up(detail: str, version: str | None = None) -> Seen:
    """It is well."""
    return Seen(Health.UP, plain(detail), version)


def down(detail: str) -> Settled:
    """It is not well, and that is known."""
    return Settled(Seen(Health.DOWN, detail))


def inconclusive(detail: str) -> Settled:
    """Nothing is known of it, for a reason on our own side."""
    return Settled(Seen(Health.INCONCLUSIVE, detail))


def of_error(error: Exception, doing: str) -> Seen:
    """What an error means. One that has no place here is a fault of the probe, which is ours."""
    if isinstance(error, Settled):
        return error.seen
    if isinstance(error, ssl.SSLError):
        return Seen(Health.DOWN, _of_tls(error))
    if isinstance(error, EOFError):
        return Seen(Health.DOWN, "it ended its answer half way")
    code = errno.ETIMEDOUT if isinstance(error, TimeoutError) else getattr(error, "errno", None)
    if isinstance(error, OSError) and code in _THEIRS:
        return Seen(Health.DOWN, f"{_THEIRS[code]} ({doing})")
    why = _OURS.get(code or 0, f"the probe failed with {type(error).__name__}")
    return Seen(Health.INCONCLUSIVE, f"{why} ({doing})")


def _of_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate can't be trusted: {plain(error.verify_message)}"
    if isinstance(error, ssl.SSLEOFError):
        return "it cut the connection in the middle of TLS"
    return f"TLS fails: {plain(error.reason or type(error).__name__).lower().replace('_', ' ')}"


def ending(host: str, ends: datetime | None, now: datetime, days: float) -> str | None:
    """What to say of a certificate that ends soon; None where it does not, or there is none."""
    if ends is None:
        return None
    left = (ends - now).total_seconds() / 86_400
    if not days or left > days:
        return None
    words = f"{left:.0f} days" if left >= 2 else f"{max(left * 24, 0):.0f} hours"
    return f"certificate of {host} ends in {words}, on {ends:%Y-%m-%d %H:%M} UTC"


def end_of(certificate: object) -> datetime | None:
    """When a certificate ends, as `ssl.SSLObject.getpeercert` gives it."""
    given = certificate.get("notAfter") if isinstance(certificate, dict) else None
    return given and datetime.fromtimestamp(ssl.cert_time_to_seconds(given), UTC)


def plain(text: str, most: int = SAID) -> str:
    """A far end's words as one harmless line."""
    kept = "".join(each if each.isprintable() else " " for each in text[: most * 4])
    line = " ".join(kept.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
