"""What can be written: the fields of the screens, their values, the statuses of the project."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from upheld.plugin import FieldSpec, Misconfigured, Schema
from upheld_jira.client import JiraClient
from upheld_jira.config import JiraConfig
from upheld_jira.fields import Catalogue, Field
from upheld_jira.mapping import user_id
from upheld_jira.search import Search, scope
from upheld_jira.site import Knowledge
from upheld_jira.transitions import Moving, Workflow, category

_A_PAGE: Final = 100
_FRESH: Final = timedelta(minutes=10)
#: Newest issues that are looked at for what can be done from each status.
_SAMPLE: Final = 100
#: What is on every screen and is not ours to write: it is said when the issue is made.
_FIXED: Final = frozenset({"project", "issuetype", "attachment", "issuelinks", "parent"})
_READ_ONLY: Final = ("created", "updated", "duplicates")


class Screens:
    """What the screens of one issue type have, asked once."""

    def __init__(
        self,
        client: JiraClient,
        config: JiraConfig,
        knowledge: Knowledge,
        workflow: Workflow,
        moving: Moving,
        now: Callable[[], datetime],
    ) -> None:
        self._client, self._config, self._known = client, config, knowledge
        self._workflow, self._moving, self._now = workflow, moving, now
        self._lock = threading.Lock()
        self._creation: dict[str, Mapping[str, Any]] | None = None
        self._schema: tuple[datetime, Schema] | None = None

    def creates(self, id_: str) -> bool:
        """Whether a field is on the screen by which issues are created."""
        return id_ in self.creation()

    def creation(self) -> dict[str, Mapping[str, Any]]:
        """The metadata of the fields with which an issue of our type is created, by id."""
        with self._lock:
            if self._creation is None:
                self._creation = self._asked()
            return self._creation

    def types(self) -> dict[str, str]:
        """The issue types that can be created, with their ids."""
        return dict(self._known().types)

    def statuses(self) -> tuple[str, ...]:
        """The statuses that issues of our type can have, in the workflow's order."""
        return tuple(name for name, _ in self.stages())

    def stages(self) -> tuple[tuple[str, str], ...]:
        """The same, each with its category: new, indeterminate or done."""
        rows = self._client.get(f"project/{self._config.project}/statuses")
        own = [each for each in rows if each["name"] == self._config.issue_type]
        statuses = (own or rows)[0]["statuses"] if rows else []
        self._moving.believe(statuses)
        return tuple((str(each["name"]), category(each)) for each in statuses)

    def schema(self) -> Schema:
        """Fields by our names, statuses, and the transitions as far as issues show them; asked again
        where that is long ago."""
        now = self._now()
        if self._schema is None or not now - _FRESH < self._schema[0] <= now + _FRESH:
            self._schema = (now, self._seen())
        return self._schema[1]

    def forget(self) -> None:
        """Ask anew."""
        with self._lock:
            self._creation = self._schema = None

    def _seen(self) -> Schema:
        catalogue = self._known().site.catalogue
        there = {**self.editing(), **self.creation()}
        fields = [_spec(catalogue, id_, row) for id_, row in there.items() if id_ not in _FIXED]
        fields += [FieldSpec("status", "Status")]
        fields += [FieldSpec(name, name, writable=False) for name in _READ_ONLY]
        moves = self._workflow.transitions(self._config.on_move, catalogue.name)
        return Schema(tuple(fields), self.statuses(), tuple(moves))

    def editing(self) -> dict[str, Mapping[str, Any]]:
        """The metadata of the fields of an issue that is there, where there is any; its workflow is
        looked at by the way, from one issue of each status."""
        newest = self._sample()
        for status, id_ in newest.items():
            self._moving.look(id_, status)
        if not newest:
            return {}
        id_ = next(iter(newest.values()))
        found: dict[str, Mapping[str, Any]] = self._client.get(f"issue/{id_}/editmeta")["fields"]
        return found

    def _sample(self) -> dict[str, str]:
        """An issue of each status, the newest."""
        own = f'{scope(self._config)} AND issuetype = "{self._config.issue_type}"'
        search = Search(self._client, cloud=self._known().cloud, ids=("status",))
        found: dict[str, str] = {}
        for each in search.page(f"{own} ORDER BY created DESC").issues[:_SAMPLE]:
            found.setdefault(str(each["fields"]["status"]["name"]), str(each["id"]))
        return found

    def _asked(self) -> dict[str, Mapping[str, Any]]:
        project, type_ = self._config.project, self._config.issue_type
        types = self.types()
        if type_ not in types:
            what = f"nothing of type '{type_}' can be created in {project}"
            offered = ", ".join(types) or "none"
            raise Misconfigured(what, f"set `issue_type` to one of: {offered}")
        rows = self._pages(f"issue/createmeta/{project}/issuetypes/{types[type_]}", "fields")
        return {str(each.get("fieldId") or each["key"]): each for each in rows}

    def _pages(self, path: str, cloud: str) -> list[Mapping[str, Any]]:
        """All rows; Data Center calls them ``values`` and tells no total."""
        name = cloud if self._known().cloud else "values"
        found: list[Mapping[str, Any]] = []
        while True:
            page = self._client.get(path, startAt=len(found), maxResults=_A_PAGE)
            found += page[name]
            total = page.get("total")
            last = page.get("isLast", page.get("last", True))
            if not page[name] or (len(found) >= int(total) if total is not None else last):
                return found


def _spec(catalogue: Catalogue, id_: str, row: Mapping[str, Any]) -> FieldSpec:
    field = Field.of(row)
    required = bool(row.get("required")) and not row.get("hasDefaultValue")
    # Where a field holds several, each of the values goes with every other.
    offered = None if field.type == "array" else row.get("allowedValues")
    values = None if offered is None else tuple(map(_word, offered))
    return FieldSpec(catalogue.name(id_), field.name, required=required, values=values)


def _word(offered: Mapping[str, Any]) -> str:
    return str(offered.get("value") or offered.get("name") or user_id(offered))
