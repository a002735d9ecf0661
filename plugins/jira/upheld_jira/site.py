"""What is asked of a site once: who we are there, which Jira it is, its fields, its project.

It is kept for an hour: a field that was added meanwhile is found then, or by a restart.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from upheld.plugin import Context, Gone, Misconfigured
from upheld_jira.client import JiraClient
from upheld_jira.config import JiraConfig
from upheld_jira.fields import Catalogue, Field
from upheld_jira.mapping import Site, user_id

_FRESH: Final = timedelta(hours=1)
_PORTAL: Final = "service_desk"
_A_GROUP: Final = 2000


@dataclass(frozen=True, slots=True)
class Known:
    """A site as it was asked. ``ids`` are those of the fields that the settings name,
    ``types`` the project's issue types with their ids."""

    site: Site
    cloud: bool
    ids: tuple[str, ...]
    name: str
    at: datetime
    types: Mapping[str, str]


class Knowledge:
    """Asks when it is needed, and again after an hour."""

    def __init__(self, client: JiraClient, config: JiraConfig, context: Context) -> None:
        self._client, self._config, self._context = client, config, context
        self._lock = threading.Lock()
        self._known: Known | None = None

    def __call__(self) -> Known:
        """What is known of the site."""
        with self._lock:
            now = self._context.now()
            if self._known is None or not now - _FRESH < self._known.at <= now + _FRESH:
                self._known = self._asked(now)
            return self._known

    def forget(self) -> None:
        """Ask anew."""
        with self._lock:
            self._known = None

    def prove(self) -> None:
        """That Jira still knows us; `Auth` where it does not: to a guest every list is empty."""
        self._client.ask(lambda jira: jira.myself())

    def _asked(self, now: datetime) -> Known:
        me = self._client.ask(lambda jira: jira.myself())
        server = self._client.ask(lambda jira: jira.server_info())
        project = self._project()
        catalogue = Catalogue(map(Field.of, self._client.ask(lambda jira: jira.fields())))
        site = Site(
            me=user_id(me),
            address=str(server.get("baseUrl") or self._config.url).rstrip("/"),
            catalogue=catalogue,
            portal=project.get("projectTypeKey") == _PORTAL,
            internal_role=self._config.internal_role,
            groups=self._members(),
        )
        ids = tuple(catalogue.named(name).id for name in self._config.fields)
        types = {str(each["name"]): str(each["id"]) for each in project.get("issueTypes") or ()}
        return Known(site, self._cloud(server), ids, str(me.get("displayName", "")), now, types)

    def _cloud(self, server: Mapping[str, Any]) -> bool:
        if self._config.deployment != "auto":
            return self._config.deployment == "cloud"
        return str(server.get("deploymentType")) == "Cloud"

    def _project(self) -> Mapping[str, Any]:
        key = self._config.project
        try:
            found: Mapping[str, Any] = self._client.get(f"project/{key}")
        except Gone:
            what = f"there is no project '{key}' that we may see"
            then = f"set `project` to one of: {self._offered()}; it needs Browse Projects"
            raise Misconfigured(what, then) from None
        return found

    def _offered(self) -> str:
        rows = self._client.get("project")
        return ", ".join(f"{each['key']} ({each['name']})" for each in rows) or "none"

    def _members(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for group in self._config.groups:
            for member in self._of(group):
                found[member] = (*found.get(member, ()), group)
        return found

    def _of(self, group: str) -> list[str]:
        """Fifty at a time, as Jira gives them."""
        found: list[str] = []
        while len(found) < _A_GROUP:
            page = self._client.get("group/member", groupname=group, startAt=len(found))
            found += [user_id(each) for each in page["values"]]
            if page.get("isLast") is not False or not page["values"]:
                break
        return found
