"""F: readings as they come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest

from upheld.plugin import Connection, Health, Inbound, Request, Response
from upheld.testing.clock import SteppedClock
from upheld.testing.context import ScratchContext
from upheld.testing.kit.contract import Connect, ended
from upheld.testing.kit.feed_base import MONITOR, FeedBase, readings, refused
from upheld.testing.kit.feed_end import FeedFarEnd, Told
from upheld.testing.kit.grade import shows
from upheld.testing.kit.notifier_base import HOSTILE
from upheld.web.app import Served, build
from upheld.web.server import Door

#: What a person reads of a monitor, characters.
LONGEST: Final = 2000
_OBEYED: Final = frozenset("\x00\x07\x1b\n\r\u202e\u202c\u2028")
_MANY: Final = 12


class Readings(FeedBase):
    """What is told arrives: whole, once, of its monitor and its instant."""

    @shows("F6-state")
    @pytest.mark.parametrize("state", Health)
    def test_a_state_arrives(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock, state: Health
    ) -> None:
        self.meet(remote, state.name)
        reading = self.only(self.came(feed, remote.tell(Told(MONITOR, state)), clock))
        assert reading.state is state

    @shows("F7-instant")
    def test_it_is_of_when_it_was_so(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        told = clock.as_datetime()
        request = remote.tell(Told(MONITOR))
        clock.forward(minutes=5)
        reading = self.only(self.came(feed, request, clock))
        assert reading.at == (clock.as_datetime() if "instants" in remote.lacks else told)
        assert reading.at.utcoffset() == timedelta(0)

    @shows("F7-instant")
    def test_nothing_is_of_later_than_it_came(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        """A sender's clock that is ahead would otherwise hide all that comes after."""
        came = clock.as_datetime()
        clock.forward(minutes=20)
        request = replace(remote.tell(Told(MONITOR)), at=came)
        assert self.only(feed.receive(request)).at <= came

    @shows("F8-detail")
    @pytest.mark.parametrize("text", [*HOSTILE, "down " * 50_000, "\x00 down \ud800 \u2028 \x85"])
    def test_words_come_as_one_harmless_line(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock, text: str
    ) -> None:
        self.meet(remote, "detail")
        detail = self.only(self.came(feed, remote.tell(Told(MONITOR, detail=text)), clock)).detail
        assert "down" in detail or "MAIL FROM" in detail
        assert _OBEYED.isdisjoint(detail)
        assert len(detail) <= LONGEST
        detail.encode()

    @shows("F11-repeat")
    def test_it_comes_again(
        self, connect: Connect, remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        request = remote.tell(Told(MONITOR))
        first = self.only(self.came(connect(), request, clock))
        clock.forward(minutes=5)
        again = self.only(self.came(connect(), request, clock))
        at = first.at if "instants" in remote.lacks else again.at
        assert replace(again, at=at) == first

    @shows("F12-order")
    def test_what_was_later_comes_first(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        self.meet(remote, "instants")
        down, went = remote.tell(Told(MONITOR, Health.DOWN)), clock.as_datetime()
        clock.forward(minutes=5)
        up, back = remote.tell(Told(MONITOR, Health.UP)), clock.as_datetime()
        clock.forward(minutes=5)
        found = [self.only(self.came(feed, each, clock)) for each in (up, down)]
        assert [(each.state, each.at) for each in found] == [
            (Health.UP, back),
            (Health.DOWN, went),
        ]

    @shows("F13-several")
    def test_several_in_one_delivery(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        self.meet(remote, "several")
        told = [Told(f"acme-{number}") for number in range(_MANY)]
        received = self.came(feed, remote.tell(*told), clock)
        assert {each.monitor for each in readings(received.items)} == {e.monitor for e in told}
        assert len(received.items) == _MANY

    @shows("F13-several")
    def test_one_that_is_bad_holds_up_no_other(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        self.meet(remote, "several", "unmapped")
        received = self.came(feed, remote.unmapped(Told(MONITOR)), clock)
        assert self.only(received).state is Health.DOWN
        assert refused(received.items)

    @shows("F14-unmapped")
    def test_what_fits_nothing_is_refused_with_a_reason(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        self.meet(remote, "unmapped")
        request = remote.unmapped()
        first = self.came(feed, request, clock)
        clock.forward(minutes=5)
        again = self.came(feed, request, clock)
        assert readings(first.items) == []
        assert all(each.id and each.reason for each in refused(first.items))
        assert [each.id for each in refused(again.items)] == [e.id for e in refused(first.items)]
        assert refused(first.items)
        assert first.response.status < 500

    @shows("F17-stateless")
    def test_nothing_is_asked_and_nothing_kept(
        self,
        feed: Connection[Any],
        remote: FeedFarEnd,
        clock: SteppedClock,
        context: ScratchContext,
    ) -> None:
        request = remote.tell(Told(MONITOR))
        with patch("socket.socket.connect", side_effect=AssertionError("it reaches out")):
            self.only(self.came(feed, request, clock))
        assert (dict(context.vault), list(Path(context.folder).iterdir())) == ({}, [])

    @shows("F19-together")
    def test_many_at_once(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        names = [f"acme-{number}" for number in range(_MANY)]
        requests = [remote.tell(Told(name)) for name in names]
        with ThreadPoolExecutor(_MANY) as pool:
            got = list(pool.map(lambda each: self.came(feed, each, clock), requests))
        assert [
            self.only(each, name).monitor for each, name in zip(got, names, strict=True)
        ] == names

    @shows("F20-door")
    def test_through_the_door(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        request = remote.tell(Told(MONITOR))
        by_hand = self.came(feed, request, clock)
        with _opened(feed, clock) as (door, items):
            status = _sent(door, request)
        assert (status, tuple(items)) == (by_hand.response.status, by_hand.items)

    @shows("F21-stop")
    def test_closing_lets_go_of_everything(
        self, connect: Connect, remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        request = remote.tell(Told(MONITOR))
        before = threading.enumerate()
        feed = connect()
        self.came(feed, request, clock)
        feed.close()
        feed.close()
        ended(before)


@contextmanager
def _opened(feed: Connection[Any], clock: SteppedClock) -> Iterator[tuple[Door, list[Inbound]]]:
    items: list[Inbound] = []

    def take(_name: str, request: Request) -> Response:
        received = feed.receive(request)
        items.extend(received.items)
        return received.response

    served = Served(
        names=frozenset({feed.context.name}),
        take=take,
        healthy=lambda: True,
        metrics=lambda: (b"", "text/plain"),
        counted=lambda _name, _status: None,
        now=clock.as_datetime,
        public_url=None,
        largest=1_000_000,
        a_minute=1000,
    )
    door = Door(build(served), "127.0.0.1:0")
    door.open()
    try:
        yield door, items
    finally:
        door.close()


def _sent(door: Door, request: Request) -> int:
    parts = urlsplit(request.url)
    line = HTTPConnection("127.0.0.1", door.port, timeout=5)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        line.request(request.method, path, request.body, dict(request.headers))
        answer = line.getresponse()
        answer.read()
        return answer.status
    finally:
        line.close()
