"""An issue as the API shows it: only the fields that are asked for, expansions beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from upheld_jira.simulator import richtext
from upheld_jira.simulator.issue import Comment, File, History, Issue, Worklog
from upheld_jira.simulator.wire import Call, Json

LINK_TYPES: Final = {
    "Blocks": ("is blocked by", "blocks"),
    "Duplicate": ("is duplicated by", "duplicates"),
    "Relates": ("relates to", "relates to"),
}
#: What Jira calls "navigable": everything but the long lists.
_LONG: Final = frozenset({"comment", "attachment", "worklog", "issuelinks"})


def issue(call: Call, found: Issue, fields: Sequence[str]) -> Json:
    """The issue with these fields (``*all``, ``*navigable``, ``-name``) and what is expanded."""
    link = call.link(f"issue/{found.id}")
    shown: Json = {"expand": "", "id": found.id, "self": link, "key": found.key}
    if list(fields) == ["id"]:
        return {"id": found.id}
    names = _wanted(call, fields)
    shown["fields"] = {name: _value(call, found, name) for name in names}
    properties = call.many("properties")
    if properties:
        shown["properties"] = {
            name: found.properties[name] for name in properties if name in found.properties
        }
    return shown | _expanded(call, found)


def _wanted(call: Call, fields: Sequence[str]) -> list[str]:
    every = [*call.site.fields, *_SHOWN]
    asked = {name for name in fields if name[0] not in "*-"}
    if "*all" in fields:
        asked |= set(every)
    if "*navigable" in fields or not (asked or "*all" in fields):
        asked |= set(every) - _LONG
    return [name for name in every if name in asked and f"-{name}" not in fields]


def _value(call: Call, found: Issue, name: str) -> Any:
    if name in _SHOWN:
        return _SHOWN[name](call, found)
    return call.site.fields[name].shown(call, found.values.get(name))


def _expanded(call: Call, found: Issue) -> Json:
    shown: Json = {}
    if call.expands("changelog"):
        shown["changelog"] = _changelog(call, found)
    if call.expands("renderedFields"):
        text = found.values.get("description")
        shown["renderedFields"] = {"description": richtext.rendered(str(text or ""))}
    if call.expands("names"):
        shown["names"] = {each.id: each.name for each in call.site.fields.values()}
    return shown


def _changelog(call: Call, found: Issue) -> Json:
    """Newest first on the cloud, and no more than the newest hundred; complete on Data Center."""
    newest = found.histories[:-101:-1] if call.site.cloud else found.histories
    total = len(found.histories)
    shown = [history(call, each) for each in newest]
    return {"startAt": 0, "maxResults": len(shown), "total": total, "histories": shown}


def history(call: Call, found: History) -> Json:
    """One change."""
    return {
        "id": found.id,
        "author": call.site.people.shown(call, call.site.people[found.by]),
        "created": call.when(found.at),
        "items": change_items(call, found),
    }


def change_items(call: Call, found: History) -> list[Json]:
    """The lines of one change."""
    return [
        {
            "field": item.field,
            "fieldtype": "custom" if item.field_id.startswith("customfield_") else "jira",
            **({"fieldId": item.field_id} if call.site.cloud else {}),
            "from": item.old[0],
            "fromString": item.old[1],
            "to": item.new[0],
            "toString": item.new[1],
        }
        for item in found.items
    ]


def comment(call: Call, found: Issue, said: Comment, *, properties: bool = False) -> Json:
    """A comment; whether it is public is told where there are customers."""
    people = call.site.people
    told = call.site.cloud or call.site.projects[found.project].desk
    return {
        "self": call.link(f"issue/{found.id}/comment/{said.id}"),
        "id": said.id,
        "author": people.shown(call, people[said.by]),
        "body": richtext.shown(said.text, call.version),
        "updateAuthor": people.shown(call, people[said.updated_by]),
        "created": call.when(said.at),
        "updated": call.when(said.updated),
        **({"visibility": said.visibility} if said.visibility else {}),
        **({"jsdPublic": said.public} if told else {}),
        **({"properties": as_properties(said.properties)} if properties else {}),
    }


def as_properties(held: dict[str, Any]) -> list[Json]:
    """Entity properties as a list."""
    return [{"key": key, "value": value} for key, value in held.items()]


def file(call: Call, held: File) -> Json:
    """An attachment; the cloud's content is a redirect to another host."""
    base = call.site.url
    content = (
        f"{base}/rest/api/{call.version}/attachment/content/{held.id}"
        if call.site.cloud
        else f"{base}/secure/attachment/{held.id}/file"
    )
    return {
        "self": call.link(f"attachment/{held.id}"),
        "id": held.id,
        "filename": held.name,
        "author": call.site.people.shown(call, call.site.people[held.by]),
        "created": call.when(held.at),
        "size": len(held.content),
        "mimeType": held.media_type,
        "content": content,
    }


def worklog(call: Call, found: Issue, spent: Worklog) -> Json:
    """Time spent."""
    return {
        "self": call.link(f"issue/{found.id}/worklog/{spent.id}"),
        "id": spent.id,
        "issueId": found.id,
        "author": call.site.people.shown(call, call.site.people[spent.by]),
        "comment": richtext.shown(spent.text, call.version),
        "created": call.when(spent.at),
        "updated": call.when(spent.at),
        "started": call.when(spent.at),
        "timeSpent": f"{spent.seconds // 60}m",
        "timeSpentSeconds": spent.seconds,
    }


def link_type(call: Call, name: str) -> Json:
    """A kind of link, with its words."""
    inward, outward = LINK_TYPES[name]
    id_ = str(10001 + list(LINK_TYPES).index(name))
    link = call.link(f"issueLinkType/{id_}")
    return {"id": id_, "name": name, "inward": inward, "outward": outward, "self": link}


def project(call: Call, key: str) -> Json:
    """A project in short."""
    found = call.site.projects[key]
    return {
        "self": call.link(f"project/{found.id}"),
        "id": found.id,
        "key": found.key,
        "name": found.name,
        "projectTypeKey": found.type,
        "avatarUrls": {},
    }


def _links(call: Call, found: Issue) -> list[Json]:
    shown = []
    for id_, (kind, inward, outward) in call.site.links.items():
        for here, there, side in (
            (inward, outward, "outwardIssue"),
            (outward, inward, "inwardIssue"),
        ):
            if here == found.id and there in call.site.issues:
                other = _in_short(call, call.site.issues[there])
                link = call.link(f"issueLink/{id_}")
                shown.append({"id": id_, "self": link, "type": link_type(call, kind), side: other})
    return shown


def _in_short(call: Call, found: Issue) -> Json:
    return {
        "id": found.id,
        "key": found.key,
        "self": call.link(f"issue/{found.id}"),
        "fields": {name: _value(call, found, name) for name in ("summary", "status", "priority")},
    }


def _all_of(name: str, most: int, rows: Iterable[Json]) -> Json:
    listed = list(rows)
    kept = listed[-most:] if most else listed
    return {name: kept, "startAt": 0, "maxResults": len(kept), "total": len(listed)}


def _comments(call: Call, found: Issue) -> Json:
    rows = (comment(call, found, said) for said in found.comments)
    return {**_all_of("comments", 0, rows), "self": call.link(f"issue/{found.id}/comment")}


#: The fields that are no mere value.
_SHOWN: Final[dict[str, Callable[[Call, Issue], Any]]] = {
    "project": lambda call, found: project(call, found.project),
    "status": lambda call, found: (
        call.site.projects[found.project].workflow.statuses[found.status].shown(call)
    ),
    "created": lambda call, found: call.when(found.created),
    "updated": lambda call, found: call.when(found.updated),
    "resolutiondate": lambda call, found: call.when(found.resolved) if found.resolved else None,
    "creator": lambda call, found: call.site.people.shown(call, call.site.people[found.creator]),
    "comment": _comments,
    "attachment": lambda call, found: [file(call, each) for each in found.files],
    "worklog": lambda call, found: _all_of(
        "worklogs", 20, (worklog(call, found, each) for each in found.worklogs)
    ),
    "issuelinks": _links,
}
