"""Alertmanager's webhook without Alertmanager: alerts in one group, told as version 4 tells them.

Nothing happens in the background: ``deliver`` makes what would be sent. What has ended is told once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

_NEVER: Final = "0001-01-01T00:00:00Z"


@dataclass
class AlertmanagerSimulator:
    """One group of one receiver; ``group`` are the labels that its ``group_by`` names, ``most`` is its
    ``max_alerts`` (0: none)."""

    clock: Callable[[], datetime]
    group: tuple[str, ...] = ()
    most: int = 0
    _alerts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def fire(
        self,
        labels: Mapping[str, str],
        annotations: Mapping[str, str] | None = None,
        since: datetime | None = None,
    ) -> None:
        """An alert fires since then, or still does."""
        name = _fingerprint(labels)
        before = self._alerts.get(name)
        goes_on = before is not None and before["status"] == "firing"
        began = before["startsAt"] if before and goes_on else written(since or self.clock())
        self._alerts[name] = {
            "status": "firing",
            "labels": dict(labels),
            "annotations": dict(annotations or {}),
            "startsAt": began,
            "endsAt": _NEVER,
            "generatorURL": "",
            "fingerprint": name,
        }

    def end(self, labels: Mapping[str, str]) -> None:
        """It fires no more; told with the next delivery and not again."""
        alert = self._alerts[_fingerprint(labels)]
        alert |= {"status": "resolved", "endsAt": written(self.clock())}

    def deliver(self) -> bytes:
        """The body of the next delivery."""
        alerts = list(self._alerts.values())
        self._alerts = {n: a for n, a in self._alerts.items() if a["status"] == "firing"}
        told = alerts[: self.most] if self.most else alerts
        first = alerts[0]["labels"] if alerts else {}
        group = {name: first[name] for name in self.group if name in first}
        body = {
            "receiver": "upheld",
            "status": "firing" if self._alerts else "resolved",
            "alerts": told,
            "groupLabels": group,
            "commonLabels": {},
            "commonAnnotations": {},
            "externalURL": "http://alertmanager.example:9093",
            "version": "4",
            "groupKey": "{}:{" + ", ".join(f'{n}="{v}"' for n, v in group.items()) + "}",
            "truncatedAlerts": len(alerts) - len(told),
        }
        return json.dumps(body).encode()


def written(at: datetime) -> str:
    """An instant as Alertmanager writes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _fingerprint(labels: Mapping[str, str]) -> str:
    return sha256(json.dumps(sorted(labels.items())).encode()).hexdigest()[:16]
