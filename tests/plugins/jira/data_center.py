"""The operations of Jira Data Center's REST API (version 2) that are used here, as OpenAPI.

Written down by hand: Atlassian's own document states no licence and stays out. Where a copy of it lies
on this machine, `test_contract.py` holds this one to it.
"""

from __future__ import annotations

from typing import Final

from tests.plugins.openapi import ANY, NUMBER, TEXT, TRUTH, Schema, loose, one_of, several, thing

INSTANT: Final[Schema] = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$",
}


def window(name: str, item: Schema) -> Schema:
    """A page by offset."""
    return thing(
        f"startAt maxResults {name}",
        startAt=NUMBER,
        maxResults=NUMBER,
        total=NUMBER,
        last=TRUTH,
        size=NUMBER,
        **{name: several(item)},
    )


FREE: Final = loose()
USER: Final = thing(
    "name key displayName active",
    self=TEXT,
    name=TEXT,
    key=TEXT,
    emailAddress=TEXT,
    displayName=TEXT,
    active=TRUTH,
    timeZone=TEXT,
    avatarUrls=FREE,
    groups=FREE,
    locale=TEXT,
    expand=TEXT,
)
NAMED: Final = loose("id name", id=TEXT, name=TEXT, self=TEXT)
PROPERTY: Final = thing("key value", key=TEXT, value=ANY)
ROLE: Final = thing("type value", type=one_of("role", "group"), value=TEXT)
COMMENT: Final = thing(
    "id body created updated",
    self=TEXT,
    id=TEXT,
    author=USER,
    updateAuthor=USER,
    body=TEXT,
    renderedBody=TEXT,
    created=INSTANT,
    updated=INSTANT,
    visibility=ROLE,
    jsdPublic=TRUTH,
    properties=several(PROPERTY),
)
NEW_COMMENT: Final = thing("body", body=TEXT, visibility=ROLE, properties=several(PROPERTY))
HISTORY: Final = thing(
    "id created items", id=TEXT, author=USER, created=INSTANT, items=several(FREE)
)
ISSUE: Final = thing(
    "id key self",
    id=TEXT,
    key=TEXT,
    self=TEXT,
    expand=TEXT,
    fields=FREE,
    renderedFields=FREE,
    names=FREE,
    properties=FREE,
    transitions=several(FREE),
    changelog=window("histories", HISTORY),
)
VERB: Final = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "properties": dict.fromkeys(("set", "add", "remove", "edit", "copy"), ANY),
    "additionalProperties": False,
}
CHANGE: Final = thing(
    fields=FREE,
    update=thing() | {"additionalProperties": several(VERB)},
    transition=thing("id", id=TEXT),
    properties=several(PROPERTY),
    historyMetadata=FREE,
)
MOVE: Final = thing("id name to", id=TEXT, name=TEXT, to=NAMED, fields=FREE, expand=TEXT)
FILE: Final = thing(
    "id filename size content",
    self=TEXT,
    id=TEXT,
    filename=TEXT,
    author=USER,
    created=INSTANT,
    size=NUMBER,
    mimeType=TEXT,
    content=TEXT,
    thumbnail=TEXT,
)
SEARCH: Final = thing(
    jql=TEXT,
    startAt=NUMBER,
    maxResults=NUMBER,
    fields=several(TEXT),
    expand=several(TEXT),
    properties=several(TEXT),
    validateQuery=TRUTH,
)
REMOTE: Final = thing(
    "object",
    globalId=TEXT,
    application=FREE,
    relationship=TEXT,
    object=loose("url title", url=TEXT, title=TEXT),
)
END: Final = thing(key=TEXT, id=TEXT)
LINK: Final = thing(
    "type inwardIssue outwardIssue",
    type=thing(name=TEXT, id=TEXT),
    inwardIssue=END,
    outwardIssue=END,
    comment=NEW_COMMENT,
)
WORK: Final = thing(comment=TEXT, started=INSTANT, timeSpent=TEXT, timeSpentSeconds=NUMBER)
FILTER: Final = thing(name=TEXT, jql=TEXT, description=TEXT, favourite=TRUTH)

#: method, path, parameters of the query, body, status, answer.
_ROWS: Final[tuple[tuple[str, str, str, Schema | None, int, Schema | None], ...]] = (
    ("get", "serverInfo", "", None, 200, FREE),
    ("get", "myself", "expand", None, 200, USER),
    ("get", "mypermissions", "projectKey projectId issueKey issueId", None, 200, FREE),
    ("get", "user", "username key expand includeDeleted", None, 200, USER),
    ("get", "user/search", "username startAt maxResults includeActive includeInactive", None, 200,
     several(USER)),
    ("get", "user/assignable/search", "username project issueKey maxResults", None, 200,
     several(USER)),
    ("get", "group/member", "groupname includeInactiveUsers startAt maxResults", None, 200, FREE),
    ("get", "groups/picker", "query exclude maxResults userName", None, 200, FREE),
    ("get", "search", "jql startAt maxResults validateQuery fields expand", None, 200,
     thing("startAt maxResults total issues", startAt=NUMBER, maxResults=NUMBER, total=NUMBER,
           issues=several(ISSUE), expand=TEXT, names=FREE, schema=FREE)),
    ("post", "search", "", SEARCH, 200, FREE),
    ("post", "issue", "updateHistory", CHANGE, 201,
     thing("id key self", id=TEXT, key=TEXT, self=TEXT)),
    ("get", "issue/{issue}", "fields expand properties updateHistory", None, 200, ISSUE),
    ("put", "issue/{issue}", "notifyUsers", CHANGE, 204, None),
    ("delete", "issue/{issue}", "deleteSubtasks", None, 204, None),
    ("put", "issue/{issue}/assignee", "", thing(name=TEXT | {"nullable": True}), 204, None),
    ("get", "issue/{issue}/transitions", "transitionId expand", None, 200,
     thing("transitions", transitions=several(MOVE), expand=TEXT)),
    ("post", "issue/{issue}/transitions", "", CHANGE, 204, None),
    ("get", "issue/{issue}/editmeta", "", None, 200, FREE),
    ("get", "issue/{issue}/comment", "startAt maxResults orderBy expand", None, 200,
     window("comments", COMMENT)),
    ("post", "issue/{issue}/comment", "expand", NEW_COMMENT, 201, COMMENT),
    ("get", "issue/{issue}/comment/{id}", "expand", None, 200, COMMENT),
    ("put", "issue/{issue}/comment/{id}", "expand", NEW_COMMENT, 200, COMMENT),
    ("delete", "issue/{issue}/comment/{id}", "", None, 204, None),
    ("get", "comment/{id}/properties/{key}", "", None, 200, PROPERTY),
    ("put", "comment/{id}/properties/{key}", "", ANY, 200, None),
    ("post", "issue/{issue}/attachments", "", None, 200, several(FILE)),
    ("get", "attachment/meta", "", None, 200, thing(enabled=TRUTH, uploadLimit=NUMBER)),
    ("get", "attachment/{id}", "", None, 200, FILE),
    ("get", "issue/{issue}/worklog", "", None, 200, window("worklogs", FREE)),
    ("post", "issue/{issue}/worklog", "adjustEstimate newEstimate reduceBy", WORK, 201, FREE),
    ("get", "issue/{issue}/properties", "", None, 200, thing(keys=several(FREE))),
    ("get", "issue/{issue}/properties/{key}", "", None, 200, PROPERTY),
    ("put", "issue/{issue}/properties/{key}", "", ANY, 200, None),
    ("delete", "issue/{issue}/properties/{key}", "", None, 204, None),
    ("get", "issue/{issue}/remotelink", "globalId", None, 200, ANY),
    ("post", "issue/{issue}/remotelink", "", REMOTE, 201, thing("id self", id=NUMBER, self=TEXT)),
    ("post", "issueLink", "", LINK, 201, None),
    ("delete", "issueLink/{id}", "", None, 204, None),
    ("get", "issueLinkType", "", None, 200, thing(issueLinkTypes=several(NAMED))),
    ("get", "project", "expand recent includeArchived browseArchive", None, 200, several(NAMED)),
    ("get", "project/{project}", "expand", None, 200, NAMED),
    ("get", "project/{project}/statuses", "", None, 200, several(NAMED)),
    ("get", "project/{project}/notificationscheme", "expand", None, 200, FREE),
    ("get", "issue/createmeta/{project}/issuetypes", "startAt maxResults", None, 200,
     window("values", NAMED)),
    ("get", "issue/createmeta/{project}/issuetypes/{type}", "startAt maxResults", None, 200,
     window("values", FREE)),
    ("get", "issuetype", "", None, 200, several(NAMED)),
    ("get", "field", "", None, 200, several(NAMED)),
    ("get", "priority", "", None, 200, several(NAMED)),
    ("get", "resolution", "", None, 200, several(NAMED)),
    ("get", "status", "", None, 200, several(NAMED)),
    ("post", "filter", "expand", FILTER, 200, FREE),
    ("get", "filter/favourite", "expand", None, 200, several(FREE)),
    ("get", "filter/{id}", "expand", None, 200, FREE),
    ("put", "filter/{id}", "expand", FILTER, 200, FREE),
)  # fmt: skip

#: Made or replaced; a page instead of an answer.
_ALSO: Final = {200: (201,), 201: (200,)}


def _operation(
    path: str, query: str, body: Schema | None, status: int, answer: Schema | None
) -> Schema:
    names = [part[1:-1] for part in path.split("/") if part[:1] == "{"]
    parameters = [{"name": n, "in": "path", "required": True, "schema": TEXT} for n in names]
    parameters += [{"name": n, "in": "query", "schema": TEXT} for n in query.split()]
    content = {} if answer is None else {"content": {"application/json": {"schema": answer}}}
    answers = {
        str(each): {"description": "", **content} for each in (status, *_ALSO.get(status, ()))
    }
    operation: Schema = {"parameters": parameters, "responses": answers}
    if body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body}},
        }
    return operation


def _document() -> Schema:
    paths: dict[str, Schema] = {}
    for method, path, query, body, status, answer in _ROWS:
        operations = paths.setdefault(f"/rest/api/2/{path}", {})
        operations[method] = _operation(path, query, body, status, answer)
    return {
        "openapi": "3.0.1",
        "info": {"title": "Jira Data Center, as it is used here", "version": "10.3"},
        "servers": [{"url": "http://localhost"}],
        "paths": paths,
    }


DATA_CENTER: Final = _document()
