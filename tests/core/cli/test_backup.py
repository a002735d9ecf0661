"""Backup and restore at the terminal; and what every command says of a copy."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.core.cli.conftest import Change, Terminal
from upheld.ledger import Ledger


@pytest.fixture
def night(upheld: Terminal, edit: Change) -> Path:
    """A backup with one case in it, and a day's work that came after it."""
    edit("  desk: {plugin: builtin}\n", "")
    upheld.case("Nobody can connect")
    file = upheld.folder / "night.backup"
    upheld("backup", str(file))
    upheld("run", "--once")
    upheld.case("Slow", "--as", "ann")
    return file


def titles(upheld: Terminal) -> list[str]:
    return [case["title"] for case in upheld.json("cases", "list")]


# --- backup -----------------------------------------------------------------------------------------


def test_a_backup_says_what_it_is_and_is_for_its_owner_alone(upheld: Terminal) -> None:
    upheld.case()
    file = upheld.folder / "night.backup"
    told = upheld.json("backup", str(file))
    assert (told["file"], told["site"], told["epoch"]) == (str(file), "test", 1)
    beside = json.loads(file.with_name("night.backup.json").read_text())
    assert beside == {key: value for key, value in told.items() if key != "file"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_name_it_goes_to_the_data_folder(upheld: Terminal) -> None:
    upheld.case()
    told = upheld("backup").stdout
    (file,) = (upheld.folder / "data" / "backups").glob("*.backup")
    assert told.startswith(f"{file}: the ledger of 'test', ")


def test_a_backup_is_never_written_over(upheld: Terminal, night: Path) -> None:
    before = night.read_bytes()
    assert "never written over" in upheld("backup", str(night), exits=4).output
    assert night.read_bytes() == before


def test_without_a_ledger_there_is_nothing_to_back_up(upheld: Terminal) -> None:
    file = upheld.folder / "night.backup"
    assert "there is no ledger yet" in upheld("backup", str(file), exits=6).output
    assert not file.exists()


# --- restore ----------------------------------------------------------------------------------------


def test_a_ledger_that_is_there_is_replaced_by_force_alone(upheld: Terminal, night: Path) -> None:
    assert "--force" in upheld("restore", str(night), exits=4).output
    assert len(titles(upheld)) == 2
    done = upheld.json("restore", str(night), "--force", "--as", "ann")
    assert (done["site"], done["epoch"]) == ("test", 2)
    assert titles(upheld) == ["Nobody can connect"]
    with Ledger.open(f"sqlite:///{done['kept']}", site="test") as kept, kept.reading() as tx:
        assert len(tx.cases()) == 2


def test_after_a_restore_everything_is_held_and_status_says_why(
    upheld: Terminal, night: Path
) -> None:
    upheld("restore", str(night), "--force", "--as", "ann")
    stopped = upheld.json("status")["stopped"]
    assert (stopped["reason"], stopped["by"]) == ("restored from night.backup", "ann")
    before = upheld.paper
    upheld("run", "--once")
    assert upheld.paper == before


def test_resume_says_what_is_looked_up_and_what_a_person_decides(
    upheld: Terminal, night: Path
) -> None:
    """The terminal can't be asked: a page is repeated, the acknowledgement is for a person."""
    upheld("restore", str(night), "--force")
    assert upheld.json("resume", "--as", "ann")["restored"]["unplanned"] == 2
    upheld("stop", "wait", "--as", "ann")
    upheld("run", "--once")
    told = upheld("resume", "--as", "ann").stdout
    assert "0 sendings are looked up first; 1 are repeated" in told
    assert "1 nobody can look up: see `upheld deadletters list`" in told
    page = "PAGE (urgent) to Bo Lindt"
    assert upheld.paper.count(page) == 1
    upheld("run", "--once", exits=1)
    assert upheld.paper.count(page) == 2
    (letter,) = upheld.json("deadletters", "list")
    assert letter["purpose"] == "ack"
    assert "may have gone out and may not" in letter["why"]


def test_what_a_person_replays_after_looking_goes_out(upheld: Terminal, night: Path) -> None:
    upheld("restore", str(night), "--force")
    upheld("resume", "--as", "ann")
    upheld("run", "--once", exits=1)
    (letter,) = upheld.json("deadletters", "list")
    before = upheld.paper
    upheld("deadletters", "replay", letter["key"], "--as", "ann")
    upheld("run", "--once")
    told = upheld.paper.removeprefix(before)
    assert "to Pat Lin" in told


def test_an_item_that_upheld_had_created_since_is_its_case_again(upheld: Terminal) -> None:
    upheld.case("Nobody can connect")
    file = upheld.folder / "night.backup"
    upheld("backup", str(file))
    upheld("run", "--once")
    upheld("restore", str(file), "--force")
    upheld("run", "--once")
    upheld("resume", "--as", "ann")
    upheld("run", "--once", exits=1)
    assert titles(upheld) == ["Nobody can connect"]
    assert "linked" in upheld.kinds("C1")
    assert [letter["purpose"] for letter in upheld.json("deadletters", "list")] == ["ack"]


def test_a_restore_tells_what_to_do_next(upheld: Terminal, night: Path) -> None:
    told = upheld("restore", str(night), "--force").stdout
    assert "epoch 2 begins" in told
    assert "Next: upheld run, upheld outbox list, upheld resume." in told


def test_a_gap_gives_no_number_twice(upheld: Terminal, night: Path) -> None:
    told = upheld("restore", str(night), "--force", "--gap", "1000").stdout
    assert "The next 1000 numbers are left out" in told
    case = upheld.case("Another one")
    upheld("cases", "triage", case, "3", "--as", "bo")
    assert (case, upheld.json("cases", "show", case)["number"]) == ("C1002", "2001")


@pytest.mark.parametrize("gap", ["-1", "1000001", "many"])
def test_what_is_no_gap_is_refused(upheld: Terminal, night: Path, gap: str) -> None:
    assert "--gap" in upheld("restore", str(night), "--force", "--gap", gap, exits=2).output


# --- a copy -----------------------------------------------------------------------------------------


def test_status_run_and_check_say_that_it_is_a_copy(
    upheld: Terminal, night: Path, edit: Change
) -> None:
    edit("site: test", "site: rehearsal")
    before = upheld.paper
    for words in (("status",), ("run", "--once"), ("check",)):
        exits = {"status": 1, "run": 1, "check": 3}[words[0]]
        assert "belongs to site 'test'" in upheld(*words, exits=exits).output, words
    assert "belongs to site 'test'" in str(upheld.json("status", exits=1)["findings"])
    assert upheld.paper == before


def test_a_restore_under_another_name_says_that_it_will_send_nothing(
    upheld: Terminal, night: Path, edit: Change
) -> None:
    edit("site: test", "site: rehearsal")
    told = upheld("restore", str(night), "--force").stdout
    assert "under that name nothing of it is ever sent" in told
