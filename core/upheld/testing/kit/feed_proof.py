"""F: who may tell us anything, and what strangers and machines gone mad can do."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Any, Final
from unittest.mock import patch

import pytest

from upheld.plugin import Connection, Reading, Refused, Request
from upheld.seam import timed
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.feed_base import MONITOR, FeedBase, readings
from upheld.testing.kit.feed_end import FeedFarEnd, Told
from upheld.testing.kit.grade import shows
from upheld.web.hooks import HARD_STOP

RUBBISH: Final = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"0",
    b'"down"',
    b"\xff\xfe\x00",
    b"{",
    b"<html><body>502 Bad Gateway</body></html>",
    b'{"alerts": {}, "items": 7, "monitor": {"a": []}, "state": ["down"]}',
    b'[{"alerts": null}, [], {"monitor": null, "state": NaN, "at": 1e400}]',
    b'{"version": "4", "alerts": [null, 7, {"labels": [], "status": 3}]}',
    b'{"monitor": "x", "state": "up", "at": {}, "latency": {}, "detail": [[]], "version": [{}]}',
    b'{"at": "9999-12-31T23:59:60Z", "monitor": "x", "state": "down", "latency": -1e308}',
)
LARGE: Final = (
    b"x" * 4_000_000,
    b"[" * 500_000,
    b'{"a":' * 200_000,
    b"9" * 1_000_000,
    b"[" + b"{}," * 300_000 + b"{}]",
    b'{"version": "4", "alerts": [' + b"{}," * 300_000 + b"{}]}",
)


class Proof(FeedBase):
    """`receive` lets in who has proved themselves, and survives them."""

    @shows("F9-proof")
    def test_who_proves_nothing_tells_nothing(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        valid = remote.tell(Told(MONITOR))
        wrong = {**remote.unproven(valid), "bare": _bare(valid)}
        assert len(wrong) > 2, "`unproven` names too few"
        for why, request in wrong.items():
            received = self.came(feed, request, clock)
            assert 400 <= received.response.status < 500, why
            assert readings(received.items) == [], why
        assert self.only(self.came(feed, valid, clock)).monitor == MONITOR

    @shows("F10-constant-time")
    def test_every_proof_is_compared_in_constant_time(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        valid = remote.tell(Told(MONITOR))
        for why, request in {**remote.unproven(valid), "bare": _bare(valid), "": valid}.items():
            with patch("hmac.compare_digest", side_effect=hmac.compare_digest) as compared:
                self.came(feed, request, clock)
            assert compared.called, f"nothing is compared by `hmac.compare_digest`: {why}"

    @shows("F15-hostile")
    @pytest.mark.parametrize("body", RUBBISH, ids=range(len(RUBBISH)))
    def test_rubbish_is_answered(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock, body: bytes
    ) -> None:
        received = self.came(feed, remote.raw(body), clock)
        assert 200 <= received.response.status < 500
        for item in received.items:
            assert isinstance(item, Reading | Refused)
        assert all(each.at <= clock.as_datetime() for each in readings(received.items))

    @shows("F16-size")
    @pytest.mark.parametrize("body", LARGE, ids=range(len(LARGE)))
    def test_a_body_of_any_size_is_answered_in_time(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock, body: bytes
    ) -> None:
        request = remote.raw(body)
        received = timed("feed", lambda: self.came(feed, request, clock), HARD_STOP)
        assert 200 <= received.response.status < 500
        assert len(received.items) <= 10_000

    @shows("F18-secrets")
    def test_no_secret_leaves_with_what_came(
        self, feed: Connection[Any], remote: FeedFarEnd, clock: SteppedClock
    ) -> None:
        requests = [remote.tell(Told(MONITOR)), *(remote.raw(each) for each in RUBBISH)]
        requests += remote.unproven(requests[0]).values()
        if "unmapped" not in remote.lacks:
            requests.append(remote.unmapped())
        secrets = self.secrets(remote.options)
        for request in requests:
            received = self.came(feed, request, clock)
            told = (
                f"{received!r} {[each.raw for each in received.items if isinstance(each, Refused)]}"
            )
            assert [each for each in secrets if each in told] == []


def _bare(request: Request) -> Request:
    """The request without anything that could be a proof."""
    url, _, _ = request.url.partition("?")
    root, door, rest = url.partition("/hooks/")
    bare = f"{root}{door}{rest.partition('/')[0]}"
    return replace(request, url=bare, query=(), headers=(("Content-Type", "application/json"),))
