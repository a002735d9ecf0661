"""The readings plugin: any JSON that says how something is."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one connection."""
    from upheld_readings.adapter import Readings

    return [Readings]
