"""Look before you page: the tracker is read before the clock decides, and no longer than it may take."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.core.desk.scene import ANN, BO, PAT, Desk
from upheld.calendar.instant import MINUTE, SECOND
from upheld.case.events import Unread
from upheld.daemon import look
from upheld.daemon.look import Look
from upheld.daemon.pulls import Puller
from upheld.daemon.sweep import Sweeper
from upheld.desk.intake import Source
from upheld.ledger import Fate, Transaction
from upheld.plugin import Actor, Gone, Page, Permanent, Ref, RemoteCase, Retry, Side, Touched
from upheld.seam import Live
from upheld.testing import RecordingLog, ScriptedConfig, ScriptedTracker, make_context

SOURCE = Source("desk", "scripted-tracker")
REPORTER, ENGINEER = Actor(PAT, side=Side.CUSTOMER), Actor(BO, side=Side.STAFF)


class Counting(ScriptedTracker):
    """Counts how often it is asked for one item, and can be made to hang."""

    fetches = 0
    hangs: threading.Event | None = None

    def fetch(self, ref: Ref) -> RemoteCase:
        self.fetches += 1
        if self.hangs is not None:
            self.hangs.wait(10)
        return super().fetch(ref)


@dataclass
class Watch:
    """A desk that is swept, with a tracker that was read once (unless not ``read``)."""

    desk: Desk
    folder: Path
    read: bool = True
    log: RecordingLog = field(default_factory=RecordingLog)

    def __post_init__(self) -> None:
        context = make_context(self.folder, self.desk.clock.as_datetime)
        self.tracker = Counting(ScriptedConfig(), context)
        self.live = Live("desk", self.tracker)
        ledger, intake = self.desk.ledger, self.desk.intake
        self.puller = Puller(self.live, SOURCE, ledger, intake, "test", self.log)
        self.look = Look(intake, {"desk": SOURCE}, {"desk": self.live})
        self.sweeper = Sweeper(self.desk.records, self.look)
        if self.read:
            self.puller.pull()

    def urgent(self) -> RemoteCase:
        """An item that is marked as severity 1 and was read."""
        found = self.tracker.open(REPORTER, "Nobody can connect.", title="Nobody can connect")
        marked = self.tracker.edit(found.ref, ENGINEER, severity=1)
        self.puller.pull()
        return marked

    def paged(self) -> set[tuple[str, ...]]:
        """Who is paged for the last case."""
        with self.desk.ledger.reading() as tx:
            return {item.to for item in tx.items(limit=500) if item.purpose == "page"}

    def later(self, hours: float) -> None:
        self.desk.clock.forward(hours=hours)
        while self.sweeper.sweep():
            pass


@pytest.fixture
def watch(desk: Desk, tmp_path: Path) -> Watch:
    return Watch(desk, tmp_path)


VP = ("vp-operations",)


def test_work_that_no_pull_has_brought_yet_stops_the_page(watch: Watch) -> None:
    item = watch.urgent()
    watch.desk.clock.forward(minutes=30)
    watch.tracker.edit(item.ref, ENGINEER, status="in progress")
    watch.later(1.5)
    assert watch.tracker.fetches > 0
    assert VP not in watch.paged()
    assert "unread" not in watch.desk.kinds()


def test_what_was_read_since_it_is_due_is_not_read_again(watch: Watch) -> None:
    watch.urgent()
    watch.desk.clock.forward(hours=2)
    watch.puller.pull()
    watch.later(0)
    assert watch.tracker.fetches == 0
    assert VP in watch.paged()


def test_a_tracker_that_hangs_holds_up_no_case_that_it_is_not_asked_of(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case on the tracker is due first; the other is decided before the tracker is asked."""
    watch.urgent()
    other, order = watch.desk.entered(), list[str]()
    watch.desk.verbs.triage(other, ANN, 1, number="1042")
    fetch, tick = watch.tracker.fetch, Sweeper._tick

    def fetching(ref: Ref) -> RemoteCase:
        order.append("asked")
        return fetch(ref)

    def ticking(self: Sweeper, case: str, tx: Transaction) -> bool:
        order.append(case)
        return tick(self, case, tx)

    monkeypatch.setattr(watch.tracker, "fetch", fetching)
    monkeypatch.setattr(Sweeper, "_tick", ticking)
    watch.desk.clock.forward(hours=3)
    watch.sweeper.sweep()
    assert order[0] == other
    assert order.index("asked") > order.index(other)
    assert len(order) > 2


def test_in_a_copy_nobody_is_asked(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.urgent()
    monkeypatch.setattr(watch.desk.ledger, "foreign", True)
    watch.later(2)
    assert watch.tracker.fetches == 0


def test_a_case_without_an_item_is_asked_of_nobody(watch: Watch) -> None:
    watch.desk.entered()
    watch.later(2)
    assert watch.tracker.fetches == 0


def test_a_tracker_that_can_not_be_read_stops_no_page(watch: Watch) -> None:
    watch.urgent()
    read = watch.desk.clock.now()
    watch.tracker.down = Retry("503")
    watch.later(2)
    assert VP in watch.paged()
    assert watch.desk.last("unread").body == Unread("desk", read)


def test_one_that_was_never_read_is_told_as_such(desk: Desk, tmp_path: Path) -> None:
    watch = Watch(desk, tmp_path, read=False)
    case = desk.entered()
    desk.ledger.retrying(lambda tx: tx.link(case, "desk", remote_id="id-9", key="T-9"))
    watch.tracker.down = Permanent("no rights")
    watch.later(48)
    assert desk.last("unread", case).body == Unread("desk", None)


def test_a_tracker_that_failed_is_left_alone_for_a_minute(watch: Watch) -> None:
    for _ in range(3):
        watch.urgent()
    watch.tracker.down = Retry("503")
    watch.later(2)
    assert watch.tracker.fetches == 1
    assert [kinds.count("unread") for kinds in map(watch.desk.kinds, ("C1", "C2", "C3"))] == [1] * 3
    watch.desk.clock.forward_to(watch.desk.clock.now() + look.RESPITE)
    watch.later(1)
    assert watch.tracker.fetches == 2


def test_a_tracker_that_hangs_keeps_a_page_waiting_no_longer_than_it_may(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look.PATIENCE == 10 * SECOND
    monkeypatch.setattr(look, "PATIENCE", SECOND // 20)
    watch.urgent()
    watch.tracker.hangs = threading.Event()
    watch.later(2)
    watch.tracker.hangs.set()
    assert VP in watch.paged()
    assert "unread" in watch.desk.kinds()


# --- hints ----------------------------------------------------------------------------------------


class Hinting(Counting):
    """Tells only that something changed."""

    def pull(self, cursor: str | None) -> Page:
        page = super().pull(cursor)
        items = tuple(Touched(each.ref) for each in page.items if isinstance(each, RemoteCase))
        return Page(items, page.cursor, page.more, page.as_of)


class Sketching(Counting):
    """Brings items without what was said and done to them."""

    def pull(self, cursor: str | None) -> Page:
        page = super().pull(cursor)
        ref = Ref("scripted", "id-1", "T-1")
        items = tuple(
            RemoteCase(ref, "1", page.as_of, each.fields)
            for each in page.items
            if isinstance(each, RemoteCase)
        )
        return Page(items, page.cursor, page.more, page.as_of)


@pytest.mark.parametrize("kind", [Hinting, Sketching])
def test_what_is_only_hinted_at_is_read_in_full(watch: Watch, kind: type[Counting]) -> None:
    tracker = kind(ScriptedConfig(), watch.tracker.context)
    watch.live.plugin = tracker
    item = tracker.open(REPORTER, "Slow.", title="Slow")
    tracker.edit(item.ref, ENGINEER, status="in progress")
    assert watch.puller.pull() == 1
    assert watch.desk.case().worked


@pytest.mark.parametrize("error", [Gone("not there"), Permanent("no rights")])
def test_one_that_can_not_be_read_is_kept_and_the_others_go_on(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tracker = Hinting(ScriptedConfig(), watch.tracker.context)
    watch.live.plugin = tracker
    poison = tracker.open(REPORTER, "Slow.", title="Slow").ref
    tracker.open(REPORTER, "Slow too.", title="Slow too")
    fetch = tracker.fetch

    def fetched(ref: Ref) -> RemoteCase:
        if ref == poison:
            raise error
        return fetch(ref)

    monkeypatch.setattr(tracker, "fetch", fetched)
    watch.puller.pull()
    assert [case.title for case in watch.desk.cases()] == ["Slow too"]
    (kept,) = watch.desk.kept()
    assert (kept.fate, kept.item) == (Fate.REFUSED, poison.id)
    assert "T-1 can't be read" in kept.reason


def test_what_may_be_read_the_next_time_is_not_passed_over(watch: Watch) -> None:
    tracker = Hinting(ScriptedConfig(), watch.tracker.context)
    watch.live.plugin = tracker
    tracker.open(REPORTER, "Slow.", title="Slow")
    pull, tracker.pull = tracker.pull, lambda cursor: _then_down(tracker, pull(cursor))  # type: ignore[method-assign]
    watch.puller.pull()
    assert (watch.desk.cases(), watch.desk.kept()) == ([], [])
    assert watch.puller.broken is not None
    tracker.pull, tracker.down = pull, None  # type: ignore[method-assign]
    watch.puller.pull()
    assert [case.title for case in watch.desk.cases()] == ["Slow"]


def _then_down(tracker: Hinting, page: Page) -> Page:
    tracker.down = Retry("503")
    return page


def test_all_is_read_only_when_there_is_no_more_to_read(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watch.desk.ledger.reading() as tx:
        (before,) = (pull.as_of for pull in tx.pulls())
    for number in range(60):
        watch.tracker.open(REPORTER, "Slow.", title=f"Slow {number}")
    watch.desk.clock.forward_to(watch.desk.clock.now() + MINUTE)
    monkeypatch.setattr("upheld.daemon.pulls.PAGES_A_TURN", 1)
    watch.puller.pull()
    with watch.desk.ledger.reading() as tx:
        assert [pull.as_of for pull in tx.pulls()] == [before]
    watch.puller.pull()
    with watch.desk.ledger.reading() as tx:
        assert [pull.as_of for pull in tx.pulls()] == [watch.desk.clock.now()]


class Storyless(Counting):
    """Tells no history, but who changed an item last."""

    def pull(self, cursor: str | None) -> Page:
        page = super().pull(cursor)
        items = tuple(
            replace(each, history=None, changed_by=ENGINEER)
            for each in page.items
            if isinstance(each, RemoteCase)
        )
        return Page(items, page.cursor, page.more, page.as_of)


def test_where_there_is_no_history_nothing_is_read_again(watch: Watch) -> None:
    tracker = Storyless(ScriptedConfig(), watch.tracker.context)
    watch.live.plugin = tracker
    tracker.open(REPORTER, "Slow.", title="Slow")
    assert watch.puller.pull() == 1
    assert tracker.fetches == 0
