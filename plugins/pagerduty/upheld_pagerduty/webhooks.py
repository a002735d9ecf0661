"""PagerDuty's webhooks v3, for the simulator: signed, in order, sent again; silent after three drops.

``deliver`` sends what is due when a test says so: nothing happens in the background.
"""

from __future__ import annotations

import hmac
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeAlias

from upheld_pagerduty.incidents import Incident

#: Sends a body with headers; the status that came, None where nothing did.
Post: TypeAlias = Callable[[bytes, Mapping[str, str]], int | None]
DROPS: Final = 3
SILENT: Final = timedelta(hours=24)
KEPT: Final = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One event that is to be told, under an id that it keeps."""

    id: str
    incident: str
    since: datetime
    body: bytes


@dataclass
class Subscription:
    """A subscription; ``secrets`` has two while one is replaced."""

    post: Post
    secrets: tuple[str, ...]
    queue: deque[Waiting] = field(default_factory=deque)
    drops: int = 0
    silent_until: datetime | None = None
    count: int = 0

    def hear(self, event: dict[str, Any], incident: str, at: datetime) -> None:
        """An event happened."""
        self.count += 1
        body = json.dumps({"event": event}).encode()
        self.queue.append(Waiting(f"webhook-{self.count}", incident, at, body))

    def deliver(self, at: datetime) -> list[int | None]:
        """Tell all that is due, oldest first; what fails holds back the later events of its incident."""
        if self.silent_until is not None and at < self.silent_until:
            return []
        statuses: list[int | None] = []
        held = set[str]()
        waiting, self.queue = self.queue, deque()
        for each in waiting:
            if each.incident in held or self.silent_until is not None:
                self.queue.append(each)
                continue
            status = self.post(each.body, self._headers(each))
            statuses.append(status)
            if self._again(status) and at - each.since < KEPT:
                held.add(each.incident)
                self.queue.append(each)
            else:
                self._counted(status, at)
        return statuses

    def _again(self, status: int | None) -> bool:
        return status is None or status == 429 or status >= 500

    def _counted(self, status: int | None, at: datetime) -> None:
        self.drops = 0 if status is not None and status < 300 else self.drops + 1
        self.silent_until = at + SILENT if self.drops >= DROPS else None

    def _headers(self, each: Waiting) -> dict[str, str]:
        made = (hmac.new(secret.encode(), each.body, sha256).hexdigest() for secret in self.secrets)
        return {
            "Content-Type": "application/json",
            "X-PagerDuty-Signature": ",".join(f"v1={each}" for each in made),
            "X-Webhook-Id": each.id,
        }


def event(
    kind: str, incident: Incident, at: datetime, user: str | None, users: Mapping[str, str]
) -> dict[str, Any]:
    """The event as its body has it."""
    people = [_user(each, users) for each in incident.assignees]
    return {
        "id": f"{incident.id}-{kind}-{len(incident.entries)}",
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "agent": _user(user, users)
        if user
        else {"id": incident.service, "type": "service_reference"},
        "client": None,
        "data": {
            "id": incident.id,
            "type": "incident",
            "number": incident.number,
            "status": incident.status.value,
            **incident.key,
            "title": incident.summary,
            "assignees": people,
            "html_url": f"https://magnolia.pagerduty.com/incidents/{incident.id}",
        },
    }


def _user(found: str, users: Mapping[str, str]) -> dict[str, Any]:
    return {"id": found, "type": "user_reference", "summary": users.get(found, found)}
