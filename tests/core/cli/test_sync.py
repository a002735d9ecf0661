"""Trackers at the command line: how they stand, what would be written, links, conflicts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.core.cli.conftest import Terminal
from upheld.ledger import Ledger


@pytest.fixture
def tracked(upheld: Terminal) -> Terminal:
    """A site whose built-in tracker holds one item, which is a case."""
    upheld("sync", "once")  # what is there before the first reading wakes nobody
    upheld.case("Nobody can connect")
    return upheld


def item(upheld: Terminal, title: str = "Printer on fire") -> str:
    """Somebody opens an item in the tracker itself; answers what it is called."""
    from datetime import UTC, datetime

    from upheld.plugin import Actor, Draft, Side
    from upheld.testing import make_context
    from upheld_builtin.adapter import Builtin
    from upheld_builtin.config import BuiltinConfig

    file = upheld.folder / "data" / "connections" / "desk" / "cases.sqlite"
    context = make_context(upheld.folder, lambda: datetime.now(UTC), "desk")
    tracker = Builtin(BuiltinConfig(path=str(file)), context)
    pat = Actor("pat@acme.example", "Pat Lin", side=Side.CUSTOMER)
    made = tracker.create(Draft("", title, pat, {"title": title}), f"typed:{title}")
    return str(made.ref.key)


def ledger(upheld: Terminal) -> Ledger:
    (file,) = (upheld.folder / "data").glob("*.db")
    return Ledger.open(f"sqlite:///{file}", site="test")


def linked(upheld: Terminal, case: str = "C1") -> str:
    key = item(upheld)
    upheld("links", "connect", case, "desk", key, "--as", "bo")
    return key


def test_a_case_and_an_item_are_linked_and_parted(tracked: Terminal) -> None:
    key = linked(tracked)
    (link,) = tracked.json("links", "list")
    assert (link["case"], link["connection"], link["key"], link["state"]) == (
        "C1",
        "desk",
        key,
        "linked",
    )
    told = tracked.json("links", "unlink", "C1", "desk", "--reason", "a mistake", "--as", "bo")
    assert told == {"unlinked": key, "case": "C1", "connection": "desk"}
    assert tracked.json("links", "list", "--case", "C1") == []
    tracked("sync", "once")
    assert len(tracked.json("cases", "list")) == 1


def test_what_is_not_there_is_linked_to_nothing(tracked: Terminal) -> None:
    tracked("links", "connect", "C1", "desk", "9999", "--as", "bo", exits=5)
    tracked("links", "connect", "C1", "nowhere", "1", "--as", "bo", exits=5)
    tracked("links", "connect", "C9", "desk", item(tracked), "--as", "bo", exits=5)
    tracked("links", "unlink", "C1", "desk", "--reason", "x", "--as", "bo", exits=5)


def test_an_item_that_is_another_case_is_refused(tracked: Terminal) -> None:
    key = linked(tracked)
    other = tracked.case("Something else")
    tracked("links", "connect", other, "desk", key, "--as", "bo", exits=4)


def test_many_are_linked_from_a_file_and_one_that_fails_stops_no_other(
    tracked: Terminal, tmp_path: Path
) -> None:
    other, first, second = tracked.case("Another"), item(tracked, "one"), item(tracked, "two")
    pairs = tmp_path / "pairs.csv"
    lines = [f"C1,desk,{first}", "C1,desk,9999", f"{other},desk,{second}"]
    pairs.write_text("\n".join(["case,connection,key", *lines]), encoding="utf-8")
    rows = tracked.json("links", "connect", "--file", str(pairs), "--as", "bo", exits=1)
    assert [row["result"].split()[0] for row in rows] == ["linked", "there", "linked"]


def test_a_file_without_its_columns_is_refused(tracked: Terminal, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("a,b\n1,2\n", encoding="utf-8")
    tracked("links", "connect", "--file", str(pairs), "--as", "bo", exits=3)
    tracked("links", "connect", "--as", "bo", exits=2)
    tracked("links", "connect", "C1", "--file", str(pairs), "--as", "bo", exits=2)


def test_the_plan_shows_what_once_then_writes(tracked: Terminal) -> None:
    linked(tracked)
    tracked("sync", "once")
    assert tracked.json("sync", "plan")["writes"] == []
    tracked("cases", "severity", "C1", "3", "--as", "bo")
    tracked("cases", "note", "C1", "Their router is old.", "--as", "bo")
    writes = tracked.json("sync", "plan")["writes"]
    assert ("severity", 3) in [(each["name"], each["after"]) for each in writes]
    assert "Their router is old." in [each["after"] for each in writes if each["what"] == "comment"]
    assert tracked.json("sync", "once")["broken"] == {}
    assert tracked.json("sync", "plan")["writes"] == []


def test_a_plan_is_of_the_trackers_that_are_named(tracked: Terminal) -> None:
    linked(tracked)
    tracked("cases", "severity", "C1", "3", "--as", "bo")
    assert tracked.json("sync", "plan", "desk") == tracked.json("sync", "plan")
    assert "severity" in tracked("sync", "plan", "desk").stdout
    tracked("sync", "plan", "nowhere", exits=5)


def test_how_the_trackers_stand(tracked: Terminal) -> None:
    linked(tracked)
    tracked("sync", "once")
    (row,) = tracked.json("sync", "status")
    assert (row["connection"], row["links"], row["gone"], row["conflicts"]) == ("desk", 1, 0, 0)
    assert (row["to_write"], row["dead"], row["paused"]) == (0, 0, None)
    assert "desk" in tracked("sync", "status").stdout


def test_what_is_paused_waits(tracked: Terminal) -> None:
    linked(tracked)
    tracked("sync", "once")
    tracked("sync", "pause", "desk", "--as", "bo")
    tracked("sync", "pause", "desk", "--as", "bo", exits=4)
    tracked("cases", "severity", "C1", "3", "--as", "bo")
    tracked("sync", "once")
    (row,) = tracked.json("sync", "status")
    assert (row["to_write"], row["paused"] is None) == (1, False)
    tracked("sync", "resume", "desk", "--as", "bo")
    tracked("sync", "resume", "desk", "--as", "bo", exits=4)
    tracked("sync", "once")
    assert tracked.json("sync", "status")[0]["to_write"] == 0
    tracked("sync", "pause", "nowhere", "--as", "bo", exits=5)


def test_reconciling_tells_what_it_came_upon(tracked: Terminal) -> None:
    linked(tracked)
    found = tracked.json("sync", "reconcile")
    assert (found["desk"]["listed"], found["desk"]["suspicious"]) == (1, None)
    assert "listed" in tracked("sync", "reconcile", "desk").stdout


def test_a_conflict_is_listed_and_decided(tracked: Terminal) -> None:
    linked(tracked)
    with ledger(tracked) as store, store.transaction() as tx:
        held = {"base": "2", "ours": "3", "theirs": "1", "rule": "hold", "winner": None}
        tx.journal("C1", "desk", "severity", **held, now=1)  # type: ignore[arg-type]
    (one,) = tracked.json("conflicts", "list", "--open")
    assert (one["field"], one["ours"], one["theirs"], one["winner"]) == ("severity", 3, 1, None)
    told = tracked.json("conflicts", "resolve", str(one["number"]), "--take", "ours", "--as", "bo")
    assert (told["winner"], told["resolved_by"]) == ("ours", "bo")
    assert tracked.json("conflicts", "list", "--open", "--case", "C1") == []
    again = ("conflicts", "resolve", str(one["number"]), "--take", "theirs", "--as", "bo")
    tracked(*again, exits=4)
    tracked("conflicts", "resolve", "77", "--take", "ours", "--as", "bo", exits=5)
    assert "severity" in tracked("conflicts", "list").stdout
    assert json.loads(tracked("conflicts", "list", "--json").stdout)[0]["winner"] == "ours"
