"""The tracker, connected to a simulated site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from upheld.plugin import Actor, Attachment, Comment, Draft, PluginError, Ref, Side, Visibility
from upheld.testing import SteppedClock
from upheld.testing.context import make_context
from upheld_jira.adapter import Jira
from upheld_jira.config import JiraConfig
from upheld_jira.simulator import Exchange, JiraSimulator

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WE = Actor("upheld", side=Side.UPHELD)


class Desk:
    """A tracker on a simulated site, which notes every request as "METHOD path"."""

    def __init__(
        self, jira: JiraSimulator, clock: SteppedClock, tracker: Jira, exchanges: list[Exchange]
    ) -> None:
        self.jira, self.clock, self.tracker, self._exchanges = jira, clock, tracker, exchanges

    @property
    def asked(self) -> list[str]:
        """Everything so far."""
        return [f"{each.asked.method} {each.asked.path}" for each in self._exchanges]

    def cost(self, call: Callable[[], Any]) -> list[str]:
        """What a call asks of Jira, without the paths' beginnings."""
        before = len(self.asked)
        call()
        return [each.replace("/rest/api/2/", "") for each in self.asked[before:]]

    def ref(self, key: str) -> Ref:
        issue = self.jira.issue(key)
        return Ref(issue.project, issue.id, issue.key)

    def update(self, key: str, **fields: Any) -> Any:
        ref = self.ref(key)
        return self.tracker.update(ref, fields, self.tracker.fetch(ref).version)

    def create(self, text: str = "Mail is down.", key: str = "create:C7", **fields: Any) -> Any:
        return self.tracker.create(Draft("", text, Actor("pat@acme.example"), fields), key)


@contextmanager
def desk(folder: Path, clock: SteppedClock, kind: Any = "cloud", **changed: Any) -> Iterator[Desk]:
    """Close it in the end."""
    exchanges: list[Exchange] = []
    with (
        JiraSimulator(clock.as_datetime, kind, watch=exchanges.append) as jira,
        make_context(folder, clock.as_datetime, "jira") as context,
    ):
        tracker = Jira(settings(jira, **changed), context)
        yield Desk(jira, clock, tracker, exchanges)
        tracker.close()


def settings(jira: JiraSimulator, **changed: Any) -> JiraConfig:
    account = {"email": jira.email} if jira.site.cloud else {}
    given = {
        "url": jira.url,
        "project": "SUP",
        "token": jira.token,
        "on_move": {"resolution": "Done"},
    }
    return JiraConfig.model_validate({**given, **account, **changed})


def said(text: str, visibility: Visibility = Visibility.INTERNAL, *files: Attachment) -> Comment:
    return Comment("", text, visibility, WE, AT, attachments=files)


def file(content: bytes, name: str = "log.txt") -> Attachment:
    return Attachment("", name, "text/plain", len(content), lambda: BytesIO(content))


def refused(call: Callable[[], object]) -> PluginError:
    try:
        call()
    except PluginError as error:
        return error
    raise AssertionError("nothing was refused")
