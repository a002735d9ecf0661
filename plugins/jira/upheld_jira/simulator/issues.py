"""Issues over REST: create, read, change, move; properties, links, changelog, time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from upheld_jira.simulator import changes, richtext, shown
from upheld_jira.simulator.fields import Kept
from upheld_jira.simulator.issue import Issue
from upheld_jira.simulator.wire import (
    UNSEEN,
    Call,
    Json,
    Refusal,
    Reply,
    Route,
    invalid,
    page,
    window,
)
from upheld_jira.simulator.workflow import Move

#: An entity property holds at most so many characters of JSON.
_PROPERTY_MOST: Final = 32_768
_DUE: Final = {
    "duedate": "SCHEDULE_ISSUES",
    "reporter": "MODIFY_REPORTER",
    "assignee": "ASSIGN_ISSUES",
}


def named(call: Call) -> Issue:
    """The issue that the path names; guests see none."""
    if call.user is None or "BROWSE_PROJECTS" in call.site.denied:
        raise Refusal(404, UNSEEN)
    return call.site.issue(call.parts["issue"])


# --- create, read, change -------------------------------------------------------------------------


def _create(call: Call) -> Reply:
    body = call.body
    given = dict(body.get("fields") or {})
    project = _project_of(call, given.pop("project", None))
    call.site.allow("CREATE_ISSUES")
    values = _values(call, None, given, body.get("update") or {})
    properties = {each["key"]: each["value"] for each in body.get("properties", ())}
    made = changes.create(
        call.site, call.site.projects[project], call.who, values, properties=properties
    )
    link = call.link(f"issue/{made.id}")
    return Reply(201, {"id": made.id, "key": made.key, "self": link})


def _project_of(call: Call, given: Any) -> str:
    given = given if isinstance(given, dict) else {}
    try:
        return call.site.project(str(given.get("key") or given.get("id") or "")).key
    except Refusal as wrong:
        raise invalid("project", "Specify a valid project ID or key") from wrong


def _values(
    call: Call,
    issue: Issue | None,
    given: Mapping[str, Any],
    update: Mapping[str, Any],
    also: tuple[str, ...] = (),
) -> dict[str, Kept]:
    twice = set(given) & set(update)
    if twice:
        name = min(twice)
        raise invalid(name, f"Field '{name}' cannot be set in both 'fields' and 'update'.")
    for name in _DUE.keys() & {*given, *update}:
        call.site.allow(_DUE[name])
    values = changes.read_fields(call.site, call.version, given, also=also)
    return values | changes.read_update(call.site, issue, call.version, update)


def _read(call: Call) -> Reply:
    fields = call.many("fields") or ["*all"]
    found = named(call)
    body = shown.issue(call, found, fields)
    if call.expands("transitions"):
        body["transitions"] = [_move_shown(call, each) for each in _moves(call, found)]
    return Reply(body=body)


def _edit(call: Call) -> Reply:
    found, body = named(call), call.body
    call.site.allow("EDIT_ISSUES")
    if call.one("notifyUsers", "true") == "false":
        call.site.allow("ADMINISTER_PROJECTS")
    values = _values(call, found, body.get("fields") or {}, body.get("update") or {})
    changes.edit(call.site, found, call.who, values)
    for each in body.get("properties", ()):
        found.properties[each["key"]] = each["value"]
    if call.site.cloud and call.one("returnIssue") == "true":
        return Reply(body=shown.issue(call, found, ["*all"]))
    return Reply(204)


def _delete(call: Call) -> Reply:
    found = named(call)
    call.site.allow("DELETE_ISSUES")
    changes.delete(call.site, found, call.who)
    return Reply(204)


def _assign(call: Call) -> Reply:
    found = named(call)
    call.site.allow("ASSIGN_ISSUES")
    who = call.site.people.meant(call.body, "assignee")
    changes.edit(call.site, found, call.who, {"assignee": who.id if who else None})
    return Reply(204)


# --- transitions ----------------------------------------------------------------------------------


def _moves(call: Call, found: Issue) -> list[Move]:
    if "TRANSITION_ISSUES" in call.site.denied:
        return []  # Jira does not say why there are none
    return call.site.projects[found.project].workflow.moves_from(found.status)


def _move_shown(call: Call, move: Move) -> Json:
    flow = next(p.workflow for p in call.site.projects.values() if move in p.workflow.moves)
    body: Json = {"id": move.id, "name": move.name, "to": flow.statuses[move.target].shown(call)}
    if call.site.cloud:
        body |= {"hasScreen": bool(move.requires), "isAvailable": True}
    if call.expands("transitions.fields"):
        body["fields"] = {
            name: {**field_meta(call, name), "required": True} for name in move.requires
        }
    return body


def _transitions(call: Call) -> Reply:
    moves = [_move_shown(call, each) for each in _moves(call, named(call))]
    return Reply(body={"expand": "transitions", "transitions": moves})


def _transition(call: Call) -> Reply:
    found, body = named(call), call.body
    id_ = str((body.get("transition") or {}).get("id"))
    done = next((each for each in _moves(call, found) if each.id == id_), None)
    if done is None:
        raise Refusal(
            400 if call.site.cloud else 500, f"Transition id '{id_}' is not valid for this issue."
        )
    update = dict(body.get("update") or {})
    said = [verb["add"] for verb in update.pop("comment", [])]
    values = _values(call, found, body.get("fields") or {}, update, done.requires)
    changes.move(call.site, found, call.who, done, values)
    for each in said:  # an ordinary comment: on a desk every customer reads it
        text = richtext.written(each.get("body"), call.version, "comment") or ""
        changes.comment(call.site, found, call.who, text)
    return Reply(204)


# --- what can be set ------------------------------------------------------------------------------


def field_meta(call: Call, name: str) -> Json:
    """A field as createmeta and editmeta describe it."""
    field = call.site.fields[name]
    offered: list[Any] | None = None
    if field.kind == "select":
        offered = [field.shown(call, each) for each in field.options]
    elif field.kind in ("priority", "resolution", "issuetype"):
        offered = [field.shown(call, each) for each in call.site.ids(field.kind)]
    several = isinstance(field.read(call.site, call.version, None), tuple)
    return {
        "required": field.required,
        "schema": field.schema,
        "name": field.name,
        "key": field.id,
        "hasDefaultValue": False,
        "operations": ["add", "set", "remove"] if several else ["set"],
        **({"allowedValues": offered} if offered is not None else {}),
    }


def _editmeta(call: Call) -> Reply:
    named(call)
    if "EDIT_ISSUES" in call.site.denied:
        return Reply(body={"fields": {}})
    screen = [each.id for each in call.site.fields.values() if each.screen]
    return Reply(body={"fields": {name: field_meta(call, name) for name in screen}})


# --- history, time --------------------------------------------------------------------------------


def _changelog(call: Call) -> Reply:
    """Oldest first, in pages."""
    found = named(call)
    rows = [shown.history(call, each) for each in found.histories]
    return Reply(body=page(call, rows, most=100, usual=100))


def _changelogs(call: Call) -> Reply:
    """Of many issues at once; here instants are epoch milliseconds."""
    body, rows = call.body, []
    for key in body.get("issueIdsOrKeys", ()):
        found = call.site.issue(str(key))
        wanted = body.get("fieldIds")
        histories = [
            each
            for each in found.histories
            if not wanted or {item.field_id for item in each.items} & set(wanted)
        ]
        told = [
            shown.history(call, each) | {"created": int(each.at.timestamp() * 1000)}
            for each in histories
        ]
        rows.append({"issueId": found.id, "changeHistories": told})
    return Reply(body={"issueChangeLogs": rows})


def _worklogs(call: Call) -> Reply:
    found = named(call)
    rows = [shown.worklog(call, found, each) for each in found.worklogs]
    return Reply(body=window(call, rows, "worklogs", most=5000, usual=5000))


def _work(call: Call) -> Reply:
    found, body = named(call), call.body
    call.site.allow("WORK_ON_ISSUES")
    seconds = body.get("timeSpentSeconds")
    if not isinstance(seconds, int) or seconds <= 0:
        raise invalid("timeLogged", "You must indicate the time spent working.")
    text = richtext.written(body.get("comment"), call.version, "comment") or ""
    made = changes.work(call.site, found, call.who, seconds, text)
    return Reply(201, shown.worklog(call, found, made))


# --- properties, links ----------------------------------------------------------------------------


def _properties(call: Call) -> Reply:
    keys = [
        {"key": key, "self": call.link(f"issue/{call.parts['issue']}/properties/{key}")}
        for key in named(call).properties
    ]
    return Reply(body={"keys": keys})


def _property(call: Call) -> Reply:
    key, held = call.parts["key"], named(call).properties
    if key not in held:
        raise Refusal(404, f"The property '{key}' does not exist.")
    return Reply(body={"key": key, "value": held[key]})


def property_value(call: Call) -> Any:
    """The JSON that a property is to hold, within its limits."""
    import json

    if len(call.parts["key"]) > 255 or len(call.raw.decode()) > _PROPERTY_MOST:
        raise Refusal(400, "The property key or value is too long.")
    try:
        return json.loads(call.raw)
    except ValueError as wrong:
        raise Refusal(400, "The property value must be valid JSON.") from wrong


def _set_property(call: Call) -> Reply:
    found, key = named(call), call.parts["key"]
    call.site.allow("EDIT_ISSUES")
    known = key in found.properties
    found.properties[key] = property_value(call)
    return Reply(200 if known else 201)


def _drop_property(call: Call) -> Reply:
    if named(call).properties.pop(call.parts["key"], None) is None:
        raise Refusal(404, "The property does not exist.")
    return Reply(204)


def _remote_links(call: Call) -> Reply:
    """All of them, or the one that is asked for: no list then."""
    held, wanted = named(call).remote_links, call.one("globalId")
    if not wanted:
        return Reply(body=[*held.values()])
    if wanted not in held:
        raise Refusal(404, f"No remote link with the global id '{wanted}' exists.")
    return Reply(body=held[wanted])


def _remote_link(call: Call) -> Reply:
    """By globalId: what is there is replaced."""
    found, body = named(call), call.body
    call.site.allow("LINK_ISSUES")
    if not {"url", "title"} <= set(body.get("object") or {}):
        raise invalid("object", "'title' and 'url' are required.")
    global_id = str(body.get("globalId") or f"made-{call.site.next_id()}")
    known = found.remote_links.get(global_id)
    id_ = known["id"] if known else int(call.site.next_id())
    link = call.link(f"issue/{found.key}/remotelink/{id_}")
    found.remote_links[global_id] = {**body, "globalId": global_id, "id": id_, "self": link}
    return Reply(200 if known else 201, {"id": id_, "self": link})


def _link(call: Call) -> Reply:
    """201, and nothing in it: Jira does not say which link it made."""
    body, site = call.body, call.site
    site.allow("LINK_ISSUES")
    kind = str((body.get("type") or {}).get("name"))
    if kind not in shown.LINK_TYPES:
        raise Refusal(404, f"No issue link type with name '{kind}' found.")
    inward, outward = (
        site.issue(str((body.get(side) or {}).get("key") or (body.get(side) or {}).get("id")))
        for side in ("inwardIssue", "outwardIssue")
    )
    changes.link(site, call.who, kind, inward, outward)
    return Reply(201)


def _unlink(call: Call) -> Reply:
    if call.site.links.pop(call.parts["id"], None) is None:
        raise Refusal(404, f"No issue link with id '{call.parts['id']}' exists.")
    return Reply(204)


def _link_types(call: Call) -> Reply:
    return Reply(
        body={"issueLinkTypes": [shown.link_type(call, name) for name in shown.LINK_TYPES]}
    )


ROUTES: Final = (
    Route("POST", "issue", _create),
    Route("GET", "issue/{issue}", _read, guests=True),
    Route("PUT", "issue/{issue}", _edit),
    Route("DELETE", "issue/{issue}", _delete),
    Route("PUT", "issue/{issue}/assignee", _assign),
    Route("GET", "issue/{issue}/transitions", _transitions),
    Route("POST", "issue/{issue}/transitions", _transition),
    Route("GET", "issue/{issue}/editmeta", _editmeta),
    Route("GET", "issue/{issue}/changelog", _changelog, only="cloud"),
    Route("POST", "changelog/bulkfetch", _changelogs, only="cloud"),
    Route("GET", "issue/{issue}/worklog", _worklogs),
    Route("POST", "issue/{issue}/worklog", _work),
    Route("GET", "issue/{issue}/properties", _properties),
    Route("GET", "issue/{issue}/properties/{key}", _property),
    Route("PUT", "issue/{issue}/properties/{key}", _set_property),
    Route("DELETE", "issue/{issue}/properties/{key}", _drop_property),
    Route("GET", "issue/{issue}/remotelink", _remote_links),
    Route("POST", "issue/{issue}/remotelink", _remote_link),
    Route("POST", "issueLink", _link),
    Route("DELETE", "issueLink/{id}", _unlink),
    Route("GET", "issueLinkType", _link_types),
)
