"""Upheld's own daemon on the real Roundup: cases there and here are one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from upheld.calendar.instant import MINUTE
from upheld.case.events import Event, Opened, Side
from upheld.plugin import Ref, Visibility
from upheld.registry import installed
from upheld.testing import SteppedClock
from upheld.testing.kit import COLLEAGUE, SOMEBODY
from upheld.testing.stage import Stage
from upheld_roundup.conformance import front, server
from upheld_roundup.far_end.people import Front, People
from upheld_roundup.far_end.server import PASSWORD, RoundupServer

__all__ = ["front", "server"]

pytestmark = pytest.mark.skipif(
    "roundup" not in installed() and not os.environ.get("CI"),
    reason="the plugin is not installed: pip install -e examples/upheld-roundup",
)


class OnRoundup(Stage):
    """The stage, with Roundup as the tracker."""

    def __init__(self, folder: Path, people: People) -> None:
        own = {name: value for name, value in people.options.items() if name != "password"}
        bugs = {
            "plugin": "roundup",
            **own,
            "timeout": 20,
            "password": {"env": "STAGE_ROUNDUP"},
            **people.keys,
        }
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}+00:00"
        super().__init__(folder, start=now)
        self._bugs = bugs

    def _config(self) -> dict[str, object]:
        whole = super()._config()
        connections = whole["connections"] | {"bugs": self._bugs}
        return whole | {"connections": connections}

    def look(self) -> None:
        """Some time passes here; the server's clock is the real one."""
        self.forward_to(self.clock.now() + 2 * MINUTE)


@pytest.fixture
def people(server: RoundupServer, front: Front) -> People:
    return People(SteppedClock(datetime.now(UTC)), server, front)


@pytest.fixture
def stage(people: People, tmp_path: Path) -> Iterator[OnRoundup]:
    with patch.dict(os.environ, {"STAGE_ROUNDUP": PASSWORD}), OnRoundup(tmp_path, people) as stage:
        stage.settle()
        yield stage


def facts(stage: OnRoundup, ref: Ref) -> list[Event]:
    """What the case of an item is made of."""
    with stage.site.ledger.reading() as tx:
        link = tx.linked("bugs", ref.id)
        assert link is not None
        return list(tx.subject(link.subject).facts)


def test_an_item_becomes_a_case_and_the_promise_runs(stage: OnRoundup, people: People) -> None:
    ref = people.create("Mail is down.\nSince noon.", SOMEBODY, {"priority": "critical"})
    stage.look()
    opened = facts(stage, ref)[0].body
    assert isinstance(opened, Opened)
    assert (opened.customer, opened.subject) == ("acme", "Mail is down.")
    assert people.stored(ref).fields["due"] is not None
    assert "mail" in {got.channel for got in stage.got()}  # who is paged depends on the hour


def test_what_an_engineer_does_there_is_told_here(stage: OnRoundup, people: People) -> None:
    ref = people.create("Mail is down.", SOMEBODY, {"priority": "critical"})
    stage.look()
    people.comment(ref, COLLEAGUE, "We look into it.", Visibility.PUBLIC)
    people.edit(ref, COLLEAGUE, {"status": "in-progress"})
    stage.look()
    people.edit(ref, COLLEAGUE, {"status": "resolved"})
    stage.look()
    told = [(type(fact.body).__name__, fact.actor.side) for fact in facts(stage, ref)]
    assert ("PublicReply", Side.STAFF) in told
    assert [name for name, _ in told if name in {"Worked", "Resolved"}] == ["Worked", "Resolved"]
    assert "We look into it." in [got for got in stage.got() if got.channel == "mail"][-1].text


def test_it_comes_to_rest(stage: OnRoundup, people: People) -> None:
    ref = people.create("Mail is down.", SOMEBODY, {"priority": "critical"})
    people.comment(ref, COLLEAGUE, "We look into it.", Visibility.PUBLIC)
    stage.look()
    stage.look()
    before, stored = len(people.calls()), people.stored(ref)
    for _ in range(3):
        stage.settle()
    assert [call for call in people.calls()[before:] if call.writes] == []
    assert people.stored(ref) == stored


def test_what_we_write_comes_back_as_ours(stage: OnRoundup, people: People) -> None:
    ref = people.create("Mail is down.", SOMEBODY, {"priority": "critical"})
    stage.look()
    ours = [held.text for held in people.stored(ref).comments]
    assert len(ours) == 1
    stage.look()
    assert [held.text for held in people.stored(ref).comments] == ours
    assert ours[0] not in "".join(str(fact.body) for fact in facts(stage, ref))
