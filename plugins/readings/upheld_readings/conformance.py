"""The feed contract: once with the secret as a token, once with signed bodies and paths of one's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

import pytest

from upheld.plugin import Request
from upheld.testing import SteppedClock
from upheld.testing.kit import FeedContract, FeedFarEnd, Told
from upheld_readings.adapter import Readings
from upheld_readings.config import Signature
from upheld_readings.proof import signed

SECRET: Final = "conformance-secret"  # noqa: S105  of nobody
URL: Final = "http://127.0.0.1:8080/hooks/under-test"


class Sender(FeedFarEnd):
    """Posts a list of items as the settings have them by themselves, with a token."""

    @property
    def options(self) -> Mapping[str, object]:
        """The token."""
        return {"secrets": [SECRET]}

    def tell(self, *told: Told) -> Request:
        """An item each."""
        return self.raw(self._body([self._item(each) for each in told]))

    def unmapped(self, *beside: Told) -> Request:
        """A state of no meaning."""
        sideways = {"monitor": "acme-mail", "state": "sideways"}
        return self.raw(self._body([sideways, *map(self._item, beside)]))

    def raw(self, body: bytes) -> Request:
        """Any body, with the token."""
        headers = (("Authorization", f"Bearer {SECRET}"), ("Content-Type", "application/json"))
        return Request("POST", URL, (), headers, body, self.clock.as_datetime())

    def unproven(self, request: Request) -> Mapping[str, Request]:
        """Other tokens, elsewhere."""
        return {
            "another token": replace(request, headers=(("Authorization", "Bearer another"),)),
            "half a token": replace(request, headers=(("Authorization", f"Bearer {SECRET[:5]}"),)),
            "in the query": replace(request, headers=(), url=f"{URL}?token={SECRET}"),
            "half of a path": replace(request, headers=(), url=f"{URL}/{SECRET[:-1]}"),
        }

    def _body(self, items: list[dict[str, Any]]) -> bytes:
        return json.dumps(items).encode()

    def _item(self, told: Told) -> dict[str, Any]:
        at = self.clock.as_datetime().isoformat()
        return {"monitor": told.monitor, "state": told.state, "at": at, "detail": told.detail}


class Signing(Sender):
    """Signs, and has words of its own."""

    signature: ClassVar[Signature] = Signature(
        header="X-Hub-Signature-256", prefix="sha256=", algorithm="sha256", encoding="hex"
    )

    @property
    def options(self) -> Mapping[str, object]:
        """The secret that signs, and where things are."""
        return {
            "secrets": [SECRET, "the-secret-before-it"],
            "signature": self.signature.model_dump(),
            "items": "$.data.checks",
            "monitor": "{@['server-name']}",
            "state": "@.status[0]",
            "at": "@.time.ms",
            "detail": ["@.error", "@.note"],
        }

    def raw(self, body: bytes) -> Request:
        """Any body, signed."""
        headers = ((self.signature.header, signed(body, SECRET, self.signature)),)
        return Request("POST", URL, (), headers, body, self.clock.as_datetime())

    def unproven(self, request: Request) -> Mapping[str, Request]:
        """Signatures of something else, and the secret itself, which is none."""
        name = self.signature.header
        other = signed(request.body, "another-secret-here", self.signature)
        return {
            "another secret": replace(request, headers=((name, other),)),
            "another body": replace(request, body=request.body + b" "),
            "no signature": replace(request, headers=((name, "sha256="),)),
            "the secret": replace(request, headers=(("Authorization", f"Bearer {SECRET}"),)),
        }

    def _body(self, items: list[dict[str, Any]]) -> bytes:
        return json.dumps({"data": {"checks": items}}).encode()

    def _item(self, told: Told) -> dict[str, Any]:
        ms = self.clock.as_datetime().timestamp() * 1000
        return {
            "server-name": told.monitor,
            "status": [told.state.upper()],
            "time": {"ms": ms},
            "error": None,
            "note": told.detail,
        }

    def unmapped(self, *beside: Told) -> Request:
        """An item of no monitor."""
        return self.raw(self._body([{"status": ["up"]}, *map(self._item, beside)]))


class TestReadings(FeedContract):
    """The readings connection."""

    plugin = Readings

    @pytest.fixture(params=[Sender, Signing])
    def remote(self, request: pytest.FixtureRequest, clock: SteppedClock) -> Sender:
        """Somebody who posts."""
        sender: Sender = request.param(clock)
        return sender
