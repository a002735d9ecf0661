"""J: webhooks. A hint from somebody who has proved who they are, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from upheld.plugin import Ability, Ref, Refused, RemoteCase, Request, Touched, Tracker
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.far_end import SOMEBODY, TrackerFarEnd
from upheld.testing.kit.grade import shows
from upheld.testing.kit.tracker_base import TrackerBase


class Webhooks(TrackerBase):
    """`receive`."""

    @pytest.fixture
    def ref(self, remote: TrackerFarEnd) -> Ref:
        """An item that a customer opened."""
        return remote.create("Mail is down.", SOMEBODY, {})

    @shows("J52-signature")
    def test_a_valid_one_names_its_item(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        received = tracker.receive(remote.webhook(ref))
        assert received.response.status < 300
        assert _named(received.items) == [ref.id]

    @shows("J52-signature")
    def test_a_body_that_was_changed(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        valid = remote.webhook(ref)
        self._refused(tracker, replace(valid, body=valid.body + b" "))

    @shows("J52-signature")
    def test_one_without_any_proof(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        valid = remote.webhook(ref)
        bare = replace(valid, headers=(("Content-Type", "application/json"),), query=())
        self._refused(tracker, replace(bare, url=valid.url.partition("?")[0]))

    @shows("J53-doubled")
    def test_it_comes_twice(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref, clock: SteppedClock
    ) -> None:
        request = remote.webhook(ref)
        first = tracker.receive(request)
        clock.forward(minutes=1)
        second = tracker.receive(request)
        assert _named(first.items) == [ref.id]
        assert set(_named(second.items)) <= {ref.id}

    @shows("J53-doubled")
    def test_it_comes_for_an_item_that_is_gone(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        request = remote.webhook(ref)
        remote.delete(ref)
        assert tracker.receive(request).response.status < 300

    @shows("J53-doubled")
    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"event": "unheard of"}'])
    def test_rubbish_is_answered_and_raises_nothing(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref, body: bytes
    ) -> None:
        received = tracker.receive(replace(remote.webhook(ref), body=body))
        assert 200 <= received.response.status < 500
        assert _named(received.items) == []

    @shows("J54-answers")
    def test_it_is_answered_without_the_far_end(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, ref: Ref
    ) -> None:
        request = remote.webhook(ref)
        before = remote.calls()
        with patch("socket.socket.connect", side_effect=AssertionError("it reaches out")):
            assert _named(tracker.receive(request).items) == [ref.id]
        assert remote.calls() == before

    @shows("F31-pages")
    def test_without_webhooks_it_says_so(self, tracker: Tracker[Any], clock: SteppedClock) -> None:
        if Ability.RECEIVE not in self.plugin.abilities:
            at = clock.as_datetime()
            request = Request("POST", "https://desk.example/hooks/x", (), (), b"{}", at)
            assert tracker.receive(request).response.status == 404

    def _refused(self, tracker: Tracker[Any], request: Request) -> None:
        received = tracker.receive(request)
        assert 400 <= received.response.status < 500
        assert [each for each in received.items if not isinstance(each, Refused)] == []


def _named(items: tuple[Any, ...]) -> list[str]:
    return [each.ref.id for each in items if isinstance(each, Touched | RemoteCase)]
