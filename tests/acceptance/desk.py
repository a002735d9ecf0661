"""The stage with a tracker joined to it: a desk whose people work on, whether Upheld runs or not."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from upheld.daemon.assembly import Configured
from upheld.desk.intake import Source
from upheld.plugin import Actor, Comment, RemoteCase, Side, Value, Visibility
from upheld.testing import ScriptedConfig, ScriptedTracker
from upheld.testing.stage import Stage

REPORTER = Actor("pat@acme.example", "Pat Lin", side=Side.CUSTOMER)
ENGINEER = Actor("bo@magnolia.example", "Bo Lindt", side=Side.STAFF)


class DeskStage(Stage):
    """The tracker is the connection ``desk``; what is on it outlives every daemon."""

    def __init__(self, folder: Path, *, far: ScriptedTracker | None = None, **given: Any) -> None:
        super().__init__(folder, **given)
        self.far = far
        #: Whether cases that come by mail are opened on the tracker too.
        self.mail_to_desk = False

    @property
    def desk(self) -> ScriptedTracker:
        """The tracker, with the people on its far side."""
        assert self.far is not None
        return self.far

    def go_live(self, mode: str, *whom: str, **more: Any) -> None:
        """upheld.yaml is edited, and the daemon restarted."""
        self._changes |= {"go_live": {"mode": mode, "live_for": list(whom)}, **more}
        self.restart()

    def _start(self, opened: ExitStack) -> None:
        super()._start(opened)
        self.daemon.close()
        site, source = self.site, Source("desk", "scripted-tracker")
        joined = Configured(ScriptedTracker, ScriptedConfig(), source)
        site.connections = (*map(self._configured, site.connections), joined)
        self.daemon = site.daemon()
        opened.callback(self.daemon.close)
        (plugin,) = (live.plugin for live in self.daemon.lives if live.name == "desk")
        assert isinstance(plugin, ScriptedTracker)
        if self.far is not None:
            _handed_over(self.far, plugin)
        self.far = plugin

    def _configured(self, each: Configured) -> Configured:
        to = "desk" if self.mail_to_desk and each.source.plugin == "email" else None
        return replace(each, source=replace(each.source, cases_to=to))

    # --- what people do there ---

    def item(self, title: str, severity: Value = None, **fields: Value) -> RemoteCase:
        """Pat opens an item, now; one of ours marks it."""
        found = self.desk.open(REPORTER, f"{title}, since this morning.", title=title, **fields)
        if severity is not None:
            found = self.desk.edit(found.ref, ENGINEER, severity=severity)
        return found

    def begin(self, item: RemoteCase) -> None:
        """Bo moves it to in progress."""
        self.desk.edit(item.ref, ENGINEER, status="in progress")

    def say(
        self, item: RemoteCase, by: Actor, text: str, visibility: Visibility = Visibility.PUBLIC
    ) -> None:
        """Somebody comments, now."""
        at: datetime = self.clock.as_datetime()
        self.desk.say(item.ref, Comment("", text, visibility, by, at))


def _handed_over(before: ScriptedTracker, after: ScriptedTracker) -> None:
    """The far end is the same, whoever connects to it."""
    after.items, after._changed, after._keys = before.items, before._changed, before._keys
    after.down = before.down
