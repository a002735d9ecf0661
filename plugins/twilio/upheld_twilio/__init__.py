"""The Twilio plugin: SMS and spoken calls, with answers by reply and by key."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one notifier."""
    from upheld_twilio.adapter import Twilio

    return [Twilio]
