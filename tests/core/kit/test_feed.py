"""The contract of feeds, on one as an integrator writes it, and on those that are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.core.kit import feed_contract
from tests.core.kit.feed_contract import SECRET, Words, signature
from upheld.plugin import Auth, Health, Reading, Received, Refused, Request
from upheld.testing.kit import Grade, Kind, Outcome
from upheld.testing.kit.verify import Verdict, verify
from upheld.webhooks import header

receive = Words.receive
Receive = Callable[[Words, Request], Received]


def run(*only: str) -> Verdict:
    return verify("words", feed_contract.__name__, only=only)


def test_a_feed_that_is_well_made_is_gold() -> None:
    verdict = run()
    assert [each for each in verdict.shown if not each.holds] == []
    assert (verdict.grade, verdict.kind) == (Grade.GOLD, Kind.FEED)


def changed(change: Callable[[Reading, Request], Any]) -> Receive:
    """A feed that makes something else of its readings."""

    def received(self: Words, request: Request) -> Received:
        found = receive(self, request)
        items = (change(e, request) if isinstance(e, Reading) else e for e in found.items)
        return Received(found.response, tuple(each for each in items if each is not None))

    return received


def _trusting(self: Words, request: Request) -> Received:
    valid = (("X-Sign", signature(SECRET, request.body)),)
    return receive(self, replace(request, headers=valid))


def _hasty(self: Words, request: Request) -> Received:
    if header(request, "x-sign") != signature(SECRET, request.body):
        raise Auth("it is not signed by us", "look at `secret`")
    return Received(
        receive(self, request).response,
        tuple(
            self.item(each, request) for each in request.body.decode(errors="replace").split("\n")
        ),
    )


def _one_bad_spoils_all(self: Words, request: Request) -> Received:
    found = receive(self, request)
    bad = tuple(each for each in found.items if isinstance(each, Refused))
    return Received(found.response, bad[:1] or found.items)


def _strict(self: Words, request: Request) -> Received:
    json.loads(request.body)
    return receive(self, request)


def _counting(self: Words, request: Request) -> Received:
    self.context.vault["seen"] = str(len(self.context.vault))
    return receive(self, request)


def _writing(self: Words, request: Request) -> Received:
    Path(self.context.folder, "last").write_bytes(request.body)
    return receive(self, request)


def _telling(self: Words, request: Request) -> Received:
    found = receive(self, request)
    return Received(replace(found.response, body=SECRET.encode()), found.items)


def _patient(self: Words, request: Request) -> Received:
    if len(request.body) > 3_000_000:
        from threading import Event

        Event().wait(6)
    return receive(self, request)


_last: dict[str, Reading] = {}


def _mixing(reading: Reading, request: Request) -> Reading:
    return _last.setdefault("first", reading)


WRONG: dict[str, tuple[str, Receive]] = {
    "always up": ("F6-state", changed(lambda each, _: replace(each, state=Health.UP))),
    "another monitor": ("F6-state", changed(lambda each, _: replace(each, monitor="x"))),
    "of when it came": ("F7-instant", changed(lambda each, r: replace(each, at=r.at))),
    "words as they are": (
        "F8-detail",
        changed(lambda each, r: replace(each, detail=r.body.decode(errors="replace"))),
    ),
    "trusts anybody": ("F9-proof", _trusting),
    "compares as text": ("F10-constant-time", _hasty),
    "of when it came again": ("F11-repeat", changed(lambda each, r: replace(each, at=r.at))),
    "only the latest": ("F12-order", changed(lambda each, r: replace(each, at=r.at))),
    "one bad spoils all": ("F13-several", _one_bad_spoils_all),
    "drops what it does not know": (
        "F14-unmapped",
        lambda self, r: Received(
            receive(self, r).response,
            tuple(e for e in receive(self, r).items if isinstance(e, Reading)),
        ),
    ),
    "wants JSON": ("F15-hostile", _strict),
    "takes its time": ("F16-size", _patient),
    "remembers": ("F17-stateless", _counting),
    "writes files": ("F17-stateless", _writing),
    "tells its secret": ("F18-secrets", _telling),
    "mixes up": ("F19-together", changed(_mixing)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_feed_that_is_wrong_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assertion, wrong = WRONG[name]
    _last.clear()
    monkeypatch.setattr(Words, "receive", wrong)
    shown = {each.assertion.id: each.outcome for each in run(assertion).shown}
    assert shown[assertion] is Outcome.FAILED
