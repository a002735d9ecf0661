"""The Alertmanager plugin: alerts of Prometheus become readings of monitors."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one connection."""
    from upheld_alertmanager.adapter import Alertmanager

    return [Alertmanager]
