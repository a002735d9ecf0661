"""Our messages as incidents of PagerDuty's REST API, and its incidents as receipts. Pure.

Whoever answers here is told by a webhook (``event``), or by a log entry of the incident.
Source: "Incidents" and "Log Entries", PagerDuty REST API v2; "Webhooks Overview", v3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from upheld.plugin import Actor, Address, Delivery, Misconfigured, Outgoing, Receipt, Side, Urgency
from upheld_pagerduty.mapping import SUMMARY, cut, dedup_key, details, one_line

#: What people type where an id of a user stands: `PANN001`, as the address bar of the browser has it.
_ID: Final = re.compile(r"[A-Z0-9]{6,14}")
#: PagerDuty's words for what happened, as far as they say how a page stands.
_EVENTS: Final = {
    "incident.triggered": Delivery.DELIVERED,
    "incident.acknowledged": Delivery.ACKNOWLEDGED,
    "incident.resolved": Delivery.RESOLVED,
}
_ENTRIES: Final = {
    "notify_log_entry": Delivery.DELIVERED,
    "acknowledge_log_entry": Delivery.ACKNOWLEDGED,
    "acknowledgement_log_entry": Delivery.ACKNOWLEDGED,  # the document has both
    "resolve_log_entry": Delivery.RESOLVED,
}
_USERS: Final = frozenset({"user", "user_reference"})


def incident(
    message: Outgoing, to: Address, service: str, whom: Mapping[str, Any]
) -> dict[str, Any]:
    """What is created; ``whom`` says who is paged instead of the service's own escalation policy."""
    text = "\n".join(f"{name}: {each}" for name, each in details(message, to).items())
    link = f"\n{message.url}" if message.url else ""
    return {
        "incident": {
            "type": "incident",
            "title": cut(one_line(message.subject) or "(no subject)", SUMMARY),
            "service": {"id": service, "type": "service_reference"},
            "urgency": "high" if message.urgency is Urgency.HIGH else "low",
            "incident_key": dedup_key(message.thread),
            "body": {"type": "incident_body", "details": f"{text}{link}"},
            **whom,
        }
    }


def named(to: Address) -> tuple[str, str]:
    """Whom an address means: a kind (``user``, ``policy``, ``schedule``, ``next`` for whoever comes on call
    then for a schedule, or ``""`` for whoever the service pages) and an id.

    ``Misconfigured`` for another kind.
    """
    kind, colon, found = to.value.partition(":")
    if not colon:
        return ("user", to.value) if _ID.fullmatch(to.value) else ("", "")
    if kind not in {"user", "policy", "schedule", "next"} or not _ID.fullmatch(found):
        what = f"{to.value!r} is no address of PagerDuty's"
        raise Misconfigured(what, "write user:P…, policy:P… or schedule:P…")
    return kind, found


def assigned(*users: str) -> dict[str, Any]:
    """These people are paged, and nobody after them: a direct assignment does not escalate there."""
    people = [{"assignee": {"id": each, "type": "user_reference"}} for each in users]
    return {"assignments": people}


def policy(found: str) -> dict[str, Any]:
    """Whoever this escalation policy pages."""
    return {"escalation_policy": {"id": found, "type": "escalation_policy_reference"}}


def opened(found: Mapping[str, Any]) -> tuple[Delivery, str]:
    """How a page stands whose incident was read, and what is to be said of it. An incident that nobody
    is assigned to was accepted, and pages nobody."""
    people = [str(each["assignee"].get("summary", "")) for each in found.get("assignments") or ()]
    number = f"incident {found.get('incident_number', '?')}"
    if not people and found.get("status") != "resolved":
        return Delivery.ACCEPTED, f"{number} is assigned to nobody"
    return (
        Delivery.DELIVERED,
        f"{number}, assigned to {', '.join(filter(None, people)) or 'somebody'}",
    )


def from_event(event: Mapping[str, Any], ours: str | None) -> Receipt | None:
    """What an event of a webhook says of a page; None where it says nothing, or tells of ourselves
    (``ours`` is our own user there)."""
    state, data = _EVENTS.get(str(event.get("event_type"))), event.get("data") or {}
    key = data.get("incident_key")
    if state is None or not key:
        return None
    if state is Delivery.DELIVERED and not data.get("assignees"):
        return None  # it stands there, and nobody is paged
    return _receipt(
        state, str(key), event.get("occurred_at"), event.get("agent"), ours, _told(data)
    )


def from_entry(entry: Mapping[str, Any], key: str, ours: str | None) -> Receipt | None:
    """The same of a log entry, for the page of this key."""
    state = _ENTRIES.get(str(entry.get("type")))
    if state is None:
        return None
    told = str(entry.get("summary") or "")
    agent = entry.get("user") if state is Delivery.DELIVERED else entry.get("agent")
    return _receipt(state, key, entry.get("created_at"), agent, ours, told)


def tells(entry: Mapping[str, Any]) -> bool:
    """Whether a log entry says how a page stands."""
    return str(entry.get("type")) in _ENTRIES


def _receipt(
    state: Delivery, key: str, at: Any, agent: Any, ours: str | None, told: str
) -> Receipt | None:
    by = agent if isinstance(agent, Mapping) else {}
    a_person = by.get("type") in _USERS and by.get("id") != ours
    if state is Delivery.ACKNOWLEDGED and not a_person:
        return None  # we stood people down: the case is worked already
    who = _person(str(by["id"]), str(by.get("summary") or "")) if a_person else None
    return Receipt(None, key, state, datetime.fromisoformat(str(at)), who, told)


def _person(found: str, name: str) -> Actor:
    """A user, under both of the addresses by which our people may be known there."""
    return Actor(found, name, addresses=(found, f"user:{found}"), side=Side.STAFF)


def _told(data: Mapping[str, Any]) -> str:
    people = [str(each.get("summary") or "") for each in data.get("assignees") or ()]
    number = f"incident {data.get('number', '?')}"
    return f"{number}, assigned to {', '.join(people)}" if people else number
