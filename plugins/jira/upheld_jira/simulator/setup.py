"""What a site is made of, over REST: what `init` and `check` ask before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from upheld_jira.simulator import shown
from upheld_jira.simulator.issues import field_meta
from upheld_jira.simulator.people import group_shown
from upheld_jira.simulator.site import PERMISSIONS, Project
from upheld_jira.simulator.wire import Call, Json, Refusal, Reply, Route, page, window

CLOUD_VERSION: Final = (1001, 0, 0)
DC_VERSION: Final = (10, 3, 5)


def _server(call: Call) -> Reply:
    cloud = call.site.cloud
    numbers = CLOUD_VERSION if cloud else DC_VERSION
    return Reply(
        body={
            "baseUrl": call.site.url,
            "version": ".".join(map(str, numbers)) + ("-SNAPSHOT" if cloud else ""),
            "versionNumbers": [*numbers],
            "deploymentType": "Cloud" if cloud else "Server",
            "buildNumber": 100291,
            "buildDate": "2026-01-01T00:00:00.000+0000",
            "serverTime": call.when(call.now),
            "scmInfo": "simulator",
            "serverTitle": "Jira",
        }
    )


def _permissions(call: Call) -> Reply:
    asked = call.many("permissions")
    if call.site.cloud and not asked:
        raise Refusal(400, "The 'permissions' query parameter is required.")
    unknown = set(asked) - set(PERMISSIONS)
    if unknown:
        raise Refusal(400, f"Unrecognized permission: {min(unknown)}")
    key = call.one("projectKey") or call.one("projectId")
    if key:
        _seen(call, key)
    names = asked or PERMISSIONS
    return Reply(body={"permissions": {name: _permission(call, name) for name in names}})


def _permission(call: Call, name: str) -> Json:
    return {
        "id": str(PERMISSIONS.index(name) + 1),
        "key": name,
        "name": name.replace("_", " ").capitalize(),
        "type": "GLOBAL" if name == "ADMINISTER" else "PROJECT",
        "description": "",
        "havePermission": call.user is not None and name not in call.site.denied,
    }


# --- projects -------------------------------------------------------------------------------------


def _visible(call: Call) -> list[Project]:
    if call.user is None or "BROWSE_PROJECTS" in call.site.denied:
        return []
    return list(call.site.projects.values())


def _seen(call: Call, key: str) -> Project:
    found = next((each for each in _visible(call) if key in (each.key, each.id)), None)
    if found is None:
        raise Refusal(404, f"No project could be found with key '{key}'.")
    return found


def _projects(call: Call) -> Reply:
    return Reply(body=[shown.project(call, each.key) for each in _visible(call)])


def _project_search(call: Call) -> Reply:
    words = call.one("query").lower()
    found = [p for p in _visible(call) if words in f"{p.key} {p.name}".lower()]
    return Reply(body=page(call, [shown.project(call, each.key) for each in found]))


def _project(call: Call) -> Reply:
    found = _seen(call, call.parts["project"])
    body = shown.project(call, found.key)
    return Reply(body=body | {"issueTypes": _types(call), "roles": {}, "components": []})


def _types(call: Call) -> list[Json]:
    field = call.site.fields["issuetype"]
    return [
        field.shown(call, name) | {"subtask": False, "description": "", "iconUrl": ""}
        for name in call.site.ids("issuetype")
    ]


def _all_types(call: Call) -> Reply:
    return Reply(body=_types(call))


def _project_statuses(call: Call) -> Reply:
    found = _seen(call, call.parts["project"])
    statuses = [each.shown(call) for each in found.workflow.statuses.values()]
    rows = [
        {"id": kind["id"], "name": kind["name"], "self": kind["self"], "subtask": False}
        | {"statuses": statuses}
        for kind in _types(call)
    ]
    return Reply(body=rows)


def _notifications(call: Call) -> Reply:
    """Who is mailed by the platform; what customers get is Service Management's own affair."""
    found = _seen(call, call.parts["project"])
    link = call.link("notificationscheme/10000")
    body: Json = {"id": 10000, "name": "Default", "description": "", "self": link}
    if call.expands("all") or call.expands("notificationSchemeEvents"):
        event = {"id": 1, "name": "Issue created", "description": ""}
        told = [{"id": 1, "notificationType": "Reporter"}] if found.mails else []
        body["notificationSchemeEvents"] = [{"event": event, "notifications": told}]
    return Reply(body=body)


# --- what can be created --------------------------------------------------------------------------


def _creatable(call: Call) -> Reply:
    _seen(call, call.parts["project"])
    if "CREATE_ISSUES" in call.site.denied:
        raise Refusal(400, "You cannot create issues in this project.")
    name = "issueTypes" if call.site.cloud else "values"
    return Reply(body=window(call, _types(call), name, most=200) | _is_last(call))


def _creatable_fields(call: Call) -> Reply:
    _seen(call, call.parts["project"])
    if call.parts["type"] not in call.site.ids("issuetype").values():
        raise Refusal(400, "The issue type is not available in this project.")
    project: Json = {
        "required": True,
        "schema": {"type": "project", "system": "project"},
        "name": "Project",
        "key": "project",
        "fieldId": "project",
        "hasDefaultValue": False,
        "operations": ["set"],
    }
    screen = [each.id for each in call.site.fields.values() if each.screen]
    rows = [project, *(field_meta(call, name) | {"fieldId": name} for name in screen)]
    name = "fields" if call.site.cloud else "values"
    return Reply(body=window(call, rows, name, most=200) | _is_last(call))


def _is_last(call: Call) -> Json:
    return {} if call.site.cloud else {"last": True, "size": 0}


# --- fields, priorities, statuses -----------------------------------------------------------------


def _fields(call: Call) -> Reply:
    rows = [
        {
            "id": each.id,
            **({"key": each.id} if call.site.cloud else {}),
            "name": each.name,
            "custom": each.custom,
            "orderable": True,
            "navigable": True,
            "searchable": True,
            "clauseNames": [each.name, *_clause(each.id)],
            "schema": each.schema,
        }
        for each in call.site.fields.values()
    ]
    return Reply(body=rows)


def _clause(field_id: str) -> Iterable[str]:
    number = field_id.removeprefix("customfield_")
    return [] if number == field_id else [f"cf[{number}]"]


def _priorities(call: Call) -> Reply:
    return Reply(body=_priority_rows(call))


def _priority_rows(call: Call) -> list[Json]:
    field = call.site.fields["priority"]
    return [
        field.shown(call, name) | {"description": "", "iconUrl": "", "statusColor": "#ffffff"}
        for name in call.site.ids("priority")
    ]


def _priority_search(call: Call) -> Reply:
    return Reply(body=page(call, _priority_rows(call)))


def _resolutions(call: Call) -> Reply:
    field = call.site.fields["resolution"]
    rows = [field.shown(call, name) for name in call.site.ids("resolution")]
    return Reply(body=[row | {"description": ""} for row in rows])


def _statuses(call: Call) -> Reply:
    found = {
        status.id: status.shown(call)
        for project in _visible(call)
        for status in project.workflow.statuses.values()
    }
    return Reply(body=[*found.values()])


# --- saved filters --------------------------------------------------------------------------------


def _filter_named(call: Call) -> Json:
    found = call.site.filters.get(call.parts["id"])
    if found is None:
        raise Refusal(400, "The selected filter is not available to you.")
    return found


def _filter(call: Call) -> Reply:
    return Reply(body=_filter_named(call))


def _save_filter(call: Call) -> Reply:
    body, site = call.body, call.site
    if not body.get("name"):
        raise Refusal(400, name="You must specify a name to save this filter as.")
    if any(each["name"] == body["name"] for each in site.filters.values()):
        raise Refusal(400, name="Filter with same name already exists.")
    id_ = site.next_id()
    owner = site.people.shown(call, call.who)
    made = {"id": id_, "self": call.link(f"filter/{id_}"), "owner": owner, "favourite": False}
    site.filters[id_] = made | {
        key: body[key] for key in ("name", "jql", "description") if key in body
    }
    return Reply(body=site.filters[id_])


def _change_filter(call: Call) -> Reply:
    found, body = _filter_named(call), call.body
    found |= {key: body[key] for key in ("name", "jql", "description") if key in body}
    return Reply(body=found)


def _filter_search(call: Call) -> Reply:
    words = call.one("filterName").strip('"').lower()
    rows = [each for each in call.site.filters.values() if words in each["name"].lower()]
    return Reply(body=page(call, rows))


def _favourites(call: Call) -> Reply:
    return Reply(body=list(call.site.filters.values()))


def _groups(call: Call) -> Reply:
    return Reply(body=page(call, [group_shown(call, name) for name in call.site.people.groups()]))


ROUTES: Final = (
    Route("GET", "serverInfo", _server, guests=True),
    Route("GET", "mypermissions", _permissions, guests=True),
    Route("GET", "project", _projects, guests=True),
    Route("GET", "project/search", _project_search, guests=True, only="cloud"),
    Route("GET", "project/{project}", _project, guests=True),
    Route("GET", "project/{project}/statuses", _project_statuses, guests=True),
    Route("GET", "project/{project}/notificationscheme", _notifications),
    Route("GET", "issue/createmeta/{project}/issuetypes", _creatable),
    Route("GET", "issue/createmeta/{project}/issuetypes/{type}", _creatable_fields),
    Route("GET", "issuetype", _all_types, guests=True),
    Route("GET", "field", _fields, guests=True),
    Route("GET", "priority", _priorities, guests=True),
    Route("GET", "priority/search", _priority_search, guests=True, only="cloud"),
    Route("GET", "resolution", _resolutions, guests=True),
    Route("GET", "status", _statuses, guests=True),
    Route("GET", "group/bulk", _groups, only="cloud"),
    Route("POST", "filter", _save_filter),
    Route("GET", "filter/search", _filter_search, only="cloud"),
    Route("GET", "filter/favourite", _favourites),
    Route("GET", "filter/{id}", _filter),
    Route("PUT", "filter/{id}", _change_filter),
)
