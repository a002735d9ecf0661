"""Asking for issues: by token on the cloud, by offset on Data Center.

Instants in a query are epoch milliseconds: written as dates they would be read in the time zone of the
account's profile, which anybody may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from upheld_jira.client import JiraClient
from upheld_jira.config import JiraConfig

#: Issues of a page.
A_PAGE: Final = 100
_EXPAND: Final = "changelog"
#: Of an issue with every field these are of no use here, and large.
_ALL: Final = ("*all", "-worklog", "-subtasks")
#: What an issue must come with, whatever else is asked for.
_ALWAYS: Final = (
    *("summary", "description", "status", "priority", "assignee", "reporter", "creator", "labels"),
    *("created", "updated", "comment", "attachment", "issuelinks"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of issues as Jira shows them; ``token`` leads to the next, ``ends``: there is none."""

    issues: tuple[Mapping[str, Any], ...]
    ends: bool
    token: str | None = None


def quoted(text: str) -> str:
    """A text as JQL takes it, whatever stands in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def scope(config: JiraConfig) -> str:
    """Which issues are cases."""
    own = f"project = {quoted(config.project)}"
    return f"{own} AND ({config.jql})" if config.jql.strip() else own


def changed(config: JiraConfig, since: datetime | None) -> str:
    """Issues of the scope that changed since, the oldest change first."""
    clause = "" if since is None else f" AND updated >= {round(since.timestamp() * 1000)}"
    return f"{scope(config)}{clause} ORDER BY updated ASC, key ASC"


class Search:
    """Pages of one site; ``ids`` are those of the fields to be read, all where there are none."""

    def __init__(self, client: JiraClient, *, cloud: bool, ids: tuple[str, ...] = ()) -> None:
        self._client, self._cloud = client, cloud
        self.fields = ",".join((*_ALWAYS, *ids) if ids else _ALL)

    def page(self, jql: str, *, token: str | None = None, offset: int = 0) -> Found:
        """One page. How many issues it has says nothing of whether another one follows."""
        if self._cloud:
            return self._by_token(jql, token)
        return self._by_offset(jql, offset)

    def all(self, jql: str, *, most: int) -> Iterator[Mapping[str, Any]]:
        """Every issue, ``most`` at most; a token that comes again ends it."""
        token, offset, tokens = None, 0, set[str | None]()
        while offset < most:
            found = self.page(jql, token=token, offset=offset)
            yield from found.issues[: most - offset]
            offset += len(found.issues)
            if found.ends or not found.issues or found.token in tokens:
                return
            token = found.token
            if token is not None:
                tokens.add(token)

    def _by_token(self, jql: str, token: str | None) -> Found:
        query: dict[str, Any] = self._query(jql)
        if token is not None:
            query["nextPageToken"] = token
        body = self._client.get("search/jql", **query)
        following = body.get("nextPageToken")
        # Without a token there is no next page, whatever `isLast` says.
        ends = body.get("isLast") is True or not following
        return Found(tuple(body["issues"]), ends, following)

    def _by_offset(self, jql: str, offset: int) -> Found:
        body = self._client.get("search", **self._query(jql), startAt=offset)
        issues = tuple(body["issues"])
        return Found(issues, ends=offset + len(issues) >= int(body["total"]))

    def _query(self, jql: str) -> dict[str, Any]:
        return {"jql": jql, "maxResults": A_PAGE, "fields": self.fields, "expand": _EXPAND}
