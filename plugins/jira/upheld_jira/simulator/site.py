"""One Jira site in memory: projects, people, fields, issues; one lock over all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from upheld_jira.simulator.fields import SYSTEM, Field
from upheld_jira.simulator.index import Index
from upheld_jira.simulator.people import People, User
from upheld_jira.simulator.wire import UNSEEN, Json, Refusal
from upheld_jira.simulator.workflow import Workflow, service_desk

if TYPE_CHECKING:
    from upheld_jira.simulator.issue import Comment, History, Issue
    from upheld_jira.simulator.search import Place

PRIORITIES: Final = ("Highest", "High", "Medium", "Low", "Lowest")
RESOLUTIONS: Final = ("Done", "Won't Do", "Duplicate", "Cannot Reproduce")
TYPES: Final = ("Incident", "Service Request", "Task")
PERMISSIONS: Final = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "TRANSITION_ISSUES",
    "ASSIGN_ISSUES",
    "ADD_COMMENTS",
    "DELETE_ALL_COMMENTS",
    "CREATE_ATTACHMENTS",
    "LINK_ISSUES",
    "MODIFY_REPORTER",
    "DELETE_ISSUES",
    "WORK_ON_ISSUES",
    "SCHEDULE_ISSUES",
    "RESOLVE_ISSUES",
    "CLOSE_ISSUES",
    "ADMINISTER_PROJECTS",
    "ADMINISTER",
)


@dataclass(slots=True)
class Project:
    """``desk``: a project of Jira Service Management, where comments can be internal. Where it
    ``mails``, its customers get a mail for each public comment."""

    id: str
    key: str
    name: str
    desk: bool = True
    mails: bool = False
    workflow: Workflow = field(default_factory=service_desk)
    last: int = 0

    @property
    def type(self) -> str:
        """The project type key."""
        return "service_desk" if self.desk else "software"


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to an issue, for webhooks and mails."""

    event: str
    issue: Issue
    by: User
    at: datetime
    change: History | None = None
    comment: Comment | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """What Jira wrote to a customer by itself."""

    at: datetime
    to: str
    key: str
    text: str


class Site:
    """What every part of the simulator works on. Names of things map to their ids."""

    def __init__(self, clock: Callable[[], datetime], *, cloud: bool) -> None:
        self.clock, self.cloud = clock, cloud
        self.url = ""
        self.lock = threading.RLock()
        self.people = People(cloud=cloud)
        self.projects: dict[str, Project] = {}
        self.fields: dict[str, Field] = {each.id: each for each in SYSTEM}
        self.issues: dict[str, Issue] = {}
        self.keys: dict[str, str] = {}
        self.organisations: dict[str, str] = {}
        self.filters: dict[str, Json] = {}
        self.links: dict[str, tuple[str, str, str]] = {}
        self.webhooks: dict[str, Json] = {}
        self.denied: set[str] = set()
        #: Where credentials came that had no business there.
        self.leaks: list[str] = []
        #: Where pages of searches ended, by token.
        self.places: dict[str, Place] = {}
        #: What the newest search found, and what it was.
        self.found: tuple[object, list[Issue]] = (None, [])
        self.mails: list[Mail] = []
        self.listeners: list[Callable[[News], None]] = []
        self.index = Index(clock)
        #: Per page: what the server gives at most, whatever it is asked for.
        self.page = 100 if cloud else 1000
        #: The API takes "internal" and publishes all the same, as on a project that is no desk.
        self.publishes_all = False
        #: Bytes of a file that is refused.
        self.upload_limit = 10 * 1024 * 1024
        self._named: dict[str, dict[str, str]] = {
            "priority": {name: str(n) for n, name in enumerate(PRIORITIES, 1)},
            "resolution": {name: str(n) for n, name in enumerate(RESOLUTIONS, 10001)},
            "issuetype": {name: str(n) for n, name in enumerate(TYPES, 10101)},
        }
        self._last = 10000

    def ids(self, which: str) -> dict[str, str]:
        """Priorities, resolutions or issue types: names to ids, in order."""
        return self._named[which]

    def next_id(self) -> str:
        """An id that was never used."""
        self._last += 1
        return str(self._last)

    def project(self, key_or_id: str) -> Project:
        """By key or id."""
        for each in self.projects.values():
            if key_or_id in (each.key, each.id):
                return each
        raise Refusal(404, f"No project could be found with key '{key_or_id}'.")

    def issue(self, key_or_id: str) -> Issue:
        """By id, by key, or by a key that it had before."""
        found = self.issues.get(self.keys.get(key_or_id.upper(), key_or_id))
        if found is None:
            raise Refusal(404, UNSEEN)
        return found

    def allow(self, permission: str) -> None:
        """The account has this permission, or is refused."""
        if permission in self.denied:
            raise Refusal(403, f"You do not have the permission {permission} in this project.")

    def tell(self, news: News) -> None:
        """Something happened."""
        for listener in self.listeners:
            listener(news)

    def organisation_shown(self, name: str) -> Json:
        """A customer's organisation, as Service Management shows it."""
        id_ = self.organisations[name]
        link = f"{self.url}/rest/servicedeskapi/organization/{id_}"
        return {"id": id_, "name": name, "_links": {"self": link}}
