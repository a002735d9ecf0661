"""What PagerDuty does with events, for the simulator: incidents by dedup_key. No network.

Traps that are kept: 202 says accepted, not delivered; an unknown key is dropped without a word;
a trigger on an open key appends and notifies nobody; after a resolve it opens a new incident; with nobody
on call an event opens none; the incident that it opens has no key, but for that of its alert.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

A_MINUTE: Final = timedelta(seconds=60)
MOST: Final = 120
_ACTIONS: Final = ("trigger", "acknowledge", "resolve")
_SEVERITIES: Final = ("critical", "error", "warning", "info")


#: The one service, and the user who is on call for it.
SERVICE: Final = "PSERVICE1"
ON_CALL: Final = "PONCALL1"


class Status(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an incident's log: what was done, when, and by or to which user (None: by no person)."""

    id: str
    at: datetime
    action: str
    user: str | None = None


@dataclass
class Incident:
    """One incident; ``log`` holds what was done to it and when, its opening first, ``entries`` the same as
    the REST API tells it. ``assignees`` are ids of users; without any it pages nobody. ``by_event``: the
    key is its alert's, and it has none of its own."""

    dedup_key: str
    summary: str
    severity: str
    opened: datetime
    status: Status = Status.TRIGGERED
    log: list[tuple[datetime, str]] = field(default_factory=list)
    number: int = 1
    service: str = SERVICE
    details: str = ""
    assignees: tuple[str, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    by_event: bool = False

    @property
    def key(self) -> dict[str, str]:
        """Its own key, where it has one."""
        return {} if self.by_event else {"incident_key": self.dedup_key}

    @property
    def id(self) -> str:
        """As the REST API calls it."""
        return f"Q{self.number:06}"

    @property
    def open(self) -> bool:
        """Whether it is not resolved."""
        return self.status is not Status.RESOLVED

    def note(self, at: datetime, action: str, user: str | None = None) -> None:
        """Write a line of its log."""
        self.log.append((at, action))
        self.entries.append(Entry(f"R{self.number:06}{len(self.entries):03}", at, action, user))


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
    headers: Mapping[str, str] = field(default_factory=dict)


def invalid(*errors: str) -> Reply:
    """A 400, as PagerDuty writes it."""
    said = {"status": "invalid event", "message": "Event object is invalid", "errors": [*errors]}
    return Reply(400, said)


#: Hears of every change: the type of event, the incident, when, and the user who did it.
Told: TypeAlias = Callable[[str, Incident, datetime, str | None], None]


def _unheard(_kind: str, _incident: Incident, _at: datetime, _user: str | None) -> None:
    """Nobody subscribed."""


class Incidents:
    """The state machine behind the endpoint, for the integration keys that it knows."""

    def __init__(self, keys: frozenset[str], told: Told = _unheard) -> None:
        self.keys, self.told, self.service = keys, told, SERVICE
        #: Whoever is on call for the service. Nobody: an event opens no incident at all.
        self.on_call: tuple[str, ...] = (ON_CALL,)
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

    def find(self, key: str, *, still_open: bool = True) -> Incident | None:
        """The newest incident of a key."""
        found = (i for i in reversed(self.incidents) if i.dedup_key == key)
        return next((i for i in found if i.open or not still_open), None)

    def change(
        self, found: Incident, status: Status, at: datetime, user: str | None = None
    ) -> None:
        """Somebody acknowledges or resolves it; ``user`` None is an integration."""
        found.status = status
        found.note(at, "acknowledge" if status is Status.ACKNOWLEDGED else "resolve", user)
        self._tell(found, status.value, at, user)

    def open(
        self, found: Incident, at: datetime, assignees: tuple[str, ...] | None = None
    ) -> Incident:
        """A new incident; without ``assignees`` whoever is on call for the service is paged."""
        found.assignees = self.on_call if assignees is None else assignees
        found.number = len(self.incidents) + 1
        self.incidents.append(found)
        found.note(at, "trigger")
        for user in found.assignees:
            found.entries.append(Entry(f"N{found.number:06}{user}", at, "notify", user))
        self._tell(found, "triggered", at, None)
        return found

    def _apply(self, event: Mapping[str, Any], key: str, at: datetime) -> bool:
        found = self.find(key)
        action: str = event["event_action"]
        if found is None:
            opens = action == "trigger" and bool(self.on_call)
            if opens:
                payload = event["payload"]
                severity = payload["severity"]
                self.open(Incident(key, payload["summary"], severity, at, by_event=True), at)
            return opens
        if action == "trigger":
            found.note(at, action)
        else:
            status = Status.RESOLVED if action == "resolve" else Status.ACKNOWLEDGED
            self.change(found, status, at)
        return True

    def _tell(self, found: Incident, what: str, at: datetime, user: str | None) -> None:
        self.told(f"incident.{what}", found, at, user)


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
