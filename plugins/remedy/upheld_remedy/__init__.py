"""BMC Remedy and Helix ITSM, for Upheld."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one tracker."""
    from upheld_remedy.adapter import Remedy

    return [Remedy]
