"""Comments over REST, internal and public ones, and what Service Management adds to them."""

from __future__ import annotations

from typing import Any, Final

from upheld_jira.simulator import changes, richtext, shown
from upheld_jira.simulator.issue import PUBLIC_PROPERTY, Comment, Issue
from upheld_jira.simulator.issues import named, property_value
from upheld_jira.simulator.wire import Call, Json, Refusal, Reply, Route, invalid, page, window

_WRONG: Final = "Comment body is not valid!"


def _said(call: Call, found: Issue) -> Comment:
    said = found.comment(call.parts["comment"])
    if said is None:
        raise Refusal(404, f"Can not find a comment for the id: {call.parts['comment']}.")
    return said


def _shown(call: Call, found: Issue, said: Comment) -> Json:
    body = shown.comment(call, found, said, properties=call.expands("properties"))
    if call.expands("renderedBody"):
        body["renderedBody"] = richtext.rendered(said.text)
    return body


def _list(call: Call) -> Reply:
    found = named(call)
    rows = [_shown(call, found, said) for said in found.comments]
    if call.one("orderBy").startswith("-"):
        rows.reverse()
    return Reply(body=window(call, rows, "comments", most=100, usual=100))


def _one(call: Call) -> Reply:
    found = named(call)
    return Reply(body=_shown(call, found, _said(call, found)))


def _properties(body: Json) -> dict[str, Any] | None:
    if "properties" not in body:
        return None
    return {each["key"]: each["value"] for each in body["properties"]}


def _text(call: Call, body: Json) -> str:
    text = richtext.written(body.get("body"), call.version, "comment", wrong=_WRONG)
    if not text or not text.strip():
        raise invalid("comment", "Comment body can not be empty!")
    return text


def _add(call: Call) -> Reply:
    found, body = named(call), call.body
    call.site.allow("ADD_COMMENTS")
    said = changes.comment(
        call.site,
        found,
        call.who,
        _text(call, body),
        visibility=body.get("visibility"),
        properties=_properties(body),
    )
    return Reply(201, _shown(call, found, said))


def _edit(call: Call) -> Reply:
    found, body = named(call), call.body
    said = _said(call, found)
    changes.edit_comment(
        call.site, found, call.who, said, _text(call, body), properties=_properties(body)
    )
    return Reply(200, _shown(call, found, said))


def _delete(call: Call) -> Reply:
    found = named(call)
    call.site.allow("DELETE_ALL_COMMENTS")
    changes.delete_comment(call.site, found, call.who, _said(call, found))
    return Reply(204)


# --- their properties -----------------------------------------------------------------------------


def _anywhere(call: Call) -> Comment:
    call.sign_in()
    for found in call.site.issues.values():
        said = found.comment(call.parts["comment"])
        if said is not None:
            return said
    raise Refusal(404, f"Can not find a comment for the id: {call.parts['comment']}.")


def _property(call: Call) -> Reply:
    held, key = _anywhere(call).properties, call.parts["key"]
    if key not in held:
        raise Refusal(404, f"The property '{key}' does not exist.")
    return Reply(body={"key": key, "value": held[key]})


def _set_property(call: Call) -> Reply:
    said, key = _anywhere(call), call.parts["key"]
    known = key in said.properties
    said.properties[key] = property_value(call)
    return Reply(200 if known else 201)


# --- Service Management's own way -----------------------------------------------------------------


def _request(call: Call) -> Issue:
    """Only what came by the portal is a request; an agent's issue is none."""
    found = named(call)
    if not found.request:
        words = "sd.customerview.error.vpOriginMissing"
        raise Refusal(404, words)
    return found


def _request_shown(call: Call) -> Reply:
    found = _request(call)
    link = f"{call.site.url}/rest/servicedeskapi/request/{found.id}"
    status = {"status": found.status, "statusCategory": "INDETERMINATE"}
    return Reply(
        body={
            "issueId": found.id,
            "issueKey": found.key,
            "currentStatus": status,
            "reporter": call.site.people.shown(
                call, call.site.people.get(str(found.values.get("reporter")))
            ),
            "_links": {"self": link},
        }
    )


def _desk_comment(call: Call) -> Reply:
    found, body = _request(call), call.body
    call.site.allow("ADD_COMMENTS")
    text = str(body.get("body") or "")
    internal = {PUBLIC_PROPERTY: {"internal": body.get("public") is False}}
    said = changes.comment(call.site, found, call.who, text, properties=internal)
    author = call.site.people.shown(call, call.who)
    return Reply(201, {"id": said.id, "body": said.text, "public": said.public, "author": author})


def _participants(call: Call) -> Reply:
    found = _request(call)
    field = call.site.fields["customfield_10026"]
    people = field.shown(call, found.values.get(field.id) or ())
    return Reply(body=_desk_page(call, people))


def _desk_page(call: Call, rows: list[Any]) -> Json:
    given = page(call, rows)
    size = len(given["values"])
    head = {"size": size, "start": given["startAt"], "limit": given["maxResults"]}
    return {**head, "isLastPage": given["isLast"], "values": given["values"]}


def _organisations(call: Call) -> Reply:
    rows = [call.site.organisation_shown(name) for name in call.site.organisations]
    return Reply(body=_desk_page(call, rows))


def _desks(call: Call) -> Reply:
    rows = [
        {"id": each.id, "projectId": each.id, "projectKey": each.key, "projectName": each.name}
        for each in call.site.projects.values()
        if each.desk
    ]
    return Reply(body=_desk_page(call, rows))


ROUTES: Final = (
    Route("GET", "issue/{issue}/comment", _list),
    Route("POST", "issue/{issue}/comment", _add),
    Route("GET", "issue/{issue}/comment/{comment}", _one),
    Route("PUT", "issue/{issue}/comment/{comment}", _edit),
    Route("DELETE", "issue/{issue}/comment/{comment}", _delete),
    Route("GET", "comment/{comment}/properties/{key}", _property),
    Route("PUT", "comment/{comment}/properties/{key}", _set_property),
)

DESK_ROUTES: Final = (
    Route("GET", "servicedesk", _desks),
    Route("GET", "organization", _organisations),
    Route("GET", "request/{issue}", _request_shown),
    Route("POST", "request/{issue}/comment", _desk_comment),
    Route("GET", "request/{issue}/participant", _participants),
)
