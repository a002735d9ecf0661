"""The operations of PagerDuty's two APIs that are used here, as OpenAPI.

Written down by hand after github.com/PagerDuty/api-schema at commit 91a06fb3, `reference/REST/openapiv3.json`
and `reference/events-v2/openapiv3.json`: those documents state no licence and stay out. Where copies of them
lie on this machine, `test_documents.py` holds these to them.

Stricter than they are: keys that nobody uses here are refused; lengths, and what an event needs by its
action, are from "Send an Alert Event", PagerDuty developer documentation.
"""

from __future__ import annotations

from typing import Final

from tests.plugins.openapi import NUMBER, TEXT, TRUTH, Schema, one_of, several, thing

INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
LINK: Final[Schema] = {"type": "string", "nullable": True}
STATUS: Final = one_of("triggered", "acknowledged", "resolved")
URGENCY: Final = one_of("high", "low")

# --- what is written -------------------------------------------------------------------------------


def pointer(kind: str) -> Schema:
    """What names a thing that is there: its id and type alone."""
    return thing("id type", id=TEXT, type=one_of(f"{kind}_reference"))


NEW_INCIDENT: Final = thing(
    "incident",
    incident=thing(
        "type title service",
        type=one_of("incident"),
        title=TEXT,
        service=pointer("service"),
        urgency=URGENCY,
        incident_key=TEXT,
        body=thing("type details", type=one_of("incident_body"), details=TEXT),
        assignments=several(thing("assignee", assignee=pointer("user"))),
        escalation_policy=pointer("escalation_policy"),
    ),
)
CHANGE: Final = thing(
    "incident",
    incident=thing(
        "type status",
        type=one_of("incident", "incident_reference"),
        status=one_of("acknowledged", "resolved"),
    ),
)
ROUTING_KEY: Final = TEXT | {"minLength": 32, "maxLength": 32}
DEDUP_KEY: Final = TEXT | {"minLength": 1, "maxLength": 255}
TRIGGER: Final = thing(
    "routing_key event_action payload",
    routing_key=ROUTING_KEY,
    event_action=one_of("trigger"),
    dedup_key=TEXT | {"maxLength": 255},
    client=TEXT,
    client_url=TEXT,
    links=several(thing("href", href=TEXT, text=TEXT)),
    payload=thing(
        "summary source severity",
        summary=TEXT | {"minLength": 1, "maxLength": 1024},
        source=TEXT | {"minLength": 1},
        severity=one_of("critical", "error", "warning", "info"),
        timestamp=INSTANT,
        custom_details={"type": "object"},
    ),
)
STAND_DOWN: Final = thing(
    "routing_key event_action dedup_key",
    routing_key=ROUTING_KEY,
    event_action=one_of("acknowledge", "resolve"),
    dedup_key=DEDUP_KEY,
)

# --- what is answered ------------------------------------------------------------------------------


def reference(*kinds: str) -> Schema:
    """The same where it is read: with a name and two links."""
    types = one_of(*(f"{kind}_reference" for kind in kinds))
    return thing("id type", id=TEXT, type=types, summary=LINK, self=LINK, html_url=LINK)


def page(name: str, item: Schema) -> Schema:
    """A page by offset; ``total`` is null unless it is asked for."""
    total = NUMBER | {"nullable": True}
    around = {"limit": NUMBER, "offset": NUMBER, "more": TRUTH, "total": total}
    return thing(f"limit offset more {name}", **around, **{name: several(item)})


INCIDENT: Final = thing(
    "id type incident_number title created_at status urgency service assignments",
    id=TEXT,
    type=one_of("incident"),
    summary=LINK,
    self=LINK,
    html_url=LINK,
    incident_number=NUMBER,
    title=TEXT,
    created_at=INSTANT,
    status=STATUS,
    incident_key=TEXT,
    alert_counts=thing("", all=NUMBER, triggered=NUMBER, resolved=NUMBER),
    urgency=URGENCY,
    service=reference("service"),
    assignments=several(thing("at assignee", at=INSTANT, assignee=reference("user"))),
)
ALERT: Final = thing(
    "id type created_at alert_key",
    id=TEXT,
    type=one_of("alert"),
    summary=LINK,
    created_at=INSTANT,
    status=one_of("triggered", "resolved"),
    alert_key=TEXT,
    suppressed=TRUTH,
    severity=one_of("info", "warning", "error", "critical"),
    service=reference("service"),
    incident=reference("incident"),
)
ENTRY: Final = thing(
    "id type created_at agent channel incident",
    id=TEXT,
    type=one_of(
        *("trigger_log_entry", "notify_log_entry", "acknowledge_log_entry", "resolve_log_entry")
    ),
    summary=LINK,
    self=LINK,
    html_url=LINK,
    created_at=INSTANT,
    agent=reference("user", "service", "integration"),
    channel=thing("type", type=TEXT),
    # `include[]=incidents` puts the whole where a reference stands.
    incident={"oneOf": [INCIDENT, reference("incident")]},
    service=reference("service"),
    user=reference("user"),
)
ONCALL: Final = thing(
    "user schedule escalation_policy escalation_level start end",
    user=reference("user"),
    schedule=reference("schedule"),
    escalation_policy=reference("escalation_policy"),
    escalation_level=NUMBER,
    start=INSTANT,
    end=INSTANT,
)
SERVICE: Final = thing(
    "id type status escalation_policy",
    id=TEXT,
    type=one_of("service"),
    summary=LINK,
    self=LINK,
    html_url=LINK,
    name=TEXT,
    status=one_of("active", "warning", "critical", "maintenance", "disabled"),
    escalation_policy=reference("escalation_policy"),
)
ONE_INCIDENT: Final = thing("incident", incident=INCIDENT)
FAILED: Final = thing(
    "error", error=thing("code message", code=NUMBER, message=TEXT, errors=several(TEXT))
)
TAKEN: Final = thing("status", status=TEXT, message=TEXT, dedup_key=TEXT)
NOT_TAKEN: Final = thing("status message", status=TEXT, message=TEXT, errors=several(TEXT))

# --- the operations --------------------------------------------------------------------------------

ACCEPT: Final = one_of("application/vnd.pagerduty+json;version=2")
#: Every request of the REST API says these, and one that writes says who does, too.
HEADERS: Final[dict[str, Schema]] = {
    "Accept": ACCEPT,
    "Content-Type": one_of("application/json"),
    "Authorization": TEXT | {"pattern": r"^Token token=\S+$"},
}
FROM: Final[dict[str, Schema]] = {"From": TEXT | {"format": "email"}}
PAGED: Final[dict[str, Schema]] = {"limit": NUMBER, "offset": NUMBER}
SOUGHT: Final[dict[str, Schema]] = {
    "incident_key": TEXT,
    "date_range": one_of("all"),
    "service_ids[]": several(TEXT),
    "statuses[]": several(STATUS),
}
LOGGED: Final[dict[str, Schema]] = {"since": INSTANT, "include[]": several(one_of("incidents"))}
ON_DUTY: Final[dict[str, Schema]] = {
    "schedule_ids[]": several(TEXT),
    "earliest": TRUTH,
    "since": INSTANT,
    "until": INSTANT,
}


def _said(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}


def _parameters(where: str, schemas: dict[str, Schema]) -> list[Schema]:
    needed = where != "query"
    return [
        {"name": name, "in": where, "required": needed, "schema": schema}
        for name, schema in schemas.items()
    ]


def reads(answer: Schema, query: dict[str, Schema] | None = None, *, of: str = "") -> Schema:
    """A GET; ``of`` is the parameter in its path."""
    inside = _parameters("path", dict.fromkeys(of.split(), TEXT))
    parameters = [*inside, *_parameters("query", query or {}), *_parameters("header", HEADERS)]
    return {"parameters": parameters, "responses": _answers(200, answer)}


def writes(body: Schema, status: int, answer: Schema, *, of: str = "") -> Schema:
    """A POST or PUT in the name of a user."""
    operation = reads(answer, of=of)
    operation["parameters"] += _parameters("header", FROM)
    operation["requestBody"] = {"required": True, **_said(body)}
    return operation | {"responses": _answers(status, answer)}


def _answers(status: int, answer: Schema) -> Schema:
    refused = {code: _said(FAILED) for code in ("400", "401", "403", "404", "429")}
    return {str(status): _said(answer), **refused}


REST: Final[Schema] = {
    "openapi": "3.0.2",
    "info": {"title": "PagerDuty's REST API v2, as it is used here", "version": "2"},
    "servers": [{"url": "https://api.pagerduty.com"}],
    "paths": {
        "/abilities": {"get": reads(thing("abilities", abilities=several(TEXT)))},
        "/incidents": {
            "get": reads(page("incidents", INCIDENT), {**SOUGHT, **PAGED}),
            "post": writes(NEW_INCIDENT, 201, ONE_INCIDENT),
        },
        "/incidents/{id}": {"put": writes(CHANGE, 200, ONE_INCIDENT, of="id")},
        "/incidents/{id}/alerts": {"get": reads(page("alerts", ALERT), PAGED, of="id")},
        "/log_entries": {"get": reads(page("log_entries", ENTRY), {**LOGGED, **PAGED})},
        "/oncalls": {"get": reads(page("oncalls", ONCALL), {**ON_DUTY, **PAGED})},
        "/services/{id}": {"get": reads(thing("service", service=SERVICE), of="id")},
    },
}
EVENTS: Final[Schema] = {
    "openapi": "3.0.2",
    "info": {"title": "PagerDuty's Events API v2, as it is used here", "version": "2"},
    "servers": [{"url": "https://events.pagerduty.com/v2"}],
    "paths": {
        "/enqueue": {
            "post": {
                "parameters": [],
                "requestBody": {"required": True, **_said({"oneOf": [TRIGGER, STAND_DOWN]})},
                "responses": {
                    "202": _said(TAKEN),
                    **{code: _said(NOT_TAKEN) for code in ("400", "413", "429")},
                },
            }
        }
    },
}
