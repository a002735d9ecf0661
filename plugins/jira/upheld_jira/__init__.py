"""The Jira plugin: Cloud, Data Center and Service Management."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one tracker."""
    from upheld_jira.adapter import Jira

    return [Jira]
