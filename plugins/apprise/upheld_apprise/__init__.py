"""The Apprise plugin: a hundred channels more, one way."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one notifier."""
    from upheld_apprise.adapter import Apprise

    return [Apprise]
