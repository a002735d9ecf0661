"""Each day a tracker is read from the beginning; what is not there closes nothing, and is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.core.desk.scene import Desk
from upheld.calendar.instant import DAY, MINUTE
from upheld.case.events import Noted
from upheld.daemon.assembly import Configured, Parts, build_daemon
from upheld.daemon.loops import Daemon
from upheld.daemon.pulls import Puller
from upheld.desk.intake import Source
from upheld.dispatch.routes import Mode, SafetyCatch, Ways
from upheld.ledger import Link
from upheld.ledger.scopes import paused
from upheld.plugin import Actor, Gone, Page, Ref, RemoteCase, Side
from upheld.testing import ScriptedConfig, ScriptedTracker

PAT = Actor("pat@acme.example", "Pat Lin", side=Side.CUSTOMER)


class Far(ScriptedTracker):
    """A tracker whose search can forget things."""

    forgets: ClassVar[set[str]] = set()
    lacks: ClassVar[set[str]] = set()

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.pulls: list[str | None] = []
        self.fetched: list[str] = []

    def pull(self, cursor: str | None) -> Page:
        self.pulls.append(cursor)
        page = super().pull(cursor)
        items = tuple(
            i
            for i in page.items
            if isinstance(i, RemoteCase) and i.ref.id not in self.forgets | self.lacks
        )
        return Page(items, page.cursor, page.more, page.as_of)

    def fetch(self, ref: Ref) -> RemoteCase:
        self.fetched.append(ref.id)
        if ref.id in self.lacks:
            raise Gone(f"{ref.key} is not there")
        return super().fetch(ref)


class World:
    """A desk with one tracker, and the daemon that reads it."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        Far.forgets, Far.lacks = set(), set()
        self.desk = desk
        parts = Parts(
            records=desk.records,
            directory=desk.directory,
            connections=[Configured(Far, ScriptedConfig(), Source("jira", "scripted-tracker"))],
            ways=Ways(),
            catch=SafetyCatch(Mode.LIVE, None, frozenset({"all"})),
            site="test",
            zone="UTC",
            folder=folder,
        )
        self.daemon: Daemon = build_daemon(parts)
        plugin = self.daemon.lives[0].plugin
        assert isinstance(plugin, Far)
        self.far = plugin

    @property
    def puller(self) -> Puller:
        return self.daemon.pullers[0]

    def opened(self, *titles: str) -> None:
        self.puller.pull()
        for title in titles:
            self.far.open(PAT, title, title=title, severity=2)
        self.daemon.settle()
        self.far.pulls.clear()
        self.far.fetched.clear()

    def a_day_passes(self) -> None:
        self.desk.clock.forward(days=1)
        self.daemon.settle()

    def link(self, case: str) -> Link:
        with self.desk.ledger.reading() as tx:
            found = tx.link_of(case, "jira")
        assert found is not None
        return found

    def notes(self, case: str) -> list[str]:
        with self.desk.ledger.reading() as tx:
            bodies = [fact.body for fact in tx.subject(case).facts]
        return [body.text for body in bodies if isinstance(body, Noted) and "[gone]" in body.text]


@pytest.fixture
def world(desk_on_both: Desk, tmp_path: Path) -> World:
    return World(desk_on_both, tmp_path)


def test_an_idle_cycle_is_one_search_and_writes_nothing(world: World) -> None:
    world.opened("one", "two")
    writes = world.far.writes
    world.daemon.settle()
    assert (len(world.far.pulls), world.far.fetched, world.far.writes) == (1, [], writes)


def test_once_a_day_all_is_read_from_the_beginning(world: World) -> None:
    world.opened("one", "two")
    world.a_day_passes()
    assert world.far.pulls.count(None) == 1
    world.daemon.settle()
    assert world.far.pulls.count(None) == 1
    world.a_day_passes()
    assert world.far.pulls.count(None) == 2


def test_what_a_listing_leaves_out_is_asked_for_by_its_id(world: World) -> None:
    world.opened("one", "two")
    Far.forgets = {"id-1"}
    world.a_day_passes()
    assert world.far.fetched == ["id-1"]
    assert world.link("C1").missed == 0


def test_an_item_is_gone_where_it_is_not_there_twice_and_nothing_is_closed(world: World) -> None:
    world.opened("one", "two")
    Far.lacks = {"id-1"}
    world.a_day_passes()
    assert (world.link("C1").missed, world.notes("C1")) == (1, [])
    world.a_day_passes()
    assert (world.link("C1").is_gone, world.notes("C1")) == (
        True,
        ["[gone] T-1 is not on jira any more; the case stays as it is"],
    )
    assert world.desk.case("C1").status == "open"
    world.a_day_passes()
    assert len(world.notes("C1")) == 1
    Far.lacks = set()
    world.a_day_passes()
    assert not world.link("C1").missed


def test_an_empty_listing_is_suspicious_and_counts_for_nothing(world: World) -> None:
    world.opened("one", "two")
    Far.forgets = {"id-1", "id-2"}
    world.a_day_passes()
    assert world.far.fetched == ["id-1"]
    assert "nothing is listed, though T-1 is there" in (world.puller.suspicious or "")
    (finding,) = [f for f in world.daemon.audit() if "nothing is listed" in f.what]
    assert finding.subject == "jira"
    Far.forgets = set()
    world.a_day_passes()
    assert world.puller.suspicious is None


def test_where_nothing_is_there_at_all_nothing_is_gone(world: World) -> None:
    world.opened("one", "two")
    Far.lacks = {"id-1", "id-2"}
    for _ in range(3):
        world.a_day_passes()
    assert (world.link("C1").missed, world.notes("C1")) == (0, [])
    assert "is it the right account" in (world.puller.suspicious or "")


def test_what_is_paused_is_neither_read_nor_written(world: World) -> None:
    world.opened("one")
    ledger, now = world.desk.ledger, world.desk.clock.now()
    ledger.retrying(lambda tx: tx.begin_scope(paused("jira"), now))
    world.far.edit(world.far.items["id-1"].ref, PAT, severity=1)
    world.daemon.settle()
    assert world.far.pulls == []
    ledger.retrying(lambda tx: tx.end_scope(paused("jira"), now + MINUTE))
    world.daemon.settle()
    assert world.far.pulls != []


def test_two_daemons_do_not_both_begin_a_round(world: World) -> None:
    world.opened("one")
    now = world.desk.clock.now() + DAY
    begin = [
        world.desk.ledger.retrying(lambda tx: tx.begin_round("jira", now, DAY)) for _ in range(2)
    ]
    assert begin == [True, False]
