"""The tracker contract, on the simulator as Cloud and as Data Center, with people on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final

import pytest

from upheld.plugin import Actor, Ref, Request, Value, Visibility
from upheld.testing import SteppedClock
from upheld.testing.kit import (
    COLLEAGUE,
    MACHINE,
    SOMEBODY,
    Call,
    Fault,
    FaultProxy,
    Held,
    Stored,
    TrackerContract,
    TrackerFarEnd,
)
from upheld_jira.adapter import Jira
from upheld_jira.search import A_PAGE
from upheld_jira.simulator import Issue, JiraSimulator
from upheld_jira.simulator.jira import Deployment
from upheld_jira.simulator.workflow import Move

#: What the words of the simulated site mean.
MAP: Final[Mapping[str, object]] = {
    "title": "summary",
    "text": "description",
    "severity": {"field": "priority", "values": {"Highest": 1, "High": 2, "Medium": 3}},
    "status": {
        "open": "Open",
        "worked": "Work in progress",
        "waiting_customer": "Waiting for customer",
        "resolved": "Resolved",
        "closed": "Closed",
    },
    "assignee": "assignee",
    "due": "Upheld due",
}
_SECRET: Final = "webhook-secret-of-the-kit"  # noqa: S105 - the simulator alone knows it
_HOOK: Final = "https://desk.example/hooks/under-test"
_FIELDS: Final = ("summary", "description", "priority", "assignee")


class Front(FaultProxy):
    """What stands before Jira. A reply that is lost matters to who writes: that fault waits for one."""

    def fault(self, what: str, method: str) -> Fault | None:
        """As ever, but for a lost reply to a reading."""
        if method == "GET" and self._faults and self._faults[0] is Fault.LOST_REPLY:
            self.took(what)
            return None
        return super().fault(what, method)


class JiraPeople(TrackerFarEnd):
    """A site, and people who work on it past the plugin."""

    scope: ClassVar[str] = "SUP"
    text_field: ClassVar[str] = "summary"
    instant_field: ClassVar[str | None] = "Upheld due"
    page: ClassVar[int] = A_PAGE
    keys: ClassVar[Mapping[str, object]] = {
        "map": MAP,
        "customer_by": ["Organizations", "reporter_domain"],
        "staff": {"group": "support-engineers"},
    }
    severity_field: ClassVar[str] = "priority"
    severities: ClassVar[tuple[Value, Value]] = ("Highest", "High")
    unmapped: ClassVar[tuple[str, Value] | None] = ("priority", "Lowest")
    longest: ClassVar[Mapping[str, int]] = {"summary": 255, "description": 32_767}
    too_large: ClassVar[int] = 10 * 1024 * 1024 + 1
    lacks: ClassVar[Mapping[str, str]] = {
        Fault.EXPIRED.name: "every request carries the token: there is no session",
        "text:long": "a summary has one line of 255 characters: `longest` shows it",
        "comment_of_unknown_visibility": "Jira always tells on a portal, and never elsewhere",
        "public_files": "an internal file is refused: Jira would show it",
    }

    def __init__(self, clock: SteppedClock, jira: JiraSimulator, front: Front) -> None:
        super().__init__(clock)
        self._jira, self._front = jira, front
        self._due = jira.add_field("Upheld due", "instant")
        # Nobody gets there at all: `check` would rightly say so.
        jira.site.projects[self.scope].workflow.statuses.pop("Archived", None)
        jira.add_project("OLD", "Moved here")
        for each, kind, groups in (
            (SOMEBODY, "customer", set[str]()),
            (COLLEAGUE, "atlassian", {"support-engineers"}),
            (MACHINE, "app", set[str]()),
        ):
            email = each.id if "@" in each.id else f"{each.id}@magnolia.example"
            jira.add_person(each.id, each.name, email, kind=kind, groups=groups)  # type: ignore[arg-type]

    @property
    def options(self) -> Mapping[str, object]:
        """The project, by API token or personal access token."""
        account = {"email": self._jira.email} if self._jira.site.cloud else {}
        return {
            "url": self._front.url.rstrip("/"),
            "project": self.scope,
            "token": self._jira.token,
            "groups": ["support-engineers"],
            "on_move": {"resolution": "Done"},
            "mails_customers": False,
            "webhook_secret": _SECRET,
            "timeout": 3,
            **account,
        }

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """Each is told by another error."""
        return {
            "another token": {"token": "wrong"},
            "another project": {"project": "NOSUCH"},
            "another type of issue": {"issue_type": "Wish"},
            "no such field": {"fields": ["No such field"]},
            "another query": {"jql": "no such query"},
            "what no move asks for": {"on_move": {"nosuch": "x"}},
        }

    def calls(self) -> tuple[Call, ...]:
        """What came to the front."""
        return self._front.calls()

    def inject(self, fault: Fault) -> None:
        """At the front; credentials and the index are Jira's own."""
        if fault is Fault.REVOKED:
            self._jira.expire_token()
        elif fault is Fault.LAG:
            self._jira.lag(None)
        else:
            self._front.inject(fault)

    def heal(self) -> None:
        """The front is well, the token good, the index up to date."""
        self._front.heal()
        self._jira.expire_token(False)
        self._jira.lag(timedelta(0))
        self._jira.catch_up()

    # --- looking ---

    def ids(self) -> tuple[str, ...]:
        """Of every issue, oldest first."""
        return tuple(each.id for each in self._jira.issues)

    def stored(self, ref: Ref) -> Stored:
        """As the simulator holds it."""
        issue = self._jira.issue(ref.id)
        held = (Held(each.text, each.public, each.by, each.id) for each in issue.comments)
        files = {f"{each.id}/{each.name}": each.content for each in issue.files}
        return Stored(self._fields(issue), tuple(held), files)

    # --- people ---

    def create(self, text: str, by: Actor, fields: Mapping[str, Value]) -> Ref:
        """By the portal."""
        title = text.splitlines()[0]
        given = {"description": text, **self._kept(fields)}
        key = self._jira.create(title, by=by.id, organisation="Acme", request=True, **given)
        return self._ref(key)

    def edit(self, ref: Ref, by: Actor, fields: Mapping[str, Value]) -> None:
        """In their name; a status by an administrator's own transition."""
        plain = self._kept({name: each for name, each in fields.items() if name != "status"})
        if "status" in fields:
            plain.pop("resolution", None)
            self._move(ref, by, str(fields["status"]))
        if plain:
            self._jira.edit(ref.id, by=by.id, **plain)

    def comment(self, ref: Ref, by: Actor, text: str, visibility: Visibility) -> str:
        """In their name."""
        internal = visibility is not Visibility.PUBLIC
        return self._jira.comment(ref.id, text, by=by.id, internal=internal)

    def delete(self, ref: Ref) -> None:
        """Out of the project."""
        self._jira.delete(ref.id)

    def fill(self, number: int) -> None:
        """Past the sockets."""
        for each in range(number):
            self._jira.create(f"One of many: {each}", by=SOMEBODY.id)

    def rename(self, ref: Ref) -> Ref:
        """It is moved to another project."""
        return self._ref(self._jira.rename(ref.id, "OLD"))

    def edit_comment(self, ref: Ref, comment: str, text: str) -> None:
        """By who may."""
        self._jira.edit_comment(ref.id, comment, text)

    def delete_comment(self, ref: Ref, comment: str) -> None:
        """By who may."""
        self._jira.delete_comment(ref.id, comment)

    def set_zone(self, hours: int) -> None:
        """In the profile of the account."""
        # The names of fixed zones count the other way round (tzdata, etcetera).
        self._jira.set_zone(f"Etc/GMT{-hours:+d}" if hours else "UTC")

    def webhook(self, ref: Ref) -> Request:
        """Signed, as both kinds of Jira do it today."""
        hook = self._jira.webhook(ref.id, _HOOK, secret=_SECRET)
        headers = tuple(hook.headers.items())
        return Request("POST", hook.url, (), headers, hook.body, self.clock.as_datetime())

    # --- parts ---

    def _move(self, ref: Ref, by: Actor, status: str) -> None:
        from upheld_jira.simulator import changes

        site = self._jira.site
        with site.lock:
            flow = site.projects[self.scope].workflow
            assert status in flow.statuses
            done = Move("999", "By an administrator", "", status)
            changes.move(site, site.issue(ref.id), site.people[by.id], done, {})

    def _ref(self, key: str) -> Ref:
        issue = self._jira.issue(key)
        return Ref(issue.project, issue.id, issue.key, f"{self._front.url}/browse/{issue.key}")

    def _kept(self, fields: Mapping[str, Value]) -> dict[str, Any]:
        return {self._due if name == "Upheld due" else name: each for name, each in fields.items()}

    def _fields(self, issue: Issue) -> dict[str, Value]:
        found: dict[str, Any] = {name: issue.values.get(name) for name in _FIELDS}
        for field in self._jira.site.fields.values():
            found[field.name if field.custom else field.id] = issue.values.get(field.id)
        return {**found, "status": issue.status}


class _Contract(TrackerContract):
    """What both kinds share."""

    plugin = Jira
    closing: dict[str, object] = {"status": "Closed"}  # noqa: RUF012
    deployment: ClassVar[Deployment]

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Iterator[JiraPeople]:
        """The site behind a front that can fail."""
        with (
            JiraSimulator(clock.as_datetime, self.deployment) as jira,
            Front(jira.url) as front,
        ):
            jira.seen_as(front.url)
            yield JiraPeople(clock, jira, front)


class TestCloud(_Contract):
    """Jira Cloud."""

    deployment = "cloud"


class TestDataCenter(_Contract):
    """Jira Data Center."""

    deployment = "dc"
