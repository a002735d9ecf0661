"""The probes: HTTP, TCP, TLS, DNS, ping, SMTP, IMAP."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings a class for each protocol."""
    from upheld_probes.http import Http
    from upheld_probes.tcp import Tcp

    return [Http, Tcp]
