"""The probes: HTTP, TCP, TLS, DNS, ping, SMTP, IMAP."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings a class for each protocol."""
    from upheld_probes.dns import Dns
    from upheld_probes.http import Http
    from upheld_probes.mail import Imap, Smtp
    from upheld_probes.ping import Ping
    from upheld_probes.tcp import Tcp
    from upheld_probes.tls import Certificate

    return [Dns, Http, Imap, Ping, Smtp, Tcp, Certificate]
