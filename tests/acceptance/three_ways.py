"""The stage with mail in front, Remedy behind it, and Jira beside: one case that stands on all three."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final

from tests.acceptance.remedy import RemedyStage, RemedyStory
from upheld.case.events import Actor, Side
from upheld.plugin import Ref, Tracker
from upheld.sync.connecting import connect
from upheld.testing.on_jira import DESK
from upheld_jira.simulator import Exchange, Issue, JiraSimulator

_TOKEN: Final = "STAGE_JIRA_TOKEN"
STAFF: Final = Actor("bo", Side.STAFF)


class ThreeWayStage(RemedyStage):
    """``jira`` is the third far end; ``wrote`` is what was written to both trackers."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._asked: list[str] = []
        self.jira = JiraSimulator(self.clock.as_datetime, watch=self._watch)
        self.jira.add_field("Upheld due", "instant")

    def _watch(self, exchange: Exchange) -> None:
        if exchange.asked.method != "GET" and "/search" not in exchange.asked.path:
            self._asked.append(f"jira {exchange.asked.method} {exchange.asked.path}")

    @property
    def wrote(self) -> list[str]:
        """Every request that may have changed something on a tracker; every mail that went out."""
        remedy = [
            f"remedy {each}"
            for each in self.remedy.asked
            if not each.startswith("GET") and "/api/jwt/" not in each
        ]
        return [*remedy, *self._asked, *(str(each.at) for each in self.mail.sent)]

    def _far_ends(self) -> Iterable[AbstractContextManager[object]]:
        return (*super()._far_ends(), self.jira)

    def _secrets(self) -> dict[str, str]:
        return super()._secrets() | {_TOKEN: self.jira.token}

    def _config(self) -> dict[str, Any]:
        whole = super()._config()
        account = {"url": self.jira.url, "email": self.jira.email, "token": {"env": _TOKEN}}
        whole["connections"]["jira"] = {**DESK, **account}
        return whole


class ThreeWayStory(RemedyStory):
    """What people do on each of the three."""

    stage: ThreeWayStage

    @property
    def issue(self) -> Issue:
        """The one issue that there is."""
        (issue,) = self.stage.jira.issues
        return issue

    def in_jira(self, summary: str) -> None:
        """Ann has it in Jira too, and tells Upheld that it is this case."""
        key = self.stage.jira.create(summary, by="pat", organisation="Acme", request=True)
        puller = next(each for each in self.stage.daemon.pullers if each.source.name == "jira")
        plugin = puller.live.plugin
        assert isinstance(plugin, Tracker)
        item = puller.live.call(partial(plugin.fetch, Ref("", key, key)))
        self.stage.site.ledger.retrying(
            lambda tx: connect(tx, puller.intake, puller.source, "C1", item, STAFF)
        )

    def said_in_jira(self) -> list[str]:
        """The comments of the issue."""
        return [each.text for each in self.issue.comments]
