"""The PagerDuty plugin: pages through the Events API v2."""

from __future__ import annotations

from typing import Any

from upheld.plugin import Connection, Probe, hookimpl


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """Brings one notifier."""
    from upheld_pagerduty.adapter import PagerDuty

    return [PagerDuty]
