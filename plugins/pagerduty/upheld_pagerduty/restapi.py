"""PagerDuty's REST API v2 over the simulated incidents, as its OpenAPI document has it. No network.

Traps that are kept: an incident of a key that is open rejects another; who acknowledges what is
acknowledged gets an error; a direct assignment pages exactly those; lists come newest first in pages.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from upheld_pagerduty.incidents import Entry, Incident, Incidents, Reply, Status

TOKEN: Final = "u+SimulatedTokenOf20"  # noqa: S105  of the simulator alone
SENDER: Final = "upheld@magnolia.example"
#: The user behind ``SENDER``.
USER: Final = "PUPHELD1"
MOST: Final = 960
_A_MINUTE: Final = timedelta(seconds=60)
_A_DAY: Final = timedelta(days=1)
_INCIDENT: Final = re.compile(r"/incidents/([A-Z0-9]+)")
_ALERTS: Final = re.compile(r"/incidents/([A-Z0-9]+)/alerts")
_SERVICE: Final = re.compile(r"/services/([A-Z0-9]+)")
_WORDS: Final = {
    "trigger": "trigger_log_entry",
    "notify": "notify_log_entry",
    "acknowledge": "acknowledge_log_entry",
    "resolve": "resolve_log_entry",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, in pieces."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: Any) -> Asked:
        """From a request line; names of headers in lower case."""
        parts = urlsplit(target)
        return cls(method, parts.path, parse_qs(parts.query), headers, body)

    def one(self, name: str, otherwise: str = "") -> str:
        """The first value of a parameter."""
        return self.query.get(name, [otherwise])[0]


@dataclass
class RestApi:
    """One account. ``schedules`` maps a schedule to the users on call for it, ``coming`` to those who have
    the turns of the next days, ``users`` ids of people to names, ``names`` those of
    all else."""

    desk: Incidents
    users: dict[str, str] = field(default_factory=lambda: {USER: "Upheld"})
    schedules: dict[str, tuple[str, ...]] = field(default_factory=dict)
    coming: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    recent: deque[datetime] = field(default_factory=deque)

    def take(self, asked: Asked, at: datetime) -> Reply:
        """The answer to one request at an instant of policy time."""
        if asked.headers.get("authorization") != f"Token token={TOKEN}":
            return failed(401, 2006, "Authorization failed")
        wait = self._wait(at)
        if wait:
            limited = failed(429, 2020, "Rate Limit Exceeded")
            return Reply(429, limited.body, headers={"ratelimit-reset": str(wait)})
        for method, pattern, answer in self._routes():
            found = re.fullmatch(pattern, asked.path)
            if found and method == asked.method:
                return answer(asked, at, *found.groups())
        return failed(404, 2100, "Not Found")

    def _routes(self) -> Iterator[tuple[str, str | re.Pattern[str], Callable[..., Reply]]]:
        yield "GET", "/abilities", lambda *_: Reply(200, {"abilities": ["sso"]})
        yield "GET", "/incidents", self._listed
        yield "POST", "/incidents", self._created
        yield "PUT", _INCIDENT, self._changed
        yield "GET", _ALERTS, self._alerts
        yield "GET", "/log_entries", self._logged
        yield "GET", "/oncalls", self._on_call
        yield "GET", _SERVICE, self._service

    def _wait(self, at: datetime) -> int:
        while self.recent and self.recent[0] <= at - _A_MINUTE:
            self.recent.popleft()
        if len(self.recent) >= MOST:
            return 60
        self.recent.append(at)
        return 0

    def _listed(self, asked: Asked, _at: datetime) -> Reply:
        statuses, services = asked.query.get("statuses[]"), asked.query.get("service_ids[]")
        key = asked.one("incident_key")
        found = [
            self.shown(each)
            for each in reversed(self.desk.incidents)
            if (not key or each.dedup_key == key)
            and (not statuses or each.status.value in statuses)
            and (not services or each.service in services)
        ]
        return _paged("incidents", found, asked)

    def _created(self, asked: Asked, at: datetime) -> Reply:
        if asked.headers.get("from") != SENDER:
            return failed(400, 2001, "Invalid Input Provided", "Requester User Not Found")
        given = asked.body["incident"]
        key, service = given.get("incident_key") or "", given["service"]["id"]
        if service != self.desk.service:
            return failed(400, 2001, "Invalid Input Provided", "Service Not Found")
        if key and self.desk.find(key) is not None:
            said = "Open incident with matching dedup key already exists on this service"
            return failed(400, 2001, "Invalid Input Provided", said)
        severity = "critical" if given.get("urgency", "high") == "high" else "warning"
        details = (given.get("body") or {}).get("details", "")
        made = Incident(key, given["title"], severity, at, service=service, details=details)
        people = tuple(each["assignee"]["id"] for each in given.get("assignments") or ())
        self.desk.open(made, at, people or None)
        return Reply(201, {"incident": self.shown(made)})

    def _changed(self, asked: Asked, at: datetime, which: str) -> Reply:
        found = next((each for each in self.desk.incidents if each.id == which), None)
        if found is None:
            return failed(404, 5001, "Incident Not Found")
        if asked.headers.get("from") != SENDER:
            return failed(400, 2001, "Invalid Input Provided", "Requester User Not Found")
        status = Status(asked.body["incident"]["status"])
        if not found.open:
            return failed(400, 1001, "Incident Already Resolved")
        if found.status is status:
            return failed(400, 1002, "Incident Already Acknowledged")
        self.desk.change(found, status, at, USER)
        return Reply(200, {"incident": self.shown(found)})

    def _alerts(self, asked: Asked, _at: datetime, which: str) -> Reply:
        found = next((each for each in self.desk.incidents if each.id == which), None)
        if found is None:
            return failed(404, 2100, "Not Found")
        return _paged("alerts", [self._alert(found)] if found.by_event else [], asked)

    def _alert(self, incident: Incident) -> dict[str, Any]:
        return {
            "id": f"A{incident.number:06}",
            "type": "alert",
            "summary": incident.summary,
            "created_at": _time(incident.opened),
            "status": "triggered" if incident.open else "resolved",
            "alert_key": incident.dedup_key,
            "suppressed": False,
            "severity": incident.severity,
            "service": self._reference("service", incident.service),
            "incident": self._reference("incident", incident.id),
        }

    def _logged(self, asked: Asked, _at: datetime) -> Reply:
        since = asked.one("since")
        begin = datetime.fromisoformat(since) if since else None
        whole = "incidents" in asked.query.get("include[]", [])
        found = [
            (entry, incident)
            for incident in self.desk.incidents
            for entry in incident.entries
            if begin is None or entry.at >= begin
        ]
        found.sort(key=lambda each: each[0].at, reverse=True)
        return _paged("log_entries", [self._entry(*each, whole=whole) for each in found], asked)

    def _on_call(self, asked: Asked, at: datetime) -> Reply:
        schedules = asked.query.get("schedule_ids[]", [])
        found = [
            self._turn(user, schedule, at - _A_DAY)
            for schedule in schedules
            for user in self.schedules.get(schedule, ())
        ]
        if "until" in asked.query:  # not only now: the last first, for nobody promises an order
            found += [
                self._turn(user, schedule, at + day * _A_DAY)
                for schedule in schedules
                for day, user in reversed([*enumerate(self.coming.get(schedule, ()), 1)])
            ]
        return _paged("oncalls", found, asked)

    def _turn(self, user: str, schedule: str, since: datetime) -> dict[str, Any]:
        return {
            "user": self._reference("user", user),
            "schedule": self._reference("schedule", schedule),
            "escalation_policy": self._reference("escalation_policy", "PPOLICY1"),
            "escalation_level": 1,
            "start": _time(since),
            "end": _time(since + 2 * _A_DAY),
        }

    def _service(self, _asked: Asked, _at: datetime, which: str) -> Reply:
        if which != self.desk.service:
            return failed(404, 2100, "Not Found")
        service = self._reference("service", which) | {"type": "service", "name": which}
        policy = self._reference("escalation_policy", "PPOLICY1")
        return Reply(200, {"service": service | {"status": "active", "escalation_policy": policy}})

    def shown(self, incident: Incident) -> dict[str, Any]:
        """An incident as lists and answers have it."""
        people = [
            {"at": _time(incident.opened), "assignee": self._reference("user", user)}
            for user in (incident.assignees if incident.open else ())
        ]
        count = int(incident.by_event)
        return {
            "id": incident.id,
            "type": "incident",
            "summary": f"[#{incident.number}] {incident.summary}",
            "self": None,
            "html_url": f"https://magnolia.pagerduty.com/incidents/{incident.id}",
            "incident_number": incident.number,
            "title": incident.summary,
            "created_at": _time(incident.opened),
            "status": incident.status.value,
            **incident.key,
            "alert_counts": {
                "all": count,
                "triggered": count * incident.open,
                "resolved": count * (not incident.open),
            },
            "urgency": "high" if incident.severity == "critical" else "low",
            "service": self._reference("service", incident.service),
            "assignments": people,
        }

    def _entry(self, entry: Entry, incident: Incident, *, whole: bool) -> dict[str, Any]:
        reference = self._reference("incident", incident.id)
        by = entry.user if entry.action != "notify" else None
        agent = ("user", by) if by else ("service", incident.service)
        found = {
            "id": entry.id,
            "type": _WORDS[entry.action],
            "summary": f"{_WORDS[entry.action].partition('_')[0]} {self.users.get(entry.user or '', '')}",
            "self": None,
            "html_url": None,
            "created_at": _time(entry.at),
            "agent": self._reference(*agent),
            "channel": {"type": "website" if by else "auto"},
            "incident": self.shown(incident) if whole else reference,
            "service": self._reference("service", incident.service),
        }
        return found | ({"user": self._reference("user", entry.user)} if by != entry.user else {})

    def _reference(self, kind: str, found: str | None) -> dict[str, Any]:
        summary = {**self.users, **self.names}.get(found or "", found)
        return {
            "id": found,
            "type": f"{kind}_reference",
            "summary": summary,
            "self": None,
            "html_url": None,
        }


def failed(status: int, code: int, message: str, *errors: str) -> Reply:
    """An error, as the REST API writes it."""
    return Reply(status, {"error": {"message": message, "code": code, "errors": [*errors]}})


def _paged(name: str, found: list[dict[str, Any]], asked: Asked) -> Reply:
    limit, offset = int(asked.one("limit", "25")), int(asked.one("offset", "0"))
    more = len(found) > offset + limit
    body = {"limit": limit, "offset": offset, "more": more, "total": None}
    return Reply(200, {name: found[offset : offset + limit], **body})


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
