"""The feed contract: whoever calls is as good as curl, so nothing stands in for anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

import pytest

from upheld.plugin import Health, Request
from upheld.testing import SteppedClock
from upheld.testing.kit import FeedContract, FeedFarEnd, Told
from upheld_heartbeat.adapter import Heartbeat
from upheld_heartbeat.calls import code, path

SECRET: Final = "conformance-secret"  # noqa: S105  of nobody
NAME: Final = "under-test"
_WORDS: Final = {Health.UP: "", Health.DEGRADED: "/degraded", Health.DOWN: "/fail"}


class Job(FeedFarEnd):
    """A job that calls its URL."""

    lacks: ClassVar[Mapping[str, str]] = {
        **FeedFarEnd.lacks,
        Health.INCONCLUSIVE.name: "a job knows whether it failed",
        "instants": "a call is of when it comes",
        "several": "each monitor has a URL of its own",
    }

    @property
    def options(self) -> Mapping[str, object]:
        """What its URL was made with."""
        return {"secrets": [SECRET]}

    def tell(self, *told: Told) -> Request:
        """It calls its URL, with its log."""
        (each,) = told
        return self._call(each.monitor, _WORDS[each.state], each.detail.encode(errors="replace"))

    def unmapped(self, *beside: Told) -> Request:
        """A word that is none."""
        return self._call("acme-backup", "/failed", b"disk full")

    def raw(self, body: bytes) -> Request:
        """Any log."""
        return self._call("acme-backup", "/fail", body)

    def unproven(self, request: Request) -> Mapping[str, Request]:
        """Codes that are not of this monitor, or no codes."""
        base = request.url.partition("/hooks/")[0]
        other = code("acme-web", SECRET)
        paths = {
            "the code of another": f"acme-mail/{other}",
            "made with another secret": f"acme-mail/{code('acme-mail', 'another-secret-here')}",
            "half a code": f"acme-mail/{code('acme-mail', SECRET)[:16]}",
            "the secret itself": f"acme-mail/{SECRET}",
            "no code": "acme-mail",
            "no code, and a word": "acme-mail/fail",
            "no monitor": code("", SECRET),
        }
        return {
            why: replace(request, url=f"{base}/hooks/{NAME}/{each}") for why, each in paths.items()
        }

    def _call(self, monitor: str, word: str, body: bytes) -> Request:
        url = f"http://127.0.0.1:8080{path(NAME, monitor, SECRET)}{word}"
        return Request("POST", url, (), (), body, self.clock.as_datetime())


class TestHeartbeat(FeedContract):
    """The heartbeat connection."""

    plugin = Heartbeat

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Job:
        """A job."""
        return Job(clock)
