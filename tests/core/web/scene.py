"""A daemon with a tracker that takes webhooks, and the door before it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from tests.core.desk.scene import Desk
from upheld.daemon.assembly import Configured, Parts, build_daemon
from upheld.daemon.loops import Daemon
from upheld.desk.intake import Source
from upheld.dispatch.routes import SafetyCatch, Ways
from upheld.plugin import (
    Ability,
    Actor,
    Auth,
    Page,
    Received,
    Refused,
    RemoteCase,
    Request,
    Response,
    Touched,
)
from upheld.testing import RecordingLog, ScriptedConfig, ScriptedTracker
from upheld.web.hooks import Hook, Hooks

TRACKER, DEAF = Source("tracker", "hooked"), Source("deaf", "scripted-tracker")
PAT = Actor("pat@acme.example")
SECRET = "pa55-canary"
AT = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)


class Hooked(ScriptedTracker):
    """Takes ``{"touched": ID}`` and ``{"item": ID}``, signed with the secret in a header."""

    abilities: ClassVar[frozenset[Ability]] = ScriptedTracker.abilities | {Ability.RECEIVE}

    #: Its search finds nothing new for a while, as an index does that is behind.
    lags = False

    def pull(self, cursor: str | None) -> Page:
        if self.lags:
            return Page((), cursor or "0", False, self.context.now())
        return super().pull(cursor)

    def receive(self, request: Request) -> Received:
        if dict(request.headers).get("x-signature") != SECRET:
            raise Auth("the signature is not ours")
        told = json.loads(request.body)
        if "echo" in told:
            return Received(Response(200, "text/plain", str(request.url).encode()))
        once = str(told.get("once", ""))
        return Received(Response(202, body=b"taken"), tuple(self._items(told)), once=once)

    def _items(self, told: Mapping[str, Any]) -> list[Touched | RemoteCase | Refused]:
        if "refused" in told:
            return [Refused(told["refused"], "it is no item of ours")]
        item = self.items[told.get("touched") or told["item"]]
        return [Touched(item.ref) if "touched" in told else item]


@dataclass
class Entry:
    """A desk with a daemon, its hooks, and everything that was logged."""

    desk: Desk
    daemon: Daemon
    hooks: Hooks
    log: RecordingLog
    woken: threading.Event

    @property
    def tracker(self) -> Hooked:
        plugin = self.daemon.lives[0].plugin
        assert isinstance(plugin, Hooked)
        return plugin

    def post(
        self, told: object, *, to: str = "tracker", secret: str = SECRET, at: datetime = AT
    ) -> Response:
        """A webhook comes in."""
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        headers = (("x-signature", secret),)
        return self.hooks.take(to, Request("POST", f"/hooks/{to}", (), headers, body, at))

    def hinted(self) -> list[str]:
        """What is to be read again."""
        with self.desk.ledger.reading() as tx:
            return [each.remote_id for each in tx.hints("tracker", limit=100)]


def entry(desk: Desk, folder: Path) -> Entry:
    """Put it together as ``upheld run`` does."""
    parts = Parts(
        records=desk.records,
        directory=desk.directory,
        connections=[
            Configured(Hooked, ScriptedConfig(), TRACKER),
            Configured(ScriptedTracker, ScriptedConfig(), DEAF),
        ],
        ways=Ways(),
        catch=SafetyCatch(),
        site="test",
        zone="UTC",
        folder=folder,
    )
    daemon, log, woken = build_daemon(parts), RecordingLog(), threading.Event()
    hooks = {p.source.name: Hook(p.live, p.source, p.intake, p.touched.set) for p in daemon.pullers}
    return Entry(desk, daemon, Hooks(hooks, desk.ledger, log, woken.set), log, woken)


Making = Callable[[], Entry]
