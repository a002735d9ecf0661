"""The heartbeat plugin: a URL that backups and cron jobs call."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one connection."""
    from upheld_heartbeat.adapter import Heartbeat

    return [Heartbeat]
