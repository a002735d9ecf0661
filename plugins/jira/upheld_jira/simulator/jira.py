"""The whole site in one hand: start it, play the people on it, make it fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias

from upheld.simulator import LocalServer
from upheld_jira.simulator import changes
from upheld_jira.simulator.doors import CLOUD_ID, Doors
from upheld_jira.simulator.faults import Cut, Faults, Reason, limit
from upheld_jira.simulator.fields import ORGANISATIONS, Field, Kept
from upheld_jira.simulator.issue import PUBLIC_PROPERTY, Issue
from upheld_jira.simulator.people import USERS, AccountType, User
from upheld_jira.simulator.server import Desk, Exchange
from upheld_jira.simulator.site import Mail, News, Project, Site
from upheld_jira.simulator.webhooks import Hook, Sender
from upheld_jira.simulator.wire import Reply

Deployment: TypeAlias = Literal["cloud", "dc"]
#: The account whose token a program uses.
ACCOUNT: Final = "upheld"


class JiraSimulator(LocalServer):
    """One site with the project SUP, a service desk. Use it in a ``with``.

    People are named by id: ``upheld`` (the account of the program), ``ann`` (an engineer), ``robot``
    (an automation), ``pat`` (a customer of Acme). ``watch`` sees every exchange; where none is given,
    that of the class does.
    """

    watch: ClassVar[Callable[[Exchange], None] | None] = None

    def __init__(
        self,
        clock: Callable[[], datetime],
        deployment: Deployment = "cloud",
        *,
        watch: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.email = "upheld@magnolia.example"
        self.site = Site(clock, cloud=deployment == "cloud")
        self.doors = Doors(self.site, ACCOUNT, self.email)
        self.webhooks = Sender(self.site)
        self.faults = Faults()
        self._desk = Desk(self.site, self.doors, self.faults, watch or type(self).watch)
        super().__init__(self._desk.take)
        self.site.listeners.append(self._mail)
        self._furnish()

    def _furnish(self) -> None:
        self.add_project("SUP", "Support")
        staff = {USERS, "support-engineers"}
        self.add_person(ACCOUNT, "Upheld", self.email, groups={USERS, "jira-administrators"})
        self.add_person("ann", "Ann Reyes", "ann@magnolia.example", groups=staff)
        self.add_person("robot", "Automation for Jira", kind="app", groups={USERS, "automations"})
        self.add_person("pat", "Pat Lin", "pat@acme.example", kind="customer")
        self.add_organisation("Acme")

    # --- where it is, and how to get in ---

    @property
    def gateway_url(self) -> str:
        """Where the cloud listens to OAuth's access tokens."""
        return f"{self.url}/ex/jira/{CLOUD_ID}"

    @property
    def token_url(self) -> str:
        """Where a refresh token is exchanged."""
        return f"{self.url}/oauth/token"

    @property
    def token(self) -> str:
        """The account's API token (cloud) or personal access token (Data Center)."""
        return self.doors.token if self.site.cloud else self.doors.pat

    def seen_as(self, url: str) -> None:
        """The address that the site calls its own, where a proxy stands before it."""
        self.site.url = url

    # --- what the site is made of ---

    def add_project(
        self, key: str, name: str, *, desk: bool = True, mails: bool = False
    ) -> Project:
        """A project; ``mails``: Service Management writes to its customers by itself."""
        made = Project(self.site.next_id(), key, name, desk=desk, mails=mails)
        self.site.projects[key] = made
        return made

    def add_person(
        self,
        id_: str,
        name: str,
        email: str = "",
        *,
        kind: AccountType = "atlassian",
        zone: str = "UTC",
        groups: set[str] | None = None,
    ) -> User:
        """Somebody; ``id_`` is the accountId on the cloud, the user name on Data Center."""
        return self.site.people.add(User(id_, name, email, kind, zone, groups or set()))

    def add_organisation(self, name: str) -> str:
        """A customer's organisation; returns its id."""
        known = self.site.organisations
        return known.setdefault(name, str(len(known) + 1))

    def add_field(
        self,
        name: str,
        kind: str,
        options: tuple[str, ...] = (),
        *,
        required: bool = False,
        screen: bool = True,
    ) -> str:
        """A custom field of a kind of `fields.KINDS`; returns its id."""
        number = 10100 + sum(each.custom for each in self.site.fields.values())
        made = Field(f"customfield_{number}", name, kind, options, required, screen)
        self.site.fields[made.id] = made
        return made.id

    def deny(self, *permissions: str) -> None:
        """Take permissions from the account."""
        self.site.denied.update(permissions)

    def set_zone(self, zone: str) -> None:
        """The profile of the account says that it lives here."""
        self.site.people[ACCOUNT].zone = zone

    # --- people at work ---

    def create(
        self,
        summary: str,
        *,
        by: str = "pat",
        project: str = "SUP",
        organisation: str = "",
        request: bool = False,
        type_: str = "Incident",
        **fields: Any,
    ) -> str:
        """Somebody opens an issue; ``request``: by the portal. Fields are given as they are kept:
        names of priorities, ids of people. Returns its key."""
        values: dict[str, Kept] = {"summary": summary, "issuetype": type_, **fields}
        if organisation:
            values[ORGANISATIONS] = (organisation,)
        with self.site.lock:
            where = self.site.projects[project]
            return changes.create(self.site, where, self._who(by), values, request=request).key

    def edit(self, key: str, *, by: str = "ann", **fields: Any) -> None:
        """Somebody changes fields, given as they are kept."""
        with self.site.lock:
            changes.edit(self.site, self.site.issue(key), self._who(by), fields)

    def move(self, key: str, status: str, *, by: str = "ann", **fields: Any) -> None:
        """Somebody takes the transition that leads to this status."""
        with self.site.lock:
            issue = self.site.issue(key)
            moves = self.site.projects[issue.project].workflow.moves_from(issue.status)
            done = next((each for each in moves if each.target == status), None)
            if done is None:
                raise LookupError(f"no move leads from {issue.status} to {status}")
            changes.move(self.site, issue, self._who(by), done, fields)

    def comment(
        self,
        key: str,
        text: str,
        *,
        by: str = "ann",
        internal: bool = False,
        properties: Mapping[str, Any] | None = None,
    ) -> str:
        """Somebody comments; returns the comment's id."""
        given = dict(properties or {})
        if internal:
            given[PUBLIC_PROPERTY] = {"internal": True}
        with self.site.lock:
            issue = self.site.issue(key)
            return changes.comment(self.site, issue, self._who(by), text, properties=given).id

    def edit_comment(self, key: str, comment: str, text: str, *, by: str = "ann") -> None:
        """Somebody rewrites a comment."""
        with self.site.lock:
            issue = self.site.issue(key)
            said = issue.comment(comment)
            assert said is not None
            changes.edit_comment(self.site, issue, self._who(by), said, text)

    def delete_comment(self, key: str, comment: str, *, by: str = "ann") -> None:
        """Somebody removes a comment."""
        with self.site.lock:
            issue = self.site.issue(key)
            said = issue.comment(comment)
            assert said is not None
            changes.delete_comment(self.site, issue, self._who(by), said)

    def attach(
        self, key: str, name: str, content: bytes, *, by: str = "pat", media: str = "text/plain"
    ) -> str:
        """Somebody adds a file; returns its id."""
        with self.site.lock:
            issue = self.site.issue(key)
            return changes.attach(self.site, issue, self._who(by), name, content, media).id

    def work(self, key: str, minutes: int, *, by: str = "ann") -> None:
        """Somebody logs time."""
        with self.site.lock:
            changes.work(self.site, self.site.issue(key), self._who(by), minutes * 60)

    def link(self, key: str, duplicates: str, *, by: str = "ann") -> str:
        """Somebody says that this issue duplicates the other; the link's id."""
        with self.site.lock:
            here, there = self.site.issue(key), self.site.issue(duplicates)
            return changes.link(self.site, self._who(by), "Duplicate", here, there)

    def unlink(self, link: str, *, by: str = "ann") -> None:
        """Somebody takes a link away."""
        with self.site.lock:
            changes.unlink(self.site, self._who(by), link)

    def rename(self, key: str, project: str, *, by: str = "ann") -> str:
        """Somebody moves it to another project; returns its new key."""
        with self.site.lock:
            issue = self.site.issue(key)
            changes.move_to_project(self.site, issue, self._who(by), self.site.projects[project])
            return issue.key

    def delete(self, key: str, *, by: str = "ann") -> None:
        """Somebody removes it."""
        with self.site.lock:
            changes.delete(self.site, self.site.issue(key), self._who(by))

    # --- looking ---

    def issue(self, key: str) -> Issue:
        """An issue as it is now, as a copy."""
        with self.site.lock:
            return deepcopy(self.site.issue(key))

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All issues, as copies, oldest first."""
        with self.site.lock:
            return tuple(deepcopy(each) for each in self.site.issues.values())

    @property
    def mails(self) -> tuple[Mail, ...]:
        """What the site wrote to customers by itself."""
        with self.site.lock:
            return tuple(self.site.mails)

    @property
    def leaks(self) -> tuple[str, ...]:
        """Where credentials came that had no business there."""
        return tuple(self.site.leaks)

    # --- faults ---

    def fail_next(self, what: int | Cut | Reply, *, times: int = 1, on: str = "") -> None:
        """The next requests of which "METHOD path" matches ``on`` meet a status with nothing done;
        ``reset`` and ``timeout``, nothing done either; ``drop_reply``, done but not answered."""
        with self.site.lock:
            self.faults.strike(what, times, on)

    def limit_next(
        self, after: str | None = "7", *, reason: Reason = "jira-burst-based", times: int = 1
    ) -> None:
        """The next requests are too many; ``after`` is Retry-After as it stands in the header."""
        refused = limit(self.site.clock(), cloud=self.site.cloud, after=after, reason=reason)
        self.fail_next(refused, times=times)

    def expire_token(self, expired: bool = True) -> None:
        """The token is no longer good, or is again. The cloud goes on answering: to a guest."""
        self.doors.expired = expired

    def lag(self, lag: timedelta | None) -> None:
        """Searching finds what is so old (policy time) at least; None: the index stands still."""
        with self.site.lock:
            self.site.index.lag = lag

    def catch_up(self) -> None:
        """The index finds everything again."""
        with self.site.lock:
            self.site.index.catch_up()

    def publish_all(self, publishes: bool = True) -> None:
        """ "Internal" is taken, and not kept."""
        self.site.publishes_all = publishes

    # --- webhooks ---

    def register_webhook(
        self,
        url: str,
        *,
        secret: str | None = None,
        events: tuple[str, ...] = (
            "jira:issue_created",
            "jira:issue_updated",
            "jira:issue_deleted",
            "comment_created",
            "comment_updated",
            "comment_deleted",
        ),
    ) -> str:
        """An administrator registers a webhook; returns its id."""
        with self.site.lock:
            id_ = self.site.next_id()
            held = {"name": "Upheld", "url": url, "events": [*events]}
            self.site.webhooks[id_] = held | ({"secret": secret} if secret else {})
            return id_

    def webhook(self, key: str, url: str, *, secret: str | None = None) -> Hook:
        """What would be sent now that this issue was edited, not sent."""
        with self.site.lock:
            issue = self.site.issue(key)
            news = News("jira:issue_updated", issue, self._who("ann"), self.site.clock())
            return self.webhooks.made(news, {"url": url, "secret": secret})

    # --- life ---

    def start(self, port: int = 0) -> Self:
        """Listen on 127.0.0.1, on a free port if none is named."""
        super().start(port)
        self.site.url = self.url
        self.webhooks.start()
        return self

    def close(self) -> None:
        """Hang up on everybody; the issues stay."""
        self.webhooks.close()
        super().close()

    def _who(self, id_: str) -> User:
        return self.site.people[id_]

    def _mail(self, news: News) -> None:
        """Service Management writes to the reporter of each public comment that is not theirs."""
        said = news.comment
        project = self.site.projects[news.issue.project]
        if not (project.desk and project.mails and news.event == "comment_created"):
            return
        assert said is not None
        for address in changes.customers(self.site, news.issue) if said.public else ():
            if address != news.by.email:
                self.site.mails.append(Mail(news.at, address, news.issue.key, said.text))
