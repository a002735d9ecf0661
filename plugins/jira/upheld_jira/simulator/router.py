"""From a method and a path to the handler, and from a handler's refusal to an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Final
from urllib.parse import unquote

from upheld.simulator import Asked
from upheld_jira.simulator import (
    attachments,
    comments,
    issues,
    people,
    search,
    setup,
    webhooks,
)
from upheld_jira.simulator.doors import CLOUD_ID, Doors, Entrance
from upheld_jira.simulator.site import Site
from upheld_jira.simulator.wire import Call, Refusal, Reply, Route

_API: Final = (
    *setup.ROUTES,
    *search.ROUTES,
    *issues.ROUTES,
    *comments.ROUTES,
    *attachments.ROUTES,
    *people.ROUTES,
)
#: Where each family of routes begins; the API's version is a part of the path.
_ROOTS: Final = (
    (r"rest/api/(?P<version>{versions})/", _API),
    (r"rest/servicedeskapi/", comments.DESK_ROUTES),
    (r"rest/webhooks/1\.0/", webhooks.ROUTES),
    (r"", attachments.PLAIN_ROUTES),
)
#: OAuth goes by another host, which puts this before every path.
_GATEWAY: Final = f"/ex/jira/{CLOUD_ID}"


def documented(which: str) -> Iterator[tuple[str, str]]:
    """Method and path below the API's root of all that is answered there: on ``cloud`` or ``dc``."""
    for route in _API:
        if route.only in ("", which):
            yield route.method, route.path


def answer(site: Site, doors: Doors, asked: Asked) -> Reply:
    """What Jira answers."""
    asked = replace(asked, target=asked.target.removeprefix(_GATEWAY))
    if asked.method == "POST" and asked.path == "/oauth/token":
        return doors.exchange(asked.body)
    came = doors.let_in(asked.headers)
    try:
        return _handled(site, came, asked)
    except Refusal as refusal:
        return Reply(refusal.status, refusal.body, came.reason)


def _handled(site: Site, came: Entrance, asked: Asked) -> Reply:
    route, parts = _route(site, asked)
    if came.refused and not (site.cloud and route.guests):
        return _refused(site, came)
    version = 2 if parts.get("version", "2") in ("2", "latest") else 3
    call = Call(
        site,
        came.user,
        asked.method,
        asked.path,
        version,
        parts,
        asked.query,
        asked.headers,
        asked.body,
    )
    if not route.guests:
        call.sign_in()
    reply = route.handler(call)
    return replace(reply, headers={**reply.headers, **came.reason})


def _refused(site: Site, came: Entrance) -> Reply:
    """Data Center answers with a page for people."""
    if site.cloud:
        words = {"code": 401, "message": "Unauthorized; scope does not match"}
        return Reply(401, words, came.reason)
    page = b"<html><head><title>Unauthorized (401)</title></head><body>Unauthorized</body></html>"
    headers = {"WWW-Authenticate": 'OAuth realm="jira"', **came.reason}
    return Reply(401, headers=headers, raw=page, media="text/html;charset=UTF-8")


def _route(site: Site, asked: Asked) -> tuple[Route, dict[str, str]]:
    known = False
    for pattern, route in _table("cloud" if site.cloud else "dc"):
        match = pattern.fullmatch(asked.path)
        if match is not None and route.method == asked.method:
            return route, {name: unquote(part) for name, part in match.groupdict().items()}
        known = known or match is not None
    raise Refusal(405 if known else 404, "null for uri: " + asked.path)


@cache
def _table(which: str) -> tuple[tuple[re.Pattern[str], Route], ...]:
    versions = "2|3|latest" if which == "cloud" else "2|latest"
    roots = [(root.replace("{versions}", versions), routes) for root, routes in _ROOTS]
    return tuple(_compiled(which, roots))


def _compiled(
    which: str, roots: Iterable[tuple[str, Sequence[Route]]]
) -> Iterable[tuple[re.Pattern[str], Route]]:
    """Paths with fewer names first: ``issue/createmeta`` is no issue."""
    for root, routes in roots:
        for route in sorted(routes, key=lambda each: each.path.count("{")):
            if route.only in ("", which):
                path = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
                yield re.compile(f"/{root}{path}/?"), route
