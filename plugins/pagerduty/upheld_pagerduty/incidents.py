"""What PagerDuty does with events, for the simulator: incidents by dedup_key. No network.

Traps that are kept: 202 says accepted, not delivered; an unknown key is dropped without a word;
a trigger on an open key appends and notifies nobody; after a resolve it opens a new incident.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

A_MINUTE: Final = timedelta(seconds=60)
MOST: Final = 120
_ACTIONS: Final = ("trigger", "acknowledge", "resolve")
_SEVERITIES: Final = ("critical", "error", "warning", "info")


class Status(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass
class Incident:
    """One incident; ``log`` holds what was done to it and when, its opening first."""

    dedup_key: str
    summary: str
    severity: str
    opened: datetime
    status: Status = Status.TRIGGERED
    log: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it is not resolved."""
        return self.status is not Status.RESOLVED


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it came in. ``dropped``: accepted, and had no effect."""

    at: datetime
    action: str
    dedup_key: str
    dropped: bool
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the endpoint answers."""

    status: int
    body: Mapping[str, Any]
    retry_after: int | None = None


def invalid(*errors: str) -> Reply:
    """A 400, as PagerDuty writes it."""
    said = {"status": "invalid event", "message": "Event object is invalid", "errors": [*errors]}
    return Reply(400, said)


class Incidents:
    """The state machine behind the endpoint, for the integration keys that it knows."""

    def __init__(self, keys: frozenset[str]) -> None:
        self.keys = keys
        self.incidents: list[Incident] = []
        self.received: list[Event] = []
        self._recent: dict[str, deque[datetime]] = {}

    def take(self, event: Any, at: datetime) -> Reply:
        """Process one event at an instant of policy time."""
        errors = list(_errors(event))
        if errors:
            return invalid(*errors)
        if not self._within_rate(event["routing_key"], at):
            said = {
                "status": "throttle exceeded",
                "message": "Requests for this key are arriving too quickly",
            }
            return Reply(429, said, retry_after=30)
        key = event.get("dedup_key") or f"generated-{len(self.received) + 1}"
        known = event["routing_key"] in self.keys
        had_effect = known and self._apply(event, key, at)
        self.received.append(Event(at, event["event_action"], key, not had_effect, event))
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _within_rate(self, key: str, at: datetime) -> bool:
        recent = self._recent.setdefault(key, deque())
        while recent and recent[0] <= at - A_MINUTE:
            recent.popleft()
        if len(recent) >= MOST:
            return False
        recent.append(at)
        return True

    def _apply(self, event: Mapping[str, Any], key: str, at: datetime) -> bool:
        found = next((i for i in self.incidents if i.open and i.dedup_key == key), None)
        action: str = event["event_action"]
        if found is None:
            if action == "trigger":
                self._open(event["payload"], key, at)
            return action == "trigger"
        if action != "trigger":
            found.status = Status.RESOLVED if action == "resolve" else Status.ACKNOWLEDGED
        found.log.append((at, action))
        return True

    def _open(self, payload: Mapping[str, Any], key: str, at: datetime) -> None:
        incident = Incident(key, payload["summary"], payload["severity"], at)
        incident.log.append((at, "trigger"))
        self.incidents.append(incident)


def _errors(event: Any) -> Iterator[str]:
    if not isinstance(event, dict):
        yield "'event' must be an object"
        return
    if len(str(event.get("routing_key", ""))) != 32:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    if event.get("event_action") not in _ACTIONS:
        yield "'event_action' must be one of trigger, acknowledge, resolve"
    elif event["event_action"] == "trigger":
        yield from _payload_errors(event.get("payload"))
    elif not event.get("dedup_key"):
        yield "'dedup_key' is missing or blank"
    if len(str(event.get("dedup_key", ""))) > 255:
        yield "Length of 'dedup_key' is too long (maximum 255 characters)"


def _payload_errors(payload: Any) -> Iterator[str]:
    if not isinstance(payload, dict):
        yield "'payload' is missing or blank"
        return
    yield from (
        f"'payload.{name}' is missing or blank"
        for name in ("summary", "source", "severity")
        if not payload.get(name)
    )
    if payload.get("severity") not in (None, *_SEVERITIES):
        yield f"'payload.severity' is invalid (must be one of {', '.join(_SEVERITIES)})"
    if len(str(payload.get("summary", ""))) > 1024:
        yield "Length of 'payload.summary' is too long (maximum 1024 characters)"
