"""The stage with a Jira beside it: a desk of Service Management, where engineers work.

A mail opens an issue there; what Bo does in Jira is done to the case, and what customers are told stands
there as public comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from upheld.calendar.instant import MINUTE, instant
from upheld.testing.stage import START, Got, Stage, simulator

#: What upheld.yaml says of the desk beside where it is.
DESK: Final[Mapping[str, Any]] = {
    "plugin": "jira",
    "project": "SUP",
    "on_move": {"resolution": "Done"},
    "map": {
        "title": {"field": "summary", "overwrite": False},
        "severity": {"field": "priority", "values": {"Highest": 1, "High": 2, "Medium": 3}},
        "status": {
            "open": "Open",
            "worked": "Work in progress",
            "waiting_customer": "Waiting for customer",
            "resolved": "Resolved",
            "closed": "Closed",
        },
        "due": {"field": "Upheld due"},
        "work": {"remote": "timespent"},  # a worklog
        "duplicate_of": {"remote": "duplicates"},
    },
    "customer_by": ["Organizations", "reporter_domain"],
    "staff": {"group": "support-engineers", "not": ["robot"]},
}


class OnJira(Stage):
    """Pat writes mails or opens issues by the portal, Bo works in Jira, and a robot writes there."""

    def __init__(
        self,
        folder: Path,
        *,
        start: str = START,
        database: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(folder, start=start, database=database, config=config)
        self.jira = simulator("jira", self.clock.as_datetime)
        groups = {"jira-users", "support-engineers"}
        self.jira.add_person("bo", "Bo Lindt", "bo@magnolia.example", groups=groups)
        self.due_field: str = self.jira.add_field("Upheld due", "instant")

    def look(self) -> None:
        """Two minutes pass, in which Jira is read and what followed is written there."""
        self.forward_to(self.clock.now() + 2 * MINUTE)

    def due(self, key: str) -> datetime | None:
        """What stands in the field that Upheld keeps."""
        found = self.jira.issue(key).values.get(self.due_field)
        assert found is None or isinstance(found, datetime)
        return found

    def shown(self) -> list[Got]:
        """What Upheld wrote where engineers read it: issues that it opened, comments; ``to`` is a key."""
        return sorted(self._shown(), key=lambda got: got.at)

    def _shown(self) -> Iterator[Got]:
        for issue in self.jira.issues:
            if issue.creator == "upheld":
                title = str(issue.values["summary"])
                yield Got(instant(issue.created), "issue", issue.key, title, issue.id)
            for said in issue.comments:
                if said.by == "upheld":
                    channel = "public comment" if said.public else "internal comment"
                    what = said.text.partition("\n")[0]
                    yield Got(instant(said.at), channel, issue.key, what, said.id, said.text)

    def _far_ends(self) -> Iterable[AbstractContextManager[object]]:
        return (*super()._far_ends(), self.jira)

    def _secrets(self) -> dict[str, str]:
        return {**super()._secrets(), "STAGE_JIRA_TOKEN": self.jira.token}

    def _config(self) -> dict[str, Any]:
        whole = super()._config()
        account = {"email": self.jira.email, "token": {"env": "STAGE_JIRA_TOKEN"}}
        connections = dict(whole["connections"])
        if "mailbox" in connections:
            connections["mailbox"] = {**connections["mailbox"], "cases_to": "desk"}
        desk = {**DESK, "url": self.jira.url, **account}
        return whole | {"connections": {**connections, "desk": desk}}
