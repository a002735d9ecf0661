"""Observers of plugins see what was committed; whatever they do changes nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.core.desk.scene import ANN, NOW, PAT, Desk, message, plugged
from tests.core.test_registry import bell, distribution
from tests.postgresql import schema
from upheld.calendar.instant import SECOND, moment
from upheld.case.events import BODIES, UPHELD, Event, Held, Opened, StepResult, StepTaken
from upheld.config import config_from
from upheld.daemon import observers
from upheld.daemon.observers import Observers, told
from upheld.daemon.site import Site
from upheld.ledger import Ledger, Recorded
from upheld.plugin import Value
from upheld.source import Document
from upheld.testing import RecordingLog, SteppedClock
from upheld.testing.stage import SITE

__all__ = ["distribution"]
Watch = Callable[..., Observers]


@pytest.fixture
def log() -> RecordingLog:
    return RecordingLog()


@pytest.fixture
def watched(log: RecordingLog) -> Iterator[Callable[..., Observers]]:
    """Observers over a desk's ledger, by hook."""
    with ExitStack() as stack:

        def watch(desk: Desk, room: int = 100, **hooks: Any) -> Observers:
            found = Observers(plugged(**hooks), log, room=room)
            found.start()
            desk.ledger.on_commit = found.take
            stack.callback(setattr, desk.ledger, "on_commit", None)
            return found

        yield watch


# --- what they see --------------------------------------------------------------------------------


def test_everything_committed_is_shown_in_order(
    desk_on_both: Desk, watched: Watch, log: RecordingLog
) -> None:
    seen: list[Mapping[str, Value]] = []
    watching = watched(desk_on_both, acme_event=seen.append)
    desk_on_both.take(message(PAT, "Slow"))
    desk_on_both.verbs.note("C1", ANN, "a word")
    watching.close()
    on_record = [(event.body.kind, event.actor.id) for event in desk_on_both.events()]
    assert [(each["kind"], each["by"]) for each in seen] == on_record
    assert [each["seq"] for each in seen] == list(range(1, len(on_record) + 1))
    assert log.lines == []


def test_an_event_is_told_flat_with_aware_instants() -> None:
    body = StepTaken("k", "M-14", "page", NOW, StepResult.TAKEN, late=3 * SECOND)
    event = told(Recorded("C7", 4, Event("e1", NOW, NOW + SECOND, UPHELD, body)))
    assert event == {
        "subject": "C7",
        "seq": 4,
        "kind": "step_taken",
        "at": datetime(2026, 12, 7, 12, tzinfo=UTC),
        "seen": datetime(2026, 12, 7, 12, 0, 1, tzinfo=UTC),
        "by": "upheld",
        "side": "upheld",
        "key": "k",
        "clause": "M-14",
        "rule": "page",
        "due": moment(NOW),
        "result": "taken",
        "late": 3 * SECOND,
    }


def test_the_subject_line_of_an_opening_is_its_title() -> None:
    event = told(Recorded("C7", 1, Event("e1", NOW, NOW, ANN, Opened("email", "Slow", "…"))))
    assert (event["subject"], event["title"], event["enforced_from"]) == ("C7", "Slow", None)


def test_an_instant_that_is_not_set_stays_none() -> None:
    assert told(Recorded("C7", 1, Event("e1", NOW, NOW, ANN, Held("agreed"))))["until"] is None


def test_no_value_of_an_event_hides_behind_another() -> None:
    ours = {"seq", "kind", "at", "seen", "by", "side"}
    names = {kind: {each.name for each in fields(body)} for kind, body in BODIES.items()}
    assert {kind for kind, own in names.items() if own & ours} == set()
    # What a case is about is its title; `subject` is the case itself.
    assert {kind for kind, own in names.items() if "subject" in own} == {"opened"}
    assert "title" not in names["opened"]


# --- what they can't do ---------------------------------------------------------------------------


def test_an_observer_that_raises_is_told_once_each_way(
    desk: Desk, watched: Watch, log: RecordingLog
) -> None:
    good: list[Any] = []

    def bad(event: Mapping[str, Value]) -> None:
        if event["kind"] != "noted":
            raise ValueError("no such table")

    watching = watched(desk, bad_event=bad, good_event=good.append)
    desk.opened()
    desk.verbs.note("C1", ANN, "a word")
    watching.close()
    assert [(event, values["plugin"]) for _, event, values in log.lines] == [
        ("observer_failed", "bad"),
        ("observer_back", "bad"),
    ]
    assert "ValueError: no such table" in str(log.lines[0][2]["error"])
    assert len(good) == len(desk.events())


def test_an_observer_that_hangs_is_written_off_and_the_others_go_on(
    desk: Desk, watched: Watch, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observers, "HARD_STOP", SECOND // 50)
    enough, calls, good = threading.Event(), [], list[Any]()

    def hangs(event: Mapping[str, Value]) -> None:
        calls.append(event)
        enough.wait(30)

    watching = watched(desk, bad_event=hangs, good_event=good.append)
    desk.opened()
    watching.close()
    enough.set()
    assert len(calls) == 3
    assert len(good) == len(desk.events()) > 3
    first, last = (str(values["error"]) for _, _, values in log.lines)
    assert "did not answer" in first
    assert "called no more" in last


def test_a_slow_observer_holds_nobody_up(desk: Desk, watched: Watch, log: RecordingLog) -> None:
    """What does not fit into the room is not shown: the log says so, and how many events it was."""
    go_on, seen, busy = threading.Event(), list[Any](), threading.Event()

    def slow(event: Mapping[str, Value]) -> None:
        busy.set()
        go_on.wait(4)
        seen.append(event)

    watching = watched(desk, room=2, acme_event=slow)
    case = desk.entered()
    busy.wait(5)
    for n in range(4):
        desk.verbs.note(case, ANN, f"word {n}")
    assert len(desk.kinds(case)) == 6
    go_on.set()
    watching.close()
    texts = [event.get("text") for event in seen if event["kind"] == "noted"]
    assert texts == ["word 0", "word 1"]
    assert [(event, values) for _, event, values in log.lines] == [
        ("observers_too_slow", {"waiting": 2}),
        ("observers_caught_up", {"events_not_shown": 2}),
    ]


# --- wired to a site ------------------------------------------------------------------------------

WATCHER = (
    bell("watcher")
    + """
seen = []
@hookimpl
def upheld_event(event): seen.append((event["subject"], event["kind"]))
"""
)


def site(folder: Path, database: str | None, plugin: str) -> Site:
    written = {key: SITE[key] for key in ("site", "policy", "people", "roles", "customers")}
    written |= {"data": str(folder), "connections": {"bell": {"plugin": plugin}}}
    if database is not None:
        written["database"] = database
    config = config_from(Document(written, "upheld.yaml", "", {}), folder)
    return Site.of(config, clock=SteppedClock(NOW))


def open_one(found: Site) -> None:
    opened = Opened("phone", "Slow", "…", customer="acme", enforced_from=NOW)
    found.verbs.open(opened, ANN)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Any:
    if request.param == "sqlite":
        yield None
        return
    with schema() as url:
        yield url


def test_a_daemons_site_shows_events_to_the_plugins_it_loads(
    tmp_path: Path,
    distribution: Any,
    database: str | None,
) -> None:
    distribution("acme-desk", watcher=WATCHER)
    with site(tmp_path, database, "watcher") as found:
        found.daemon().close()
        open_one(found)
    assert sys.modules["acme_desk_watcher"].__dict__["seen"][:2] == [
        ("C1", "opened"),
        ("C1", "proposed"),
    ]


def test_where_nobody_observes_it_costs_nothing(tmp_path: Path, distribution: Any) -> None:
    distribution("acme-desk", watcher=bell("watcher"))
    with site(tmp_path, None, "watcher") as found:
        found.daemon().close()
        assert found.ledger.on_commit is None


def test_a_command_that_loads_no_plugins_shows_nothing(tmp_path: Path, distribution: Any) -> None:
    distribution("acme-desk", watcher="raise SystemExit('imported')")
    with site(tmp_path, None, "watcher") as found:
        open_one(found)
        assert found.ledger.on_commit is None
    assert Ledger.exists(found.config.database_url())
