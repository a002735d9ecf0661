"""The built-in tracker: cases in a small SQLite file, for who has no tracker."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one tracker."""
    from upheld_builtin.adapter import Builtin

    return [Builtin]
