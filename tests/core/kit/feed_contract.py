"""A feed as an integrator writes it: a line of words, signed in a header; and whoever sends it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import ClassVar

import pytest
from pydantic import Field, SecretStr

from upheld.plugin import (
    Ability,
    Auth,
    Connection,
    ConnectionConfig,
    Finding,
    Health,
    Level,
    Reading,
    Received,
    Refused,
    Request,
    Response,
)
from upheld.testing import SteppedClock
from upheld.testing.kit import FeedContract, FeedFarEnd, Told
from upheld.webhooks import header, line, not_later

SECRET = "a-word-that-nobody-knows"


class WordsConfig(ConnectionConfig):
    """What signs."""

    secret: SecretStr = Field(description="what lines are signed with")


class Words(Connection[WordsConfig]):
    """``monitor state instant detail``, a line each."""

    name = "words"
    Config = WordsConfig
    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.RECEIVE})

    def check(self) -> Iterable[Finding]:
        return [Finding(Level.OK, self.context.name, "all is well")]

    def receive(self, request: Request) -> Received:
        secret = self.config.secret.get_secret_value()
        if not hmac.compare_digest(header(request, "x-sign"), signature(secret, request.body)):
            raise Auth("it is not signed by us", "look at `secret`")
        lines = request.body.decode(errors="replace").split("\n")[:1000]
        return Received(Response(200), tuple(self.item(each, request) for each in lines))

    def item(self, text: str, request: Request) -> Reading | Refused:
        """What a line says."""
        try:
            monitor, state, at, detail = text.split(" ", 3)
            when = not_later(datetime.fromisoformat(at), request)
            return Reading(monitor, Health(state), when, detail=line(detail))
        except ValueError:
            return Refused(
                f"line {sha256(text.encode()).hexdigest()}", "no such line", text.encode()
            )


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, sha256).hexdigest()


class Sender(FeedFarEnd):
    """Signs lines."""

    @property
    def options(self) -> Mapping[str, object]:
        return {"secret": SECRET}

    def tell(self, *told: Told) -> Request:
        return self.raw("\n".join(self._line(each) for each in told).encode())

    def unmapped(self, *beside: Told) -> Request:
        lines = ["acme-mail sideways 2026-12-01T12:00:00Z why", *map(self._line, beside)]
        return self.raw("\n".join(lines).encode())

    def raw(self, body: bytes) -> Request:
        headers = (("X-Sign", signature(SECRET, body)),)
        url = "https://upheld.example/hooks/under-test"
        return Request("POST", url, (), headers, body, self.clock.as_datetime())

    def unproven(self, request: Request) -> Mapping[str, Request]:
        other = (("X-Sign", signature("another", request.body)),)
        return {
            "another": replace(request, headers=other),
            "a changed body": replace(request, body=request.body + b" "),
        }

    def _line(self, told: Told) -> str:
        detail = "".join(each if each.isprintable() else " " for each in told.detail)
        return f"{told.monitor} {told.state} {self.clock.as_datetime().isoformat()} {detail}"


class TestWords(FeedContract):
    """The contract."""

    plugin = Words

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Sender:
        return Sender(clock)
