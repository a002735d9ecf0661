"""The email plugin: a mailbox as a conversation, over IMAP and SMTP."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one notifier."""
    from upheld_email.adapter import Email

    return [Email]
