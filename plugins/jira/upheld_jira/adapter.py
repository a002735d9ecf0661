"""A Jira project as the core sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import BaseModel

from upheld.plugin import (
    Ability,
    Attachment,
    Comment,
    Context,
    Draft,
    Finding,
    Lookup,
    Page,
    Received,
    Ref,
    Refused,
    RemoteCase,
    Request,
    Schema,
    Setup,
    Tracker,
    Unknown,
    Value,
    Visibility,
)
from upheld_jira.checks import Checks
from upheld_jira.client import JiraClient
from upheld_jira.comments import Comments
from upheld_jira.config import JiraConfig
from upheld_jira.cursor import OVERLAP, Cursor, Listed, Row, Step, step
from upheld_jira.discovery import Discovery
from upheld_jira.fields import instant
from upheld_jira.files import Files
from upheld_jira.issues import Issues
from upheld_jira.mapping import digest, key_in, marker
from upheld_jira.screens import Screens
from upheld_jira.search import changed, quoted
from upheld_jira.site import Knowledge
from upheld_jira.transitions import Moving, Workflow
from upheld_jira.webhooks import Webhooks

#: Pages of one pull on which nothing is new.
_PASSED_OVER: Final = 50
_UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError)


class Jira(Tracker[JiraConfig]):
    """Issues of one project of Jira Cloud or Data Center, with or without Service Management.

    What we create bears its key in a label from its first moment on, and a comment of ours in a property.
    """

    name = "jira"
    Config = JiraConfig
    abilities: ClassVar[frozenset[Ability]] = frozenset(
        {Ability.PULL, Ability.RECEIVE, Ability.FIND, Ability.INTERNAL_COMMENTS}
    )
    simulator: ClassVar[str | None] = "upheld_jira.simulator:JiraSimulator"
    conformance: ClassVar[str | None] = "upheld_jira.conformance"

    def __init__(self, config: JiraConfig, context: Context) -> None:
        super().__init__(config, context)
        self._client = JiraClient(context, config)
        self._known = Knowledge(self._client, config, context)
        workflow = Workflow()
        moving = Moving(self._client, workflow, config.hops)
        known, now = self._known, context.now
        self._screens = Screens(self._client, config, known, workflow, moving, now)
        self._issues = Issues(self._client, config, self._known, moving, self._screens)
        self._comments, self._files = Comments(self._client), Files(self._client)
        self._doubtful: dict[str, datetime] = {}
        self._webhooks = Webhooks(self._client, config, context)

    @classmethod
    def abilities_with(cls, config: BaseModel) -> frozenset[Ability]:
        """With `mails_customers` Jira writes to them by itself."""
        mails = isinstance(config, JiraConfig) and config.mails_customers
        return cls.abilities | ({Ability.NOTIFIES_CUSTOMER} if mails else set())

    def check(self) -> Iterable[Finding]:
        """Who we are, each permission, each field that creating or moving asks for; writes nothing."""
        known, screens, hooks = self._known, self._screens, self._webhooks
        return Checks(self._client, self.config, self.context, known, screens, hooks).findings()

    def schema(self) -> Schema:
        """Fields, statuses, and the transitions that issues show."""
        return self._screens.schema()

    def pull(self, cursor: str | None) -> Page:
        """Issues by their last change; one request where nothing is new. Pages on which all was seen
        before are passed over. See `cursor`."""
        as_of = self.context.now()
        at = Cursor.read(cursor, as_of)
        for _ in range(_PASSED_OVER):
            rows, taken = self._stepped(at)
            at = taken.cursor
            if taken.fresh or not taken.more:
                break
        items = tuple(self._taken(rows[row]) for row in taken.fresh)
        if taken.more and rows:
            as_of = min(as_of, max(row.at for row in rows))
        return Page(items, at.written(), taken.more, as_of)

    def receive(self, request: Request) -> Received:
        """A signed hint that an issue changed; it is read again by its id, which no index delays."""
        return self._webhooks.read(request, self.config.url)

    def subscribe(self, url: str) -> str:
        """Register the webhook; the account must be an administrator of Jira."""
        return self._webhooks.register(url)

    def propose(self) -> Setup:
        """A map by the project's own priorities, statuses, fields and groups."""
        return Discovery(self._client, self.config, self._known, self._screens).setup()

    def fetch(self, ref: Ref) -> RemoteCase:
        """The issue with its comments and its history, by id or key."""
        return self._issues.one(ref.id)

    def find(self, key: str, since: datetime) -> Lookup[RemoteCase]:
        """The issue that bears this key. That none is found is conclusive only once the index must know
        all that a create could have made."""
        search = self._issues.search()
        jql = f"{scope_of(self.config)} AND labels = {quoted(marker(key))}"
        bears = (each for each in search.page(jql).issues if _key(each) == key)
        found = next(bears, None)
        patience = max(OVERLAP, timedelta(seconds=2 * self.config.timeout))
        if found is not None:
            return Lookup(self._issues.one(str(found["id"])), conclusive=True)
        conclusive = self.context.now() - since >= patience
        if conclusive:
            self._doubtful.pop(key, None)
        return Lookup(None, conclusive)

    def create(self, draft: Draft, key: str) -> RemoteCase:
        """A new issue that bears ``key``; where that may have been made before, it is looked for first."""
        since = self._doubtful.get(key)
        if since is not None:
            lookup = self.find(key, since)
            if lookup.found is not None:
                return lookup.found
            if not lookup.conclusive:
                raise Unknown("the index may not have it yet", "it is looked up again")
        try:
            made = self._issues.create(draft, key)
        except Unknown:
            self._doubtful.setdefault(key, self.context.now())
            raise
        self._doubtful.pop(key, None)
        return made

    def update(self, ref: Ref, fields: Mapping[str, Value], seen: str) -> RemoteCase:
        """Write fields; a status by as many transitions as it takes."""
        return self._issues.update(ref.id, fields, seen)

    def comment(self, ref: Ref, comment: Comment, key: str) -> Comment:
        """Add a comment, its files first."""
        site = self._known().site
        if comment.attachments:
            self._files.refuse_hidden(site, comment.visibility)
            item = self._issues.one(ref.id)
            for each in comment.attachments:
                self._files.add(item, each)
        return self._comments.write(site, ref, comment, key)

    def attach(
        self, ref: Ref, attachment: Attachment, visibility: Visibility, key: str
    ) -> Attachment:
        """Add a file; customers see it wherever they see the issue."""
        self._files.refuse_hidden(self._known().site, visibility)
        id_ = self._files.add(self._issues.one(ref.id), attachment)
        return replace(attachment, id=id_)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    # --- parts ---

    def _stepped(self, at: Cursor) -> tuple[dict[Row, Mapping[str, Any]], Step]:
        """The next page, by row, and what follows from it."""
        jql = changed(self.config, at.since)
        found = self._issues.search().page(jql, token=at.token, offset=at.offset)
        if not found.issues:
            self._known.prove()
        rows = {self._row(each): each for each in found.issues}
        return rows, step(at, Listed(tuple(rows), found.ends, found.token))

    def _row(self, issue: Mapping[str, Any]) -> Row:
        try:
            looks = self._issues.looks(issue)
        except _UNREADABLE:
            looks = digest(issue)
        return Row(str(issue["id"]), instant(issue["fields"]["updated"]), looks)

    def _taken(self, issue: Mapping[str, Any]) -> RemoteCase | Refused:
        """What can't be understood is put aside, the rest goes on."""
        try:
            return self._issues.whole(issue)
        except _UNREADABLE as error:
            kind = type(error).__name__
            return Refused(
                f"issue:{issue['id']}", f"{issue.get('key')} has an unknown shape ({kind})"
            )


def scope_of(config: JiraConfig) -> str:
    """Where an issue of ours may be: it may have left the scope of `jql` since."""
    return f"project = {quoted(config.project)}"


def _key(issue: Mapping[str, Any]) -> str | None:
    labels: Sequence[str] = issue["fields"].get("labels") or ()
    return key_in(labels)
