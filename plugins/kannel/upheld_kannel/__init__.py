"""The Kannel plugin: SMS without a cloud, over a gateway of one's own."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one notifier."""
    from upheld_kannel.adapter import Kannel

    return [Kannel]
