"""The terminal plugin: messages as readable blocks on stderr or in a file."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one notifier."""
    from upheld_terminal.adapter import Terminal

    return [Terminal]
