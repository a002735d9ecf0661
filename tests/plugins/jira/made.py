"""Issues as Jira's API shows them, and a connection to a Jira that `responses` plays."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO

from upheld_jira.config import JiraConfig
from upheld_jira.fields import Catalogue, Field
from upheld_jira.mapping import Site

URL = "https://acme.atlassian.net"
API = f"{URL}/rest/api/2"
AT = "2026-03-02T09:00:30.123+0000"
ANN = {"accountId": "ann", "displayName": "Ann Reyes", "accountType": "atlassian"}
PAT = {
    "accountId": "pat",
    "displayName": "Pat Lin",
    "emailAddress": "pat@acme.example",
    "accountType": "customer",
}
FIELDS = (
    Field("summary", "Summary", "string"),
    Field("description", "Description", "string"),
    Field("priority", "Priority", "priority"),
    Field("assignee", "Assignee", "user"),
    Field("labels", "Labels", "array", "string"),
    Field("components", "Components", "array", "component"),
    Field("customfield_10100", "Upheld due", "datetime"),
    Field("customfield_10101", "Region", "option"),
    Field("customfield_10102", "Team", "string"),
    Field("customfield_10103", "Team", "string"),
    Field("customfield_10104", "Effort", "number"),
    Field("customfield_10105", "Go-live", "date"),
)


def config(**changed: Any) -> JiraConfig:
    given = {"url": URL, "project": "SUP", "email": "upheld@acme.example", "token": "token-canary"}
    return JiraConfig.model_validate({**given, **changed})


def site(**changed: Any) -> Site:
    given: dict[str, Any] = {"me": "upheld", "address": URL, "catalogue": Catalogue(FIELDS)}
    return Site(**{**given, "portal": True, **changed})


def issue(key: str = "SUP-1", id_: str = "10001", **fields: Any) -> dict[str, Any]:
    given = {
        "summary": "Mail is down",
        "description": "Since noon.",
        "status": {"name": "Open"},
        "priority": {"name": "High", "id": "2"},
        "labels": [],
        "reporter": PAT,
        "created": AT,
        "updated": AT,
        "comment": {"comments": [], "total": 0},
        "attachment": [],
    }
    return {"id": id_, "key": key, "fields": {**given, **fields}}


def opens(_raw: object) -> Callable[[], BinaryIO]:
    return BytesIO
