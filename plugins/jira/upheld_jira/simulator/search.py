"""Searching: by token on the cloud, by offset on Data Center, each with its traps."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from upheld_jira.simulator import jql, shown
from upheld_jira.simulator.issue import Issue
from upheld_jira.simulator.matching import Matcher
from upheld_jira.simulator.wire import Call, Json, Refusal, Reply, Route

_REMOVED: Final = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full"
    " migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
#: A query that means something else a minute later.
_OF_NOW: Final = re.compile(r"now\(|-\d+[wdhm]", re.IGNORECASE)
_EXPIRES: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search, whether it came as a query or as a body."""

    call: Call
    given: Mapping[str, Any]

    def text(self, name: str) -> str:
        return str(self.given.get(name) or "")

    def number(self, name: str, otherwise: int) -> int:
        try:
            return int(self.given.get(name, otherwise))
        except (TypeError, ValueError) as wrong:
            raise Refusal(400, f"{name} is not a number.") from wrong

    def list(self, name: str) -> list[str]:
        given = self.given.get(name) or []
        return given.split(",") if isinstance(given, str) else [str(each) for each in given]


def _asked(call: Call) -> _Asked:
    """The body of a POST stands for the query of a GET, also for what an issue shows."""
    if call.method == "GET":
        given: Json = {name: ",".join(values) for name, values in call.query.items()}
        return _Asked(call, given)
    body = call.body
    query = dict(call.query)
    for name in ("expand", "properties"):
        if name in body:
            query[name] = [body[name]] if isinstance(body[name], str) else body[name]
    return _Asked(replace(call, query=query), body)


def _found(asked: _Asked, query: jql.Query, consistent: Sequence[str] = ()) -> list[Issue]:
    """All that match, in order. Asked for page by page, it is looked for once."""
    site, user = asked.call.site, asked.call.user
    if user is None or "BROWSE_PROJECTS" in site.denied:
        return []
    now = site.clock() if _OF_NOW.search(asked.text("jql")) else None
    same = (asked.text("jql"), user.id, user.zone, site.index.revision, now)
    if site.found[0] == same and site.index.steady:
        return site.found[1]
    known = site.index.found(site.issues.values(), frozenset(consistent))
    found = Matcher(site, user).find(query, known)
    site.found = (same, found)
    return found


# --- the cloud ------------------------------------------------------------------------------------


def _by_token(call: Call) -> Reply:
    asked = _asked(call)
    query = _bounded(asked.text("jql"))
    fields = asked.list("fields") or ["id"]
    found = _found(asked, query, asked.list("reconcileIssues")[:50])
    size = min(
        asked.number("maxResults", 50), 5000 if set(fields) <= {"id", "key"} else _most(call)
    )
    rest = _after(asked, query, found)
    body: Json = {
        "issues": [shown.issue(asked.call, each, fields) for each in rest[:size]],
        "isLast": len(rest) <= size,
    }
    if len(rest) > size and size:
        body["nextPageToken"] = _remember(asked, query, rest[size - 1])
    return Reply(body=body)


def _bounded(text: str) -> jql.Query:
    query = jql.parse(text)
    if query.where is None:
        raise Refusal(
            400,
            "Unbounded JQL queries are not allowed here."
            " Please add a search restriction to your query.",
        )
    return query


def _most(call: Call) -> int:
    return call.site.page


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended, by the order of its query: what moved behind it meanwhile comes again."""

    text: str
    position: Any
    at: datetime


def _remember(asked: _Asked, query: jql.Query, last: Issue) -> str:
    site = asked.call.site
    token = f"token-{site.next_id()}"
    position = Matcher(site, asked.call.user).position(query)(last)
    site.places[token] = Place(asked.text("jql"), position, site.clock())
    return token


def _after(asked: _Asked, query: jql.Query, found: list[Issue]) -> list[Issue]:
    token = asked.text("nextPageToken")
    if not token:
        return found
    site = asked.call.site
    place = site.places.get(token)
    if place is None or place.text != asked.text("jql") or site.clock() - place.at > _EXPIRES:
        raise Refusal(400, "The next page token is invalid or has expired.")
    position = Matcher(site, asked.call.user).position(query)
    return found[bisect_right(found, place.position, key=position) :]


def _count(call: Call) -> Reply:
    asked = _asked(call)
    return Reply(body={"count": len(_found(asked, _bounded(asked.text("jql"))))})


def _removed(_: Call) -> Reply:
    raise Refusal(410, _REMOVED)


# --- Data Center ----------------------------------------------------------------------------------


def _by_offset(call: Call) -> Reply:
    asked = _asked(call)
    found = _found(asked, jql.parse(asked.text("jql")))
    start, size = asked.number("startAt", 0), min(asked.number("maxResults", 50), call.site.page)
    fields = asked.list("fields") or ["*navigable"]
    issues = [shown.issue(asked.call, each, fields) for each in found[start : start + size]]
    page = {"startAt": start, "maxResults": size, "total": len(found)}
    return Reply(body={"expand": "schema,names", **page, "issues": issues})


ROUTES: Final = (
    Route("GET", "search/jql", _by_token, guests=True, only="cloud"),
    Route("POST", "search/jql", _by_token, guests=True, only="cloud"),
    Route("POST", "search/approximate-count", _count, guests=True, only="cloud"),
    Route("GET", "search", _removed, guests=True, only="cloud"),
    Route("POST", "search", _removed, guests=True, only="cloud"),
    Route("GET", "search", _by_offset, guests=True, only="dc"),
    Route("POST", "search", _by_offset, guests=True, only="dc"),
)
