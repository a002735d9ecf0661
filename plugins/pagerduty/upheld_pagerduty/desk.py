"""Incidents over the REST API: open, find, stand down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from upheld.plugin import Address, Finding, Level, Outgoing, Permanent, Receipt, Withdrawal
from upheld_pagerduty.alerts import Alerts
from upheld_pagerduty.incident import assigned, incident, named, opened, policy
from upheld_pagerduty.rest import DONE_ALREADY, Rejected, RestClient

#: As far ahead as whoever is on call next is looked for.
_AHEAD: Final = timedelta(days=30)
_OPEN: Final = ("triggered", "acknowledged")


@dataclass(frozen=True, slots=True)
class Desk:
    """One service; ``service`` is its id, empty where only reading is wanted: then events open the
    incidents."""

    client: RestClient
    service: str
    alerts: Alerts

    def keys(self, incident: Mapping[str, Any], at: datetime | None = None) -> tuple[str, ...]:
        """Which pages an incident is of, or was at that instant. What we opened ourselves bears its key."""
        own = str(incident.get("incident_key") or "")
        return ((own,) if own else ()) if self.service else self.alerts.keys(incident, at)

    def open(self, message: Outgoing, to: Address, key: str, now: datetime) -> Receipt:
        """Create the incident. While one of the same key is open PagerDuty rejects another: that is ours,
        from before."""
        body = incident(message, to, self.service, self._whom(to, now))
        incident_key = body["incident"]["incident_key"]
        try:
            made = self.client.write("POST", "/incidents", body).get("incident") or {}
        except Rejected:
            found = self._find(incident_key, *_OPEN)
            if found is None:
                raise
            made = found
        state, said = opened(made)
        return Receipt(key, incident_key, state, now, detail=said)

    def found(self, incident_key: str, key: str, now: datetime) -> Receipt | None:
        """What became of a page whose fate nobody knows; that it was resolved since is told too."""
        found = self._find(incident_key)
        if found is None:
            return None
        state, said = opened(found)
        return Receipt(key, incident_key, state, now, detail=f"{said}; {found.get('status')}")

    def stand_down(self, incident_key: str, why: Withdrawal) -> None:
        """Acknowledge or resolve the open incident of this key; none is nobody to stand down."""
        found = self._find(incident_key, *_OPEN)
        status = "acknowledged" if why is Withdrawal.WORKED else "resolved"
        if found is None or found.get("status") == status:
            return
        change = {"incident": {"type": "incident_reference", "status": status}}
        try:
            self.client.write("PUT", f"/incidents/{found['id']}", change)
        except Rejected as error:
            if error.code not in DONE_ALREADY:
                raise

    def findings(self, name: str) -> Iterator[Finding]:
        """Whether the token is taken, and the service there."""
        self.client.read("/abilities")
        yield Finding(Level.OK, name, "the REST API takes the token")
        if self.service:
            found = self.client.read(f"/services/{self.service}").get("service") or {}
            what = f"incidents are opened on {called(found, self.service)}"
            if found.get("status") == "disabled":
                yield Finding(Level.ERROR, name, f"{what}, which is disabled", "enable the service")
            else:
                yield Finding(Level.OK, name, what)

    def _find(self, incident_key: str, *statuses: str) -> Mapping[str, Any] | None:
        """The newest incident of this key."""
        query: dict[str, Any] = {"incident_key": incident_key, "date_range": "all"}
        if self.service:
            query["service_ids_"] = self.service
        if statuses:
            query["statuses_"] = list(statuses)
        found = self.client.read("/incidents", **query).get("incidents") or []
        ours = [each for each in found if incident_key in self.keys(each)]
        return max(ours, key=lambda each: str(each.get("created_at")), default=None)

    def _whom(self, to: Address, now: datetime) -> dict[str, Any]:
        kind, found = named(to)
        if kind == "policy":
            return policy(found)
        if kind == "user":
            return assigned(found)
        if kind == "next":
            return assigned(self._next(found, now))
        return assigned(*self._on_call(found)) if kind == "schedule" else {}

    def _on_call(self, schedule: str) -> tuple[str, ...]:
        """Whoever is on call for a schedule; a schedule without anybody would page nobody."""
        found = self.client.read("/oncalls", schedule_ids_=schedule, earliest="true")
        people = _people(found)
        if not people:
            what = f"nobody is on call for PagerDuty's schedule {schedule}"
            raise Permanent(what, "fill the gap there; the page goes to whoever is next")
        return people

    def _next(self, schedule: str, now: datetime) -> str:
        """Whoever comes on call first among those who are not now."""
        here = self.client.read("/oncalls", schedule_ids_=schedule, earliest="true")
        until = (now + _AHEAD).isoformat()
        ahead = self.client.read(
            "/oncalls", schedule_ids_=schedule, since=now.isoformat(), until=until
        )
        found = next((each for each in _people(ahead) if each not in _people(here)), None)
        if found is None:
            turns = here.get("oncalls") or [{}]
            name = called(turns[0].get("schedule") or {}, schedule)
            what = f"nobody comes on call next for PagerDuty's schedule {name}"
            raise Permanent(what, "add somebody there; the page goes on to the operator")
        return found


def called(found: Mapping[str, Any], id_: str) -> str:
    """By its name there, with the id that people have written; the id alone where it tells no name."""
    name = found.get("summary") or found.get("name")
    return f"{name} ({id_})" if name and name != id_ else id_


def _people(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The users on call, each once, in the order in which their turns begin."""
    turns = [each for each in found.get("oncalls") or () if each.get("user")]
    turns.sort(key=lambda each: str(each.get("start") or ""))
    return tuple(dict.fromkeys(str(each["user"]["id"]) for each in turns))
