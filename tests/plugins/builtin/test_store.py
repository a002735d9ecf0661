"""The file: what survives, what is refused, what is told when it can't be used."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.plugins.builtin.conftest import NOON, configured, opened, words
from upheld.plugin import Level, Misconfigured, PluginError, Retry
from upheld.testing import ScratchContext
from upheld_builtin.adapter import Builtin
from upheld_builtin.store import Store, explained


@pytest.fixture
def path(context: ScratchContext) -> Path:
    return Path(context.folder) / "cases.sqlite"


def finding(desk: Builtin) -> tuple[Level, str]:
    (found,) = desk.check()
    assert found.subject == "desk"
    return found.level, found.what


# --- the file -------------------------------------------------------------------------------------


def test_making_one_makes_no_file(desk: Builtin, path: Path) -> None:
    desk.close()
    assert not path.parent.exists()


def test_the_file_is_made_when_it_is_needed_for_us_alone(desk: Builtin, path: Path) -> None:
    opened(desk)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_path_can_be_chosen(context: ScratchContext, tmp_path: Path) -> None:
    opened(configured(context, path=str(tmp_path / "mine.db")))
    assert tmp_path.joinpath("mine.db").exists()


def test_a_relative_path_starts_in_the_connections_folder(context: ScratchContext) -> None:
    opened(configured(context, path="sub/mine.db"))
    assert Path(context.folder, "sub", "mine.db").exists()


def test_cases_survive_a_restart(context: ScratchContext) -> None:
    case = opened(configured(context))
    assert configured(context).fetch(case.ref) == case


def test_cases_survive_a_killed_program(context: ScratchContext, path: Path) -> None:
    opened(configured(context))
    code = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE'); c.execute('DELETE FROM item'); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert len(configured(context).pull(None).items) == 1


def test_it_writes_ahead_and_in_full(desk: Builtin, path: Path) -> None:
    opened(desk)
    with Store(path).reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_what_fails_half_way_leaves_nothing(desk: Builtin, path: Path) -> None:
    opened(desk)

    def half() -> None:
        with Store(path).writing() as connection:
            connection.execute("DELETE FROM item")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert len(desk.pull(None).items) == 1


def test_two_files_have_two_names(context: ScratchContext) -> None:
    cursors = [configured(context, path=name).pull(None).cursor for name in ("a.db", "b.db")]
    assert cursors[0] != cursors[1]


def test_a_reader_is_not_held_up_by_a_writer(desk: Builtin, path: Path) -> None:
    case = opened(desk)
    with Store(path).writing() as connection:
        connection.execute("DELETE FROM item")
        assert desk.fetch(case.ref) == case
        connection.rollback()
        connection.execute("BEGIN")


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_file_that_somebody_holds_is_tried_again(
    desk: Builtin, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upheld_builtin.store._PATIENCE", 0.05)
    case = opened(desk)
    with Store(path).writing(), pytest.raises(Retry, match="locked"):
        desk.comment(case.ref, words("On it."), "c1")


def test_a_full_disk_is_tried_again(desk: Builtin, path: Path) -> None:
    opened(desk)

    def too_much() -> None:
        with Store(path).writing() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
            connection.execute("INSERT INTO meta VALUES ('x', zeroblob(1000000))")

    with pytest.raises(Retry, match="full") as raised:
        too_much()
    assert "make room" in raised.value.do_next
    assert len(desk.pull(None).items) == 1


def test_a_file_that_is_no_database_is_left_alone(desk: Builtin, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("minutes of the meeting, " * 100)
    with pytest.raises(Misconfigured, match="not a database"):
        opened(desk)
    assert path.read_text().startswith("minutes")
    level, what = finding(desk)
    assert level is Level.ERROR
    assert "not a database" in what


def test_a_file_of_a_newer_program_is_left_alone(desk: Builtin, path: Path) -> None:
    opened(desk)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Misconfigured, match="has format 99"):
        desk.pull(None)
    assert finding(desk)[0] is Level.ERROR


def test_a_folder_in_place_of_the_file(desk: Builtin, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(Misconfigured, match="unable to open"):
        desk.pull(None)
    assert finding(desk)[0] is Level.ERROR


def test_a_file_in_place_of_the_folder(desk: Builtin, path: Path) -> None:
    path.parent.write_text("")
    with pytest.raises(Misconfigured):
        desk.pull(None)
    assert finding(desk)[0] is Level.ERROR


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(desk: Builtin, path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    with pytest.raises(Misconfigured):
        desk.pull(None)
    assert finding(desk)[0] is Level.ERROR


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (sqlite3.SQLITE_BUSY, Retry),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Retry),
        (sqlite3.SQLITE_FULL, Retry),
        (sqlite3.SQLITE_IOERR_FSYNC, Retry),
        (sqlite3.SQLITE_READONLY_DIRECTORY, Misconfigured),
        (sqlite3.SQLITE_CORRUPT, Misconfigured),
        (sqlite3.SQLITE_CANTOPEN, Misconfigured),
    ],
)
def test_every_error_of_the_file_has_its_class(code: int, error: type[PluginError]) -> None:
    raised = sqlite3.OperationalError("it went wrong")
    raised.sqlite_errorcode = code
    told = explained(raised, Path("folder/cases.sqlite"))
    assert type(told) is error
    assert told.do_next
    assert "cases.sqlite: it went wrong" in told.what


# --- check ----------------------------------------------------------------------------------------


def everything(folder: Path) -> dict[str, bytes]:
    return {found.name: found.read_bytes() for found in folder.iterdir()}


def test_check_makes_no_file(desk: Builtin, path: Path) -> None:
    assert finding(desk) == (Level.OK, f"cases are kept in {path}")
    assert not path.parent.exists()


def test_check_changes_nothing(desk: Builtin, path: Path) -> None:
    opened(desk)
    before = everything(path.parent)
    assert finding(desk)[0] is Level.OK
    assert everything(path.parent) == before


def test_check_sees_what_others_have_just_written(desk: Builtin, path: Path) -> None:
    with Store(path).reading() as connection:
        connection.execute("SELECT * FROM item").fetchall()
        opened(desk)
        assert finding(desk)[0] is Level.OK


def test_check_leaves_the_log_of_a_crash_for_the_next_start(
    desk: Builtin, path: Path, context: ScratchContext, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    left.mkdir()
    with Store(path).reading() as connection:
        connection.execute("SELECT * FROM item").fetchall()
        opened(desk)
        for name in ("cases.sqlite", "cases.sqlite-wal"):
            left.joinpath(name).write_bytes(path.with_name(name).read_bytes())
    before = everything(left)
    restarted = configured(context, path=str(left / "cases.sqlite"))
    assert finding(restarted)[0] is Level.OK
    assert {name: everything(left)[name] for name in before} == before
    assert len(restarted.pull(None).items) == 1


def test_check_finds_a_damaged_file(desk: Builtin, path: Path) -> None:
    for number in range(30):
        opened(desk, f"create:{number}")
    whole = bytearray(path.read_bytes())
    whole[4096:-4096] = b"\xff" * (len(whole) - 8192)
    path.write_bytes(whole)
    assert finding(desk)[0] is Level.ERROR


def test_check_finds_nothing_wrong_with_an_empty_file(desk: Builtin, path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert finding(desk)[0] is Level.OK
    assert opened(desk).updated == NOON
