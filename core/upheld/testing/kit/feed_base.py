"""What the parts of the feed contract share: a delivery, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from upheld.plugin import Auth, Connection, Inbound, Reading, Received, Refused, Request, Response
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import Connect
from upheld.testing.kit.grade import Kind
from upheld.testing.kit.settings import Settings

MONITOR = "acme-mail"


class FeedBase(Settings):
    """Fixtures and words of the contract."""

    kind = Kind.FEED

    @pytest.fixture
    def feed(self, connect: Connect) -> Connection[Any]:
        """The plugin, connected."""
        connected: Connection[Any] = connect()
        return connected

    def came(self, feed: Connection[Any], request: Request, clock: SteppedClock) -> Received:
        """What a delivery brings that comes now; an ``Auth`` is what the door makes of it."""
        try:
            return feed.receive(replace(request, at=clock.as_datetime()))
        except Auth as error:
            return Received(Response(401), (Refused("forged", error.what),))

    def only(self, received: Received, monitor: str = MONITOR) -> Reading:
        """The one reading of this monitor, of a delivery that was taken."""
        assert 200 <= received.response.status < 300
        (found,) = (each for each in readings(received.items) if each.monitor == monitor)
        return found


def readings(items: tuple[Inbound, ...]) -> list[Reading]:
    """The readings among what came."""
    return [each for each in items if isinstance(each, Reading)]


def refused(items: tuple[Inbound, ...]) -> list[Refused]:
    """What could not be taken."""
    return [each for each in items if isinstance(each, Refused)]
